//! Damage: is a byte that changed behind the engine's back noticed, or harmless?
//!
//! Tried on a copy of the disk as a start found it: the run itself goes on undamaged. What opens all the same must hold
//! everything that was proven, and be the state of the log [O17].

use std::sync::Arc;

use wardline_store::{
    disk::SimDisk,
    instance::Epoch,
    log::Entry,
    record::Kind,
    segment::{self, HEADER_BYTES},
    store::{Options, Store},
};

use super::{
    node::{Node, options},
    outside::state_hash,
    run::Run,
    time::SimClock,
    trace::{Held, hold},
};

impl Run {
    /// Damages a copy of what the last start found, and starts from that.
    pub(crate) fn try_damage(&mut self, before: &SimDisk) -> Held {
        let disk = before.fork();
        let kind = self.random.below(6);
        let what = match kind {
            0 | 1 => self.flip(&disk, ".wlog"),
            2 => self.flip(&disk, ".ckpt"),
            3 => self.zero_sectors(&disk),
            4 => self.remove(&disk),
            _ => return self.try_other_history(before),
        };
        let Some(what) = what else { return Ok(()) };
        self.tally.count("damaged copies");
        let clock = Arc::new(SimClock::new(self.now, self.plan.pace));
        let node = match Node::start(&disk, &clock, self.options()) {
            Ok(node) => node,
            Err(error) => {
                // One checkpoint of two is enough, with more of the log; so is the whole log.
                hold(kind != 2 || !has_another_way(before), "O18", || format!("{what}: it does not start: {error}"))?;
                self.tally.count("damage noticed");
                return Ok(());
            }
        };
        let (applied, proven) = (node.parts.applied(), self.outside.last_proven_batch());
        let is_whole = applied == self.outside.applied;
        hold(applied >= proven, "O17", || format!("{what}: it starts behind batch {applied}, and {proven} is proven"))?;
        if is_whole {
            let found = state_hash(node.parts.kernel());
            hold(found == self.outside.state_hash(), "O17", || format!("{what}: it starts with another state"))?;
        }
        Ok(())
    }

    fn pick_file(&mut self, disk: &SimDisk, ending: &str) -> Option<(String, Vec<u8>)> {
        let files: Vec<String> = disk.files().into_iter().filter(|file| file.ends_with(ending)).collect();
        let path = self.random.pick(&files)?.clone();
        let bytes = disk.read_file(&path)?;
        Some((path, bytes))
    }

    fn flip(&mut self, disk: &SimDisk, ending: &str) -> Option<String> {
        let (path, bytes) = self.pick_file(disk, ending)?;
        let used = bytes.iter().rposition(|byte| *byte != 0)? + 1;
        let bit = self.random.below(used * 8);
        disk.flip_bit(&path, u64::try_from(bit).ok()?);
        Some(format!("bit {bit} of `{path}` flipped"))
    }

    /// A stretch of sectors behind the header reads as zeros.
    fn zero_sectors(&mut self, disk: &SimDisk) -> Option<String> {
        let (path, mut bytes) = self.pick_file(disk, ".wlog")?;
        let used = bytes.iter().rposition(|byte| *byte != 0)? + 1;
        let first = HEADER_BYTES + self.random.below(used.saturating_sub(HEADER_BYTES)) / 512 * 512;
        let last = (first + 512 * (1 + self.random.below(16))).min(bytes.len());
        bytes.get_mut(first..last)?.fill(0);
        disk.write_file(&path, &bytes);
        Some(format!("bytes {first} to {last} of `{path}` are zeros"))
    }

    fn remove(&mut self, disk: &SimDisk) -> Option<String> {
        let (path, _) = self.pick_file(disk, ".wlog")?;
        // Of a segment that was begun a moment ago nobody has written down yet that it exists.
        let noted = Epoch::read(disk).ok()??.ok()?.newest_segment;
        let name = path.rsplit_once('/')?.1;
        if segment::first_of_name(name)? > noted {
            return None;
        }
        disk.remove_file(&path);
        Some(format!("`{path}` is gone"))
    }

    /// A segment of this very log as it would have gone on after another crash takes the place of ours.
    fn try_other_history(&mut self, before: &SimDisk) -> Held {
        let (ours, theirs) = (before.fork(), before.fork());
        let options = options(self.instance, self.plan.segment_bytes);
        let segments = [(&ours, 1_u8), (&theirs, 2)].map(|(disk, byte)| go_on(disk, &options, byte));
        let [Some(segments), Some(other)] = segments else { return Ok(()) };
        if segments != other || segments.len() < 3 {
            return Ok(());
        }
        let path = &segments[segments.len() - 2];
        let Some(bytes) = theirs.read_file(path) else { return Ok(()) };
        ours.write_file(path, &bytes);
        self.tally.count("damaged copies");
        let opened = Store::open(ours, &options);
        hold(opened.is_err(), "O17", || format!("`{path}` is of another history, and the log opens"))?;
        self.tally.count("damage noticed");
        Ok(())
    }
}

/// Whether a start can do without any one checkpoint.
fn has_another_way(disk: &SimDisk) -> bool {
    let files = disk.files();
    let checkpoints = files.iter().filter(|file| file.ends_with(".ckpt")).count();
    checkpoints > 1 || files.iter().any(|file| file.starts_with("log/") && file.ends_with("/00000000000000000001.wlog"))
}

/// Fills two more segments with records of one size; the names of all that are new.
fn go_on(disk: &SimDisk, options: &Options, byte: u8) -> Option<Vec<String>> {
    let old = disk.files();
    let mut opened = Store::open(disk.clone(), options).ok()?;
    let log = &mut opened.writer;
    let mut at = log.last().at;
    log.append(Entry::new(Kind::Open, at), &[b"go on"]).ok()?;
    let size = usize::try_from(options.segment_bytes / 4).ok()?;
    for _ in 0..14 {
        at += 1;
        log.append(Entry::new(Kind::Batch, at), &[&vec![byte; size]]).ok()?;
        log.flush().ok()?;
        while log.prepare().ok()? {}
    }
    drop(opened);
    Some(disk.files().into_iter().filter(|file| file.ends_with(".wlog") && !old.contains(file)).collect())
}
