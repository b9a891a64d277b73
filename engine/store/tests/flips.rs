//! Flips: is there one bit in a data directory that may change without anybody noticing?
//!
//! Ten thousand single bits, drawn by a fixed seed, are changed one at a time in a directory that lived: several segments, two
//! checkpoints, dead letters. Nobody may panic, `verify` finds it, and an engine begins with what was written or not at all.
//! `FLIPS=100000` draws more, `FLIPS_SEED=7` others.
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
        fn hold(&self, disk: &SimDisk, what: &str) -> Taken {
            let Some(opened) = open(disk) else { return Taken::Refused };
            let (position, held, suffix) = begins_with(opened);
            let is_newest = position == self.newest.0;
            let (wanted, sections, records) = if is_newest { &self.newest } else { &self.older };
            assert_eq!((&position, &held), (wanted, sections), "{what}: another state");
            // The last flush may look like an interrupted write: then what was in it is gone, and nothing else.
            if let Some(suffix) = suffix {
                let is_prefix = records.starts_with(&suffix) && records.len() - suffix.len() <= 1;
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
            *taken.entry(whole.hold(&fork, &format!("{name} bit {bit}"))).or_default() += 1;
        }
        assert_eq!(taken.len(), 3, "{taken:?}");
    }
}
