//! What becomes of files in a watched folder.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    time::{Duration, Instant},
};

use serde_json::Value;
use wardline_connectors::codec::token::Tokeniser;
use wardline_rules::time::Timestamp;
use wardline_store::disk::SimDisk;

use super::*;
use crate::{
    config::{Config, FeedKind},
    runtime::tests::{Rig, rig_of, script::Script},
};

/// A folder, an engine and a reader that runs.
struct Desk {
    home: tempfile::TempDir,
    rig: Rig,
    stop: watch::Sender<bool>,
}

fn config(home: &Path, format: &str) -> Config {
    let text = format!(
        "ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"lis\"\nkind = \"folder\"\npath = \"in\"\nformat = \"{format}\"\ncritical = true\n"
    );
    Config::of_text("wardline.toml", &text, home).unwrap()
}

impl Desk {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("in")).unwrap();
        let rig = rig_of::<Script>(&SimDisk::new(7), Timestamp::from_micros(1_768_392_000_000_000), false).unwrap();
        Self { home, rig, stop: watch::channel(false).0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("in").join(name)
    }

    fn folder(&self, format: &str) -> Folder {
        let config = config(self.home.path(), format);
        let FeedKind::Folder(watched) = config.feeds[0].kind.clone() else { panic!("no folder") };
        Folder {
            engine: self.rig.engine.clone(),
            intake: Arc::new(Intake::new(&config.feeds, Tokeniser::new(&[7; 32]))),
            feed: Text::from("lis"),
            watched,
            mark: self.home.path().join("lis.folder"),
            health: Health::new(self.rig.engine.clone(), Text::from("lis")),
            tokio: self.rig.tokio.handle().clone(),
            stop: self.stop.subscribe(),
        }
    }

    /// Reads until all of these are there.
    fn read(&self, format: &str, awaited: &[&str]) {
        let running = std::thread::scope(|scope| {
            let folder = self.folder(format);
            let running = scope.spawn(|| folder.run());
            let deadline = Instant::now() + Duration::from_secs(60);
            while !awaited.iter().all(|name| fs::symlink_metadata(self.path(name)).is_ok()) && Instant::now() < deadline
            {
                std::thread::yield_now();
            }
            self.stop.send_replace(true);
            running.join()
        });
        running.unwrap();
        self.stop.send_replace(false);
        let missing: Vec<_> = awaited.iter().filter(|name| fs::symlink_metadata(self.path(name)).is_err()).collect();
        assert!(missing.is_empty(), "{missing:?} of {:?}", self.files());
    }

    fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        for folder in ["", "work", "done", "refused"] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let entry = entry.unwrap();
                if !entry.metadata().unwrap().is_dir() && entry.file_name() != ".lock" {
                    names.push(format!("{folder}/{}", entry.file_name().display()));
                }
            }
        }
        names.sort();
        names
    }

    fn results(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn reason(&self, name: &str) -> String {
        let told: Value = serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap();
        assert_eq!(told["code"], "WL1725");
        told["reason"].as_str().unwrap().to_owned()
    }
}

fn message(number: u32) -> String {
    format!(
        "MSH|^~\\&|LIS|A|W|B|20260114080000||ORU^R01|M{number}|P|2.5.1\rPID|1||{number}^^^A^MR\r\
         OBR|1||F{number}|2823-3^Potassium^LN|||20260114075000|||||||||||||||20260114080000||LAB|F\r\
         OBX|1|NM|2823-3^Potassium^LN||4.1|mmol/L|||||F\r"
    )
}

fn line(number: u32) -> String {
    format!("{{\"v\":1,\"event_id\":\"e{number}\",\"source\":\"lis\",\"type\":\"heartbeat\"}}\n")
}

