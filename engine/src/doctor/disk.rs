//! Disk: is the data directory fit to be trusted, and is there room?

use wardline_store::{
    checkpoint::Checkpoints,
    crash_note::CrashNote,
    disk::{Disk as _, Filesystem, RealDisk},
    instance::Instance,
    limits::RESERVE_BYTES,
    segment::Identity,
};

use super::Check;
use crate::config::Config;

/// What to do about what could not be looked at.
const UNREAD: &str = "Run `wardline verify`, as the engine's user.";

pub(super) fn examine(config: &Config) -> Vec<Check> {
    if !config.data.is_dir() {
        // Before the first start there is nothing to look at.
        return vec![Check::fine(8, "data directory")];
    }
    let disk = RealDisk::new(&config.data);
    vec![root(&disk), space(&disk), reserve(&disk), checkpoints(&disk), last_end(&disk)]
}

fn root(disk: &RealDisk) -> Check {
    const NAME: &str = "data directory";
    let cause = match disk.root() {
        Err(error) => Some(error.to_string()),
        Ok(root) if !root.is_ours => Some("it belongs to another user".to_owned()),
        Ok(root) if !root.is_private => Some("its mode lets group or others in".to_owned()),
        Ok(root) => match root.filesystem {
            Filesystem::Local => None,
            Filesystem::Memory => Some("it is in memory, and lost with the machine".to_owned()),
            Filesystem::Remote(name) => Some(format!("it is on {name}, whose sync does not reach a disk of ours")),
        },
    };
    Check::unless(8, NAME, cause, "Move it to a local disk, owned by the engine's user, with mode 0700.")
}

fn space(disk: &RealDisk) -> Check {
    let cause = match disk.space() {
        Err(error) => Some(error.to_string()),
        Ok(space) => {
            let wanted = 4 * RESERVE_BYTES.min(space.total / 10);
            (space.free < wanted).then(|| format!("{} MiB are free, {} MiB are wanted", space.free >> 20, wanted >> 20))
        }
    };
    Check::unless(9, "free space", cause, "Make room, or move the data directory to a larger volume.")
}

fn reserve(disk: &RealDisk) -> Check {
    const NAME: &str = "reserve";
    let names = match disk.list("log/p000") {
        Ok(names) => names,
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => return Check::wrong(10, NAME, error.to_string(), UNREAD),
    };
    let has_log = names.iter().any(|entry| entry.name.ends_with(".wlog"));
    let has_reserve = names.iter().any(|entry| entry.name.starts_with("reserve-"));
    let cause = (has_log && !has_reserve).then(|| "no segment is kept for when the volume is full".to_owned());
    Check::unless(10, NAME, cause, "Make room; the running engine prepares it again by itself.")
}

fn checkpoints(disk: &RealDisk) -> Check {
    const NAME: &str = "checkpoints";
    let instance = match Instance::read(disk) {
        Ok(Some(Ok(instance))) => instance,
        Ok(Some(Err(finding))) => return Check::wrong(16, NAME, finding.to_string(), UNREAD),
        // Before the first start there are none.
        Ok(None) => return Check::fine(16, NAME),
        Err(error) => return Check::wrong(16, NAME, error.to_string(), UNREAD),
    };
    let checkpoints = Checkpoints::new(disk.clone(), Identity { instance: instance.id, partition: 0 });
    let generations = match checkpoints.generations() {
        Ok(generations) => generations,
        Err(error) => return Check::wrong(16, NAME, error.to_string(), UNREAD),
    };
    let is_bad = |generation: &&wardline_store::checkpoint::Generation| {
        checkpoints.open(generation).and_then(|reader| reader.check_all()).is_err()
    };
    let bad: Vec<String> = generations.iter().filter(is_bad).map(|generation| generation.path.clone()).collect();
    let cause = (!bad.is_empty()).then(|| format!("not sound: {}", bad.join(", ")));
    Check::unless(16, NAME, cause, "Run `wardline verify`; the engine uses the older one and a longer replay.")
}

fn last_end(disk: &RealDisk) -> Check {
    const NAME: &str = "last end";
    let note = match CrashNote::read(disk) {
        Ok(note) => note,
        Err(error) => return Check::wrong(30, NAME, error.to_string(), UNREAD),
    };
    let cause = note.map(|note| format!("the core stopped at record {}, {} times in a row", note.sequence, note.times));
    Check::unless(30, NAME, cause, "Start it again; at the second stop it goes on without the input. Report the fault.")
}
