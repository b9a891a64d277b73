//! Golden: does today's code read every data directory that was ever written, and does it still write the same bytes?
//!
//! A fixture is a small data directory: log, both checkpoints, marks, dead letters, with what it holds in words beside it
//! (`EXPORT`) and the numbers of its formats (`FORMATS`). Zeros at the end of a file are left out; `SIZES` says how many.
//!
//! Bytes that differ from the newest fixture mean that a format changed. Raise its number, then let a run with `BLESS=1` write
//! the fixture again; without a new number it refuses to. If it is this life that was changed, remove the folder first. A
//! release keeps its own: copy `unreleased` to the release's name and never touch it again.
//!
//! - **Source**: guarantees page, 2.6, F22.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use wardline_core::{
    Batch, Input, Output, Partition, Proposal,
    input::{Attempt, Class, FeedState, FeedStatus, Outcome, Silence, Silenced},
};
use wardline_dsl::source::{SourceFile, Sources};
use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Code, Event, Fact, Given, Ident, ResultItem, ResultValue},
    time::{Date, EventTime, Span},
    token::Token,
    words::{Abnormal, Kind as ReportKind, Priority, ResultStatus, Step},
};
use wardline_store::{
    Opened, Options, Store,
    checkpoint::Summary,
    disk::SimDisk,
    log::{CutBounds, Entry, cut},
    record::Flags,
    verify::verify,
};

use super::super::*;
use crate::runtime::{
    anchor::TimeChange,
    kernel::{Bootable, Kernel as _},
    records::{Access, Action, encode_letters, encode_time},
    recovery,
};

const NOON: i64 = 1_768_392_000_000_000;
const INSTANCE_ID: [u8; 16] = [7; 16];
const UNRELEASED: &str = "unreleased";

const PACK: &str = "pack \"mini\" edition 1

catalogue \"mini\"
  test      potassium, LOINC 2823-3, in mmol/L
  channel   phone, sms via \"default\"
";

const WARD: &str = "ward \"Golden\" edition 1
  zone      America/Chicago
  uses      pack \"mini\"

severity red answer within 15 minutes, ignores quiet hours, cannot be held
severity orange answer within 6 hours

desk \"Operations\"

sla \"Lab turnaround\"
  policy    \"G-1\", owner \"Tests\", review by 2099-12-31
  covers    lab reports
  starts    when the specimen is received
  stops     when the report is finalised
  target    60 minutes
  breach    page desk \"Operations\" by phone, severity orange

alert \"Critical potassium\"
  policy    \"G-2\", owner \"Tests\", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using \"Call\"

escalation \"Call\"
  step 1    page desk \"Operations\" by phone, wait 10 minutes
  step 2    page desk \"Operations\" by sms, wait 10 minutes
  then      task for desk \"Operations\"
";

/// Who writes, and what was decided so far.
struct Life {
    disk: SimDisk,
    opened: Opened<SimDisk>,
    kernel: Partition,
    at: i64,
}

impl Life {
    fn begin() -> Self {
        let disk = SimDisk::new(1);
        let options = Options {
            new_instance: INSTANCE_ID,
            segment_bytes: 24 << 10,
            reserve_bytes: 24 << 10,
            ..Options::default()
        };
        let opened = Store::open(disk.clone(), &options).unwrap();
        Self { disk, opened, kernel: Partition::fresh(INSTANCE_ID), at: NOON }
    }

    fn append(&mut self, kind: Kind, flags: Flags, parts: &[&[u8]]) {
        let entry = Entry { flags, ..Entry::new(kind, u64::try_from(self.at).unwrap()) };
        self.opened.writer.append(entry, parts).unwrap();
        self.opened.writer.flush().unwrap();
        while self.opened.writer.prepare().unwrap() {}
    }