#[test]
fn a_file_is_done_when_all_of_it_is_on_disk_with_what_became_of_each_part() {
    // [ACK-5]
    let desk = Desk::new();
    let messages: String = (0..3).map(message).collect();
    fs::write(desk.path("a.hl7"), format!("FHS|^~\\&|\rBHS|^~\\&|\r{messages}BTS|3\rFTS|1\r")).unwrap();
    desk.read("hl7", &["done/a.hl7"]);
    assert_eq!(desk.files(), ["done/a.hl7", "done/a.hl7.result.ndjson"]);
    let results = desk.results("done/a.hl7.result.ndjson");
    let ids: Vec<&str> = results.iter().map(|line| line["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["M0.1", "M1.1", "M2.1"]);
    assert!(results.iter().all(|line| line["position"].as_u64() > Some(0)), "{results:?}");
    assert_eq!(desk.rig.received(), 3);
    assert!(!desk.home.path().join("lis.folder").exists(), "its mark is gone with it");
}

#[test]
fn the_same_name_again_keeps_both() {
    let desk = Desk::new();
    fs::write(desk.path("a.ndjson"), line(1)).unwrap();
    desk.read("ndjson", &["done/a.ndjson"]);
    fs::write(desk.path("a.ndjson"), line(2) + "\n" + line(3).as_str()).unwrap();
    desk.read("ndjson", &["done/a.ndjson.2"]);
    let results = desk.results("done/a.ndjson.2.result.ndjson");
    assert_eq!(results.iter().map(|line| line["n"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(desk.rig.received(), 3);
}

/// Puts a file into `work/` as a kill leaves it: so much of it is durable.
fn half_read(desk: &Desk, (name, text): (&str, &str), mark: &str, results: &str) {
    for folder in ["work", "done"] {
        fs::create_dir_all(desk.path(folder)).unwrap();
    }
    fs::write(desk.path(&format!("work/{name}")), text).unwrap();
    fs::write(desk.path(&format!("done/{name}.result.ndjson")), results).unwrap();
    let (device, inode, length) = mark::identity(&desk.path(&format!("work/{name}"))).unwrap();
    let mark = mark.replace("FILE", &format!("[{device},{inode},{length}]"));
    fs::write(desk.home.path().join("lis.folder"), mark).unwrap();
}

#[test]
fn a_restart_goes_on_behind_what_its_mark_covers() {
    let desk = Desk::new();
    let messages: String = (0..300).map(message).collect();
    let mark = r#"{"record":0,"file":FILE,"upto":256,"n":256,"results":3,"readable":256,"unreadable":0}"#;
    half_read(&desk, ("a.hl7", &messages), mark, "{}\n{\"half\":");
    desk.read("hl7", &["done/a.hl7"]);
    assert_eq!(desk.rig.received(), 44);
    let results = desk.results("done/a.hl7.result.ndjson");
    assert_eq!((results.len(), results[1]["n"].as_u64()), (45, Some(257)), "what the mark does not cover is cut");
    let lines: String = (0..10).map(line).collect();
    let covered: String = (0..4).map(line).collect();
    let mark = r#"{"record":0,"file":FILE,"upto":UPTO,"n":4,"results":0,"readable":4,"unreadable":0}"#;
    half_read(&desk, ("b.ndjson", &lines), &mark.replace("UPTO", &covered.len().to_string()), "");
    desk.read("ndjson", &["done/b.ndjson"]);
    assert_eq!(desk.rig.received(), 50);
    assert_eq!(desk.results("done/b.ndjson.result.ndjson")[0]["n"], 5);
}

#[test]
fn a_mark_that_the_log_does_not_have_counts_for_nothing() {
    let desk = Desk::new();
    let mark = r#"{"record":4711,"file":FILE,"upto":2,"n":2,"results":0,"readable":2,"unreadable":0}"#;
    half_read(&desk, ("a.hl7", &(0..3).map(message).collect::<String>()), mark, "");
    desk.read("hl7", &["done/a.hl7"]);
    assert_eq!(desk.rig.received(), 3);
}

#[test]
fn what_cannot_be_read_is_put_aside_with_its_reason() {
    let desk = Desk::new();
    fs::write(desk.path("empty"), "").unwrap();
    fs::write(desk.path("blank"), " \n").unwrap();
    fs::write(desk.path("pdf"), "%PDF-1.7\n").unwrap();
    fs::write(desk.path("large"), vec![b' '; crate::limits::BODY_BYTES_MAX + 1]).unwrap();
    fs::write(desk.home.path().join("secret"), line(1)).unwrap();
    symlink(desk.home.path().join("secret"), desk.path("link")).unwrap();
    desk.read("json", &["refused/empty", "refused/blank", "refused/pdf", "refused/large", "refused/link"]);
    let reasons =
        ["empty", "blank", "pdf", "large", "link"].map(|name| desk.reason(&format!("refused/{name}.reason.json")));
    assert_eq!(reasons, ["empty", "empty", "unreadable", "too_large", "not_a_file"]);
    let why = desk.results("refused/pdf.result.ndjson");
    assert_eq!(why[0]["result"], "unreadable");
    let kept: Vec<String> = desk.files().into_iter().filter(|name| !name.starts_with("refused/")).collect();
    assert_eq!(kept, [""; 0], "nothing is left where it was");
    // The PDF is a dead letter, and the large one leaves its fault.
    assert_eq!(desk.rig.received(), 2);
    let metrics = desk.rig.engine.metrics().text();
    assert!(metrics.contains("wardline_feed_refusals_total{feed=\"lis\",reason=\"empty\"} 2"), "{metrics}");
}

#[test]
fn one_part_that_cannot_be_read_does_not_put_the_file_aside() {
    let desk = Desk::new();
    fs::write(desk.path("a.ndjson"), format!("{}no event\n{}", line(1), line(2))).unwrap();
    desk.read("ndjson", &["done/a.ndjson"]);
    let results: Vec<_> =
        desk.results("done/a.ndjson.result.ndjson").iter().map(|line| line["result"].clone()).collect();
    assert_eq!((results.len(), &results[1]), (3, &Value::from("unreadable")));
}

#[test]
fn a_file_that_is_still_being_written_is_left_alone() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("sub")).unwrap();
    for name in ["a.hl7.tmp", ".a.hl7", "b.PART"] {
        fs::write(desk.path(name), message(1)).unwrap();
    }
    let places = Places::open(&desk.path("")).unwrap();
    fs::write(desk.path("slow"), "MSH|").unwrap();
    let mut looked = Looked::default();
    for round in 0..6 {
        fs::write(desk.path("slow"), "MSH|".repeat(round + 2)).unwrap();
        assert_eq!(looked.look(&places).unwrap(), places::Found::default(), "it changes");
    }
    looked.look(&places).unwrap();
    assert_eq!(looked.look(&places).unwrap().settled, ["slow"]);
}

#[test]
fn a_folder_has_one_reader() {
    let desk = Desk::new();
    let first = Places::open(&desk.path("")).unwrap();
    assert!(Places::open(&desk.path("")).unwrap_err().to_string().contains("another process"));
    drop(first);
    assert!(Places::open(&desk.path("")).is_ok());
    assert!(Places::open(&desk.path("not-mounted")).is_err(), "what is not there is not made");
}

#[test]
fn old_files_leave_and_what_was_put_aside_stays() {
    let desk = Desk::new();
    let places = Places::open(&desk.path("")).unwrap();
    for name in ["done/a", "refused/b"] {
        fs::write(desk.path(name), "").unwrap();
    }
    let written = fs::metadata(desk.path("refused/b")).unwrap().mtime();
    let later = |hours: i64| Timestamp::from_micros(written * 1_000_000).plus(Span::from_minutes(hours * 60));
    places.sweep(later(23), Span::from_minutes(24 * 60)).unwrap();
    assert_eq!(desk.files(), ["done/a", "refused/b"]);
    places.sweep(later(25), Span::from_minutes(24 * 60)).unwrap();
    assert_eq!(desk.files(), ["refused/b"]);
}
