//! Flips: is there one bit in a data directory that may change without anybody noticing, or a file that may be another?
//!
//! Ten thousand single bits, drawn by a fixed seed, are changed one at a time in a directory that lived: several segments, two
//! checkpoints, dead letters. Then whole files are cut, swapped, doubled, emptied, mixed and taken away. Nobody may panic,
//! `verify` finds it, and an engine begins with what was written or not at all. `FLIPS=100000` draws more, `FLIPS_SEED=7`
//! others.
//!
//! - **Source**: guarantees page, F5, S1-03.

#[cfg(test)]
mod flips {
    use std::collections::BTreeMap;

    use wardline_store::{
        Opened, Options, Store,
        checkpoint::Summary,
        disk::SimDisk,
        log::{CutBounds, Entry, cut},
        record::{Flags, Kind},
        verify::verify,
    };

    /// Sequence and payload of what a replay would read.
    type Suffix = Vec<(u64, Vec<u8>)>;

    fn options() -> Options {
        Options { new_instance: [7; 16], segment_bytes: 24 << 10, reserve_bytes: 24 << 10, ..Options::default() }
    }

    fn open(disk: &SimDisk) -> Option<Opened<SimDisk>> {
        Store::open(disk.clone(), &options()).ok()
    }

    /// Bytes without a run of zeros, so that every flip of a payload changes something that was written.
    fn payload(number: u64, length: usize) -> Vec<u8> {
        (0u64..)
            .map(|index| u8::try_from((number * 31 + index * 7) % 255).unwrap_or_default() | 1)
            .take(length)
            .collect()
    }

    fn checkpoint(opened: &mut Opened<SimDisk>) {
        let position = opened.writer.durable();
        let summary = Summary { epoch: opened.epoch, position, logic_version: 1, ward: [9; 32] };
        let mut writer = opened.checkpoints.begin(summary).unwrap();
        for part in 0..4 {
            writer.section(&format!("part-{part}"), payload(position.sequence + part, 3_000).chunks(512)).unwrap();
        }
        let mark = writer.finish().unwrap();
        let at = opened.writer.last().at;
        opened.writer.append(Entry::new(Kind::Mark, at), &[&mark.encode()]).unwrap();
        opened.writer.flush().unwrap();
    }

    /// Three owners, the last of which ended cleanly.
    fn lived_in() -> SimDisk {
        let mut disk = SimDisk::new(1);
        for owner in 0..3_u64 {
            let mut opened = open(&disk).unwrap();
            let begun = opened.writer.last().at;
            opened.writer.append(Entry::new(Kind::Open, begun), &[b"opened"]).unwrap();
            for n in 0..12 {
                let at = opened.writer.last().at + 1;
                let flags = if n == 3 { Flags::DEAD_LETTERS } else { Flags::default() };
                let bytes = payload(at, 700 + usize::try_from(n * owner * 97).unwrap() % 2_500);
                opened.writer.append(Entry { flags, ..Entry::new(Kind::Batch, at) }, &[&bytes]).unwrap();
                opened.writer.flush().unwrap();
                while opened.writer.prepare().unwrap() {}
            }
            checkpoint(&mut opened);
            opened.checkpoints.retire().unwrap();
            let end = opened.writer.last().at;
            opened.writer.append(Entry::new(Kind::Close, end), &[]).unwrap();
            opened.writer.flush().unwrap();
            if owner == 2 {
                let bounds =
                    CutBounds { checkpoint: opened.checkpoints.cut_bound().unwrap().unwrap(), archive: u64::MAX };
                assert!(cut(&disk, opened.identity, bounds).unwrap().dead_letters > 0);
            }
            // As the engine does some time after a roll: else the loss of a whole last segment could not be told.
            opened.ownership.note_newest_segment(opened.writer.newest_segment()).unwrap();
            drop(opened);
            disk = disk.kill();
        }
        disk
    }