    /// One batch a minute later, through the log and the state machine.
    fn batch(&mut self, inputs: Vec<Input>, letters: &[(u32, Vec<u8>)]) {
        self.at += 60_000_000;
        let mut payload = Vec::new();
        crate::runtime::wire::encode(&inputs, &mut payload);
        let batch = Batch { at: Timestamp::from_micros(self.at), inputs };
        let mut output = Output::default();
        crate::runtime::kernel::Kernel::step(&mut self.kernel, &batch, &mut output);
        let raw = if letters.is_empty() { Vec::new() } else { encode_letters(letters) };
        let flags = if letters.is_empty() { Flags::default() } else { Flags::DEAD_LETTERS };
        self.append(Kind::Batch, flags, &[&payload, &raw]);
    }

    fn checkpoint(&mut self) {
        let ward = self.kernel.ward().map_or([0; 32], |(_, hash)| hash);
        let position = self.opened.writer.durable();
        let summary = Summary { epoch: self.opened.epoch, position, logic_version: Partition::LOGIC, ward };
        let mut writer = self.opened.checkpoints.begin(summary).unwrap();
        for (name, bytes) in crate::runtime::kernel::Kernel::checkpoint(&self.kernel) {
            writer.section(name, bytes.chunks(4_096)).unwrap();
        }
        let mark = writer.finish().unwrap();
        self.append(Kind::Mark, Flags::default(), &[&mark.encode()]);
    }

    /// What the outbox would send now is started, and ends like this.
    fn attempts(&mut self, outcome: Outcome) {
        let mut proposals: Vec<Proposal> = Vec::new();
        crate::runtime::kernel::Kernel::proposals(&self.kernel, 8, &mut proposals);
        assert!(!proposals.is_empty(), "somebody is to be paged");
        for outcome in [Outcome::Started, outcome] {
            let attempt = |found: &Proposal| Attempt { nid: found.nid, number: found.number, epoch: 1, outcome };
            self.batch(proposals.iter().map(|found| Input::Attempt(attempt(found))).collect(), &[]);
        }
    }
}

fn activation() -> Input {
    let sources = Sources {
        files: vec![SourceFile::new("golden.ward", WARD)],
        packs: vec![SourceFile::new("mini.ward", PACK)],
        ..Sources::default()
    };
    let made = crate::ward::activation(&sources, Date::from_days(20_467), "tests");
    let mut made = made.unwrap_or_else(|checked| panic!("{:#?}", checked.diagnostics));
    made.site = Some(Box::default());
    Input::Activate(Box::new(made))
}

fn event(id: &str, fact: Fact, at: i64) -> Event {
    let mut event = Event::new("lis", id, fact);
    event.report.filler = Some(Ident { id: Text::from("F1"), ns: Text::from("BEAKER") });
    event.patient = Some(Token([1; 16]));
    event.encounter = Some(Token([2; 16]));
    event.kind = Some(ReportKind::Lab);
    event.priority = Given::Value(Priority::Stat);
    event.location = Given::Value(Text::from("ICU-4"));
    event.occurred_at = Some(EventTime::exact(Timestamp::from_micros(at)));
    event.received_at = Some(Timestamp::from_micros(at));
    event
}

fn potassium(id: &str, value: &str, status: ResultStatus, at: i64) -> Input {
    let step = if status == ResultStatus::Corrected { Step::Corrected } else { Step::Final };
    let mut event = event(id, Fact::Step(step), at);
    let code = Code { code: Text::from("2823-3"), system: Text::from("loinc"), display: Text::from("Potassium") };
    event.tests = vec![code.clone()];
    event.results = vec![ResultItem {
        code,
        sub: Text::from("1"),
        value: ResultValue::Number(None, Decimal::parse(value).unwrap()),
        unit: Text::from("mmol/L"),
        ref_low: Decimal::parse("3.5"),
        ref_high: Decimal::parse("5.1"),
        abnormal: vec![Abnormal::CriticalHigh],
        status,
        observed_at: None,
        critical: None,
    }];
    Input::Event(Box::new(event))
}