    /// What the engine would begin with: the sections of its checkpoint and the records behind it.
    fn begins_with(mut opened: Opened<SimDisk>) -> (Option<u64>, Vec<Vec<u8>>, Option<Suffix>) {
        let checkpoint = opened.checkpoint.as_ref();
        let position = checkpoint.map(|reader| reader.header().summary.position.sequence);
        let sections = checkpoint.map_or_else(Vec::new, |reader| {
            let names = reader.header().sections.iter().map(|section| section.name.clone());
            names.filter_map(|name| reader.section(&name)?.read_all().ok()).collect()
        });
        let mut suffix = Suffix::new();
        let whole = loop {
            match opened.suffix.next_record() {
                Ok(Some(record)) => suffix.push((record.header.sequence, record.payload.to_vec())),
                Ok(None) => break Some(suffix),
                // It stops where the damage is: nothing behind it is applied.
                Err(_) => break None,
            }
        };
        (position, sections, whole)
    }

    /// Numbers of a fixed stream: SplitMix64.
    struct Dice(u64);

    impl Dice {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)) % below
        }
    }

    fn number(name: &str, usual: u64) -> u64 {
        std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
    }

    /// The files a flip is drawn from: a lock and space that is prepared hold nothing.
    fn files(disk: &SimDisk) -> Vec<(String, u64)> {
        let names = disk.files().into_iter().filter(|name| name != "LOCK" && !name.ends_with(".prep"));
        names
            .map(|name| (disk.read_file(&name).unwrap().len() as u64, name))
            .map(|(length, name)| (name, length))
            .collect()
    }

    #[test]
    fn g10_f5_of_ten_thousand_flipped_bits_none_goes_unnoticed() {
        let disk = lived_in();
        assert_eq!(verify(&disk).unwrap().exit(), 0, "whole before");
        let files = files(&disk);
        let all: u64 = files.iter().map(|(_, length)| length * 8).sum();
        let mut dice = Dice(number("FLIPS_SEED", 1));
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        let flips = number("FLIPS", 10_000);
        for _ in 0..flips {
            let mut bit = dice.next(all);
            let hit = files.iter().find(|(_, length)| {
                let is_here = bit < length * 8;
                bit -= if is_here { 0 } else { length * 8 };
                is_here
            });
            let (name, _) = hit.unwrap();
            // The same disk again afterwards: a flip is its own opposite, and `verify` changes nothing.
            disk.flip_bit(name, bit);
            assert_ne!(verify(&disk).unwrap().exit(), 0, "{name} bit {bit} goes unnoticed");
            disk.flip_bit(name, bit);
            *found.entry(name.split('/').next().unwrap_or(name).to_owned()).or_default() += 1;
        }
        assert!(
            ["log", "ckpt", "dead"].iter().all(|place| found.get(*place).is_some_and(|count| *count > 100)),
            "{found:?}"
        );
        assert_eq!(verify(&disk).unwrap().exit(), 0, "whole after");
    }

    /// What an engine may begin with: the newest checkpoint or the older one, each with all that is behind it.
    struct Whole {
        newest: (Option<u64>, Vec<Vec<u8>>, Suffix),
        older: (Option<u64>, Vec<Vec<u8>>, Suffix),
    }

    /// How an engine took a directory that is not as it was.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Taken {
        Refused,
        Older,
        Newest,
    }

    impl Whole {
        fn of(disk: &SimDisk) -> Self {
            let (newest, sections, suffix) = begins_with(open(&disk.fork()).unwrap());
            let fork = disk.fork();
            let names = files(disk);
            let file = names.iter().map(|(name, _)| name).filter(|name| name.starts_with("ckpt/")).max().unwrap();
            fork.flip_bit(file, 4_000);
            let (older, older_sections, older_suffix) = begins_with(open(&fork).unwrap());
            let whole = Self {
                newest: (newest, sections, suffix.unwrap()),
                older: (older, older_sections, older_suffix.unwrap()),
            };
            assert!(
                whole.older.0 < whole.newest.0
                    && whole.older.2.len() > whole.newest.2.len()
                    && !whole.older.1.is_empty()
            );
            whole
        }

        /// Opens it, and holds what it begins with to what was written.
        ///
        /// - **Input** `may_lose`: how many of the last records may be taken for an interrupted write.
        fn hold(&self, disk: &SimDisk, what: &str, may_lose: usize) -> Taken {
            let Some(opened) = open(disk) else { return Taken::Refused };
            let (position, held, suffix) = begins_with(opened);
            let is_newest = position == self.newest.0;
            let (wanted, sections, records) = if is_newest { &self.newest } else { &self.older };
            assert_eq!((&position, &held), (wanted, sections), "{what}: another state");
            // Then what was in it is gone, and nothing else.
            if let Some(suffix) = suffix {
                let is_prefix = records.starts_with(&suffix) && records.len() - suffix.len() <= may_lose;
                assert!(is_prefix, "{what}: other records");
            }
            if is_newest { Taken::Newest } else { Taken::Older }
        }
    }

    #[test]
    fn g10_f5_what_is_damaged_is_never_applied() {
        let disk = lived_in();
        let (whole, names) = (Whole::of(&disk), files(&disk));
        let mut taken: BTreeMap<Taken, u32> = BTreeMap::new();
        let mut dice = Dice(number("FLIPS_SEED", 2));
        for _ in 0..number("FLIPS", 2_000) {
            let (name, length) = &names[usize::try_from(dice.next(names.len() as u64)).unwrap()];
            let bit = dice.next(length * 8);
            let fork = disk.fork();
            fork.flip_bit(name, bit);
            *taken.entry(whole.hold(&fork, &format!("{name} bit {bit}"), 1)).or_default() += 1;
        }
        assert_eq!(taken.len(), 3, "{taken:?}");
    }

    /// Does one thing to the files of a directory; what it was.
    fn manipulate(disk: &SimDisk, names: &[(String, u64)], dice: &mut Dice) -> String {
        let pick = |dice: &mut Dice| usize::try_from(dice.next(names.len() as u64)).unwrap();
        let (name, _) = &names[pick(dice)];
        let (other, _) = &names[pick(dice)];
        let (mut bytes, foreign) = (disk.read_file(name).unwrap(), disk.read_file(other).unwrap());
        let at = usize::try_from(dice.next(bytes.len().max(1) as u64)).unwrap();
        let deed = dice.next(9);
        match deed {
            0 => bytes.truncate(at),
            1 => bytes.clear(),
            2 => bytes[at..].fill(0),
            3 => bytes = foreign,
            4 => bytes.extend_from_slice(&foreign),
            5 => {
                // A block of another file, or of another place.
                let from = usize::try_from(dice.next(foreign.len().max(1) as u64)).unwrap() & !4_095;
                let block = &foreign[from..(from + 4_096).min(foreign.len())];
                let to = at & !4_095;
                let room = block.len().min(bytes.len() - to);
                bytes[to..to + room].copy_from_slice(&block[..room]);
            }
            6 => {
                for byte in bytes.iter_mut().skip(at).take(64) {
                    *byte = u8::try_from(dice.next(256)).unwrap();
                }
            }
            7 => bytes.fill(0),
            _ => {
                disk.remove_file(name);
                return format!("{name} is gone");
            }
        }
        disk.write_file(name, &bytes);
        format!("{name}: {deed} at {at}, with {other}")
    }

    #[test]
    fn g10_f5_s1_03_whatever_is_done_to_its_files_is_found_or_changes_nothing() {
        let disk = lived_in();
        let (whole, names) = (Whole::of(&disk), files(&disk));
        let newest = names.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("log/")).max().unwrap();
        let mut dice = Dice(number("FLIPS_SEED", 3));
        let (mut found, mut unfound) = (0, 0);
        for _ in 0..number("FLIPS", 1_500) {
            let fork = disk.fork();
            let what = manipulate(&fork, &names, &mut dice);
            let code = verify(&fork).map_or(4, |report| report.exit());
            // A file of dead letters stands for itself: gone as a whole, it leaves no trace.
            let is_gone = |name: &str| fork.read_file(name).is_none() && name.starts_with("dead/");
            let is_as_before =
                names.iter().all(|(name, _)| fork.read_file(name) == disk.read_file(name) || is_gone(name));
            // Behind the checkpoint of a clean stop nothing follows but what says so: one copy cannot tell that it was there.
            let is_last_word = code == 0 && what.starts_with(newest);
            assert!(code != 0 || is_as_before || is_last_word, "{what} goes unnoticed");
            found += u32::from(code != 0);
            unfound += u32::from(code == 0);
            whole.hold(&fork, &what, if what.starts_with(newest) { 2 } else { 1 });
        }
        assert!(
            found > 800 || number("FLIPS", 1_500) < 1_500,
            "{found} found, {unfound} nothing that one copy can tell"
        );
    }

    #[test]
    fn g10_f5_a_newest_segment_that_held_durable_records_is_missed_when_it_is_emptied() {
        let disk = lived_in();
        let segments: Vec<String> = disk.files().into_iter().filter(|name| name.ends_with(".wlog")).collect();
        let newest = segments.iter().filter(|name| name.starts_with("log/")).max().unwrap();
        // No checkpoint knows of what is in it.
        for name in disk.files().iter().filter(|name| name.starts_with("ckpt/")) {
            disk.remove_file(name);
        }
        let length = disk.read_file(newest).unwrap().len();
        for emptied in [vec![0; length], Vec::new()] {
            let fork = disk.fork();
            fork.write_file(newest, &emptied);
            assert_eq!(verify(&fork).unwrap().exit(), 4);
            assert!(open(&fork).is_none(), "and nothing is begun without what was in it");
            assert_eq!(fork.read_file(newest).unwrap(), emptied, "nor is it changed");
        }
    }

    #[test]
    fn f2_a_segment_that_was_only_begun_is_no_damage() {
        let disk = SimDisk::new(1);
        let mut opened = open(&disk).unwrap();
        opened.writer.append(Entry::new(Kind::Open, 1), &[b"opened"]).unwrap();
        opened.writer.append(Entry::new(Kind::Batch, 2), &[&payload(1, 3_000)]).unwrap();
        opened.writer.flush().unwrap();
        opened.ownership.note_newest_segment(opened.writer.newest_segment()).unwrap();
        drop(opened);
        // The roll got as far as its name.
        let disk = disk.kill();
        let path = "log/p000/00000000000000000003.wlog";
        disk.write_file(path, &[0; 24 << 10]);
        assert_eq!(verify(&disk).unwrap().exit(), 0);
        // Opened and left again without a word: the next owner finds it as blank as this one.
        for _ in 0..2 {
            let opened = open(&disk).unwrap();
            assert_eq!(opened.writer.newest_segment(), 0, "nobody knows of a record in it");
            drop(opened);
        }
        let mut opened = open(&disk).unwrap();
        opened.writer.append(Entry::new(Kind::Open, 3), &[b"opened"]).unwrap();
        opened.writer.flush().unwrap();
        assert_eq!(opened.writer.newest_segment(), 3);
    }

    #[test]
    fn g10_f5_an_older_checkpoint_that_is_gone_is_missed() {
        let disk = lived_in();
        let checkpoints: Vec<String> = disk.files().into_iter().filter(|name| name.starts_with("ckpt/")).collect();
        assert_eq!(checkpoints.len(), 2);
        for gone in checkpoints {
            let fork = disk.fork();
            fork.remove_file(&gone);
            let report = verify(&fork).unwrap();
            assert_eq!((report.exit(), report.findings.len()), (1, 1), "{gone}: {:?}", report.findings);
            assert!(open(&fork).is_some(), "the other one serves");
        }
    }
}