/// A life with every kind of record and input in it.
fn lived() -> SimDisk {
    let mut life = Life::begin();
    let open = Open {
        version: "golden".to_owned(),
        logic: Partition::LOGIC,
        ward: [0; 32],
        zones: "golden".to_owned(),
        wall: Timestamp::from_micros(NOON),
        boot: Span::from_seconds(1),
    };
    life.append(Kind::Open, Flags::default(), &[&open.encode()]);
    life.batch(vec![activation()], &[]);
    let feed = FeedStatus { feed: Text::from("lis"), state: FeedState::Connected };
    life.batch(vec![Input::Feed(feed), Input::Tick], &[]);
    let letter = b"\x0bMSH|nobody reads this\xff".to_vec();
    let unreadable =
        wardline_connectors::codec::Unreadable::new(wardline_connectors::codes::Code::NotJson, "", &letter);
    let mut unreadable = unreadable.event("lis");
    unreadable.received_at = Some(Timestamp::from_micros(life.at));
    let received = event("e1", Fact::Step(Step::Received), life.at);
    life.batch(vec![Input::Event(Box::new(received)), Input::Event(Box::new(unreadable))], &[(1, letter)]);
    life.batch(vec![potassium("e2", "6.9", ResultStatus::Final, life.at)], &[]);
    life.attempts(Outcome::Ambiguous { class: Class::Keyed });
    life.checkpoint();
    let access = Access {
        principal: "auditor".to_owned(),
        action: Action::Report,
        object: "report".to_owned(),
        purpose: "golden".to_owned(),
        interface: "test".to_owned(),
    };
    life.append(Kind::Access, Flags::default(), &[&access.encode()]);
    life.append(Kind::Time, Flags::default(), &[&encode_time(TimeChange::Doubted(Span::from_seconds(3_600)))]);
    let silence = Silence {
        id: 1,
        what: Silenced::Site(Text::from("nowhere")),
        until: Timestamp::from_micros(life.at).plus(Span::from_minutes(30)),
        author: Text::from("ana"),
        because: Text::from("golden"),
    };
    life.batch(vec![Input::Silence(Box::new(silence))], &[]);
    life.batch(vec![Input::Lift(1)], &[]);
    for _ in 0..10 {
        life.batch(vec![Input::Tick], &[]);
    }
    life.attempts(Outcome::Delivered);
    life.batch(vec![potassium("e3", "4.4", ResultStatus::Corrected, life.at)], &[]);
    life.checkpoint();
    life.batch(vec![potassium("e4", "7.1", ResultStatus::Corrected, life.at)], &[]);
    life.checkpoint();
    life.opened.checkpoints.retire().unwrap();
    let bounds = CutBounds { checkpoint: life.opened.checkpoints.cut_bound().unwrap().unwrap(), archive: u64::MAX };
    assert!(cut(&life.disk, life.opened.identity, bounds).unwrap().dead_letters > 0, "a letter outlives its segment");
    life.append(Kind::Close, Flags::default(), &[]);
    drop(life.opened);
    life.disk
}

/// The numbers of all formats, read from the bytes themselves.
fn formats(files: &BTreeMap<String, Vec<u8>>) -> String {
    let number = |folder: &str, at: usize| {
        let found = files.iter().find(|(path, _)| path.starts_with(folder)).map(|(_, bytes)| bytes);
        found.and_then(|bytes| bytes.get(at)).copied().unwrap_or_default()
    };
    let state = crate::runtime::kernel::Kernel::checkpoint(&Partition::fresh(INSTANCE_ID));
    let state = state.first().and_then(|(_, bytes)| bytes.first()).copied().unwrap_or_default();
    format!(
        "segment {}\ncheckpoint {}\ndead letters {}\nstate {state}\nlogic {}\n",
        number("log/", 8),
        number("ckpt/", 8),
        number("dead/", 8),
        Partition::LOGIC
    )
}

/// What a directory holds, in words.
fn export(disk: &SimDisk) -> String {
    let history = History::open(disk.clone()).unwrap();
    let survey = history.survey(u64::MAX).unwrap();
    let mut text = format!("records {} to {}, lost {}\n", survey.first, survey.last, survey.lost);
    for (sequence, hash) in &survey.marks {
        let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "mark {sequence} {hash}");
    }
    history
        .events(u64::MAX, |at, event| {
            let _ = writeln!(text, "{at} {} {}", event.event_id, event.fact.word());
        })
        .unwrap();
    let told = |letter: Letter| {
        let bytes: String = letter.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "letter {} {} {bytes}", letter.id, letter.reason);
    };
    history.letters(u64::MAX, told).unwrap();
    text
}

/// Everything that was written and may be read again: not the lock, and not room for what comes.
fn files(disk: &SimDisk) -> BTreeMap<String, Vec<u8>> {
    let paths = disk.files().into_iter().filter(|path| path != "LOCK" && !path.ends_with(".prep"));
    paths.map(|path| (disk.read_file(&path).unwrap(), path)).map(|(bytes, path)| (path, bytes)).collect()
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn write(folder: &Path, disk: &SimDisk) {
    let files = files(disk);
    drop(fs::remove_dir_all(folder));
    let mut sizes = String::new();
    for (path, bytes) in &files {
        let held = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let to = folder.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(&to, &bytes[..held]).unwrap();
        let _ = writeln!(sizes, "{} {path}", bytes.len());
    }
    fs::write(folder.join("SIZES"), sizes).unwrap();
    fs::write(folder.join("FORMATS"), formats(&files)).unwrap();
    fs::write(folder.join("EXPORT"), export(disk)).unwrap();
}

fn read(folder: &Path) -> SimDisk {
    let disk = SimDisk::new(1);
    // Its folders, as an engine makes them.
    drop(Store::open(disk.clone(), &Options { new_instance: INSTANCE_ID, ..Options::default() }).unwrap());
    disk.files().iter().for_each(|path| disk.remove_file(path));
    for line in fs::read_to_string(folder.join("SIZES")).unwrap().lines() {
        let (size, path) = line.split_once(' ').unwrap();
        let mut bytes = fs::read(folder.join(path)).unwrap();
        bytes.resize(size.parse().unwrap(), 0);
        disk.write_file(path, &bytes);
    }
    disk
}

#[test]
fn f22_a_format_that_changes_gets_a_number_and_a_fixture() {
    let (today, folder) = (lived(), home().join(UNRELEASED));
    let known = fs::read_to_string(folder.join("FORMATS")).unwrap_or_default();
    let numbers = formats(&files(&today));
    let is_known = folder.join("SIZES").exists() && files(&read(&folder)) == files(&today) && known == numbers;
    if is_known {
        return;
    }
    assert_ne!(known, numbers, "the same formats by their numbers, and other bytes: raise the number of what changed");
    assert!(
        std::env::var_os("BLESS").is_some(),
        "a format has another number: run this test with BLESS=1 and read the difference\n{known}is now\n{numbers}"
    );
    write(&folder, &today);
}

#[test]
fn f22_every_fixture_is_read_by_todays_code() {
    let mut looked_at = 0;
    for entry in fs::read_dir(home()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.display();
        let disk = read(&folder);
        let report = verify(&disk).unwrap();
        assert_eq!((report.exit(), report.findings), (0, vec![]), "{name}");
        assert_eq!(export(&disk), fs::read_to_string(folder.join("EXPORT")).unwrap(), "{name}");
        let replayed = History::open(disk.clone()).unwrap().replay::<Partition>(u64::MAX, |_| {}).unwrap();
        if replayed.foreign.is_none() {
            assert!(replayed.marks > 0 && replayed.differing.is_empty(), "{name}: {replayed:?}");
        }
        let opened = Store::open(disk, &Options::default()).unwrap();
        let checkpoint = opened.checkpoint.unwrap();
        let (kernel, position) = recovery::restore::<SimDisk, Partition>(INSTANCE_ID, &checkpoint).unwrap();
        assert!(position.sequence > 0 && crate::runtime::kernel::Kernel::ward(&kernel).is_some(), "{name}");
        looked_at += 1;
    }
    assert!(looked_at > 0);
}
