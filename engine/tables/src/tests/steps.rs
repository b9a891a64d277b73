//! Steps: random work and random crashes, against a plain vector.

use std::{cell::Cell as Shared, io, path::Path, rc::Rc};

use wardline_rules::row::{Row, Table};

use super::{Seen, row, seen};
use crate::{
    archive::{Archive, Error},
    frame::{Frame, HEADER_BYTES},
    hot::Hot,
    manifest::{LOG, Manifest},
    place::{Folder, Place},
    schema::Definition,
};

/// A disk whose fuse may blow at any call, which then happens whole, in part or not at all, and nothing after it.
#[derive(Clone, Debug)]
pub(super) struct Fused {
    folder: Folder,
    /// Calls until it blows; `None` for a disk that holds.
    pub(super) fuse: Rc<Shared<Option<u32>>>,
    /// Whether writes wait for the disk. A crash of these tests forgets nothing that was written, so most need not.
    pub(super) is_synced: Rc<Shared<bool>>,
    dice: Rc<Shared<u64>>,
}

impl Fused {
    /// What happens at this call: 0 it works, 1 it fails untouched, 2 half done, 3 done and not told.
    fn turn(&self) -> u64 {
        match self.fuse.get() {
            None => 0,
            Some(0) => 1 + next(&self.dice) % 3,
            Some(left) => {
                self.fuse.set(Some(left - 1));
                0
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.is_synced.get() {
            return self.folder.write_whole(name, bytes);
        }
        let path = self.root().join(name);
        std::fs::create_dir_all(path.parent().unwrap())?;
        std::fs::write(path, bytes)
    }

    fn add(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.is_synced.get() {
            return self.folder.append(name, bytes);
        }
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.root().join(name))?;
        io::Write::write_all(&mut file, bytes)
    }

    fn blown() -> io::Error {
        io::Error::other("the fuse blew")
    }
}

impl Place for Fused {
    fn root(&self) -> &Path {
        self.folder.root()
    }

    fn write_whole(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match self.turn() {
            0 => self.write(name, bytes),
            // A torn file only ever has its temporary name.
            2 => self.write(&format!("{name}.torn"), &bytes[..bytes.len() / 2]).and(Err(Self::blown())),
            3 => self.write(name, bytes).and(Err(Self::blown())),
            _ => Err(Self::blown()),
        }
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match self.turn() {
            0 => self.add(name, bytes),
            2 => self.add(name, &bytes[..bytes.len() / 2]).and(Err(Self::blown())),
            3 => self.add(name, bytes).and(Err(Self::blown())),
            _ => Err(Self::blown()),
        }
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        if self.turn() == 0 { self.folder.cut(name, len) } else { Err(Self::blown()) }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if self.turn() == 0 { self.folder.remove(name) } else { Err(Self::blown()) }
    }
}

pub(super) fn next(dice: &Shared<u64>) -> u64 {
    let mut state = dice.get();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    dice.set(state);
    state >> 16
}

/// What a follower holds: files by manifest, hot rows by frames.
#[derive(Default)]
pub(super) struct Follower {
    pub(super) hot: Hot,
    covered: u64,
    epoch: u64,
}

impl Follower {
    fn hear(&mut self, frame: &Frame, place: &Fused) {
        let bytes = frame.encode().unwrap();
        let header = Frame::header(bytes[..HEADER_BYTES].try_into().unwrap()).unwrap();
        match Frame::decode(header, &bytes[HEADER_BYTES..]).unwrap() {
            Frame::Batch { table, batch } => self.hot.push(table, batch).unwrap(),
            Frame::Commit(commit) => self.epoch = commit.epoch,
            Frame::Manifest { .. } => {
                let bytes = std::fs::read(place.root().join(LOG)).unwrap_or_default();
                self.covered = Manifest::read(&bytes).unwrap().0.covered;
                self.hot.forget(self.covered);
            }
            Frame::Hello(_) => {}
        }
    }
}

pub(super) struct World {
    pub(super) place: Fused,
    dice: Rc<Shared<u64>>,
    pub(super) archive: Archive<Fused>,
    pub(super) follower: Follower,
    /// All that was ever logged: the oracle, and what replay gives.
    pub(super) log: Vec<(u64, Vec<Row>)>,
    pub(super) crashes: u32,
    pub(super) flushes: u32,
}

impl World {
    pub(super) fn new(root: &Path, seed: u64) -> Self {
        let dice = Rc::new(Shared::new(seed));
        let is_synced = Rc::new(Shared::new(true));
        let folder = Folder::open(root).unwrap();
        let place = Fused { folder, fuse: Rc::default(), is_synced, dice: dice.clone() };
        let archive = Archive::open(place.clone()).unwrap();
        Self { place, dice, archive, follower: Follower::default(), log: Vec::new(), crashes: 0, flushes: 0 }
    }

    pub(super) fn roll(&self, sides: u64) -> u64 {
        next(&self.dice) % sides
    }

    fn ingest(&mut self) {
        let epoch = self.log.last().map_or(1, |last| last.0 + 1 + self.roll(3));
        let rows: Vec<Row> = (0..self.roll(5))
            .map(|_| {
                let table = [Table::Attempts, Table::DataQuality, Table::Wards][usize::try_from(self.roll(3)).unwrap()];
                row(table, self.roll(1_000), i64::try_from(epoch).unwrap())
            })
            .collect();
        self.archive.append(epoch, &rows).unwrap();
        self.log.push((epoch, rows));
    }

    pub(super) fn freeze(&mut self) {
        let frozen = self.archive.freeze().unwrap();
        for frozen in frozen {
            self.follower.hear(&Frame::Batch { table: frozen.table, batch: frozen.batch }, &self.place);
        }
        let commit = crate::frame::Commit { epoch: self.archive.epoch(), ..Default::default() };
        self.follower.hear(&Frame::Commit(commit), &self.place);
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.freeze();
        if self.archive.flush(7)? {
            self.flushes += 1;
            let version = self.archive.manifest().version;
            self.follower.hear(&Frame::Manifest { version }, &self.place);
        }
        Ok(())
    }

    /// The engine dies: with it the hot rows. It opens again and replays from a checkpoint that its files cover.
    pub(super) fn crash(&mut self) {
        self.crashes += 1;
        self.place.fuse.set(None);
        self.archive = Archive::open(self.place.clone()).unwrap();
        let covered = self.archive.manifest().covered;
        let from = self.roll(covered + 1);
        for (epoch, rows) in self.log.iter().filter(|(epoch, _)| *epoch > from) {
            self.archive.append(*epoch, rows).unwrap();
        }
        // The follower lost its connection and begins again.
        self.archive.freeze().unwrap();
        self.follower = Follower::default();
        self.follower.hear(&Frame::Manifest { version: self.archive.manifest().version }, &self.place);
        let hot: Vec<_> = self.archive.hot().all().map(|(table, batch)| (table, batch.clone())).collect();
        for (table, batch) in hot {
            self.follower.hear(&Frame::Batch { table, batch }, &self.place);
        }
        let commit = crate::frame::Commit { epoch: self.archive.epoch(), ..Default::default() };
        self.follower.hear(&Frame::Commit(commit), &self.place);
    }

    fn query_after_freeze(&mut self) {
        self.freeze();
        self.query();
    }

    fn query(&self) {
        let expected = |to: u64| {
            let mut all: Vec<Seen> = Vec::new();
            for (epoch, rows) in self.log.iter().filter(|(epoch, _)| *epoch <= to) {
                let epoch = i64::try_from(*epoch).unwrap();
                let rows = rows.iter().filter(|row| !Definition::of(row.table).is_summed);
                all.extend((0_i32..).zip(rows).map(|(seq, row)| (row.table, epoch, seq, mark_of(row))));
            }
            all.sort();
            all
        };
        let mut files = Vec::new();
        for file in self.archive.manifest().files.values() {
            for batch in self.archive.read(file).unwrap() {
                seen(Table::parse(&file.table).unwrap(), &batch, &mut files);
            }
        }
        assert!(
            files.iter().all(|seen| u64::try_from(seen.1).unwrap() <= self.archive.manifest().covered),
            "files end at covered"
        );
        let mut shown = files;
        self.follower.hot.all().for_each(|(table, batch)| seen(table, batch, &mut shown));
        shown.sort();
        assert_eq!(shown, expected(self.follower.epoch), "what a follower shows at its epoch");
    }
}

fn run(steps: u32, seed: u64) -> (u32, u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), seed);
    for _ in 0..steps {
        match world.roll(41) {
            0..24 => world.ingest(),
            24..34 => world.freeze(),
            34..36 => world.flush().unwrap(),
            36 => {
                world.place.fuse.set(Some(u32::try_from(world.roll(5)).unwrap()));
                // Whether it gets through or dies on the way, the engine goes down after it.
                drop(world.flush());
                world.crash();
            }
            37 => world.crash(),
            38 => {
                world.place.fuse.set(Some(u32::try_from(world.roll(5)).unwrap()));
                // Whether it gets through or not, the engine goes on.
                drop(world.flush());
                world.place.fuse.set(None);
            }
            _ => world.query(),
        }
    }
    world.flush().unwrap();
    world.query();
    (world.crashes, world.flushes)
}

/// 20,000 steps, in worlds of 500, since each query reads real files; `WARDLINE_STEPS` asks for more (`just slices`).
#[test]
fn a_row_is_never_seen_twice_and_never_missing() {
    let steps = std::env::var("WARDLINE_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(20_000_u32);
    let (mut crashes, mut flushes) = (0, 0);
    for seed in 1..=u64::from(steps / 500) {
        let (crashed, flushed) = run(500, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        crashes += crashed;
        flushes += flushed;
    }
    assert!(crashes > steps / 50 && flushes > steps / 50, "{crashes} crashes, {flushes} flushes");
}

#[test]
fn many_small_files_become_one_and_hold_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 3);
    for _ in 0..60 {
        world.ingest();
        world.flush().unwrap();
        world.query();
    }
    let files = world.archive.manifest().files.len();
    assert!(files < 3 * (crate::limits::FILES_BEFORE_MERGE + 2), "{files} files");
}

#[test]
fn a_flush_that_failed_is_tried_again_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 5);
    // At the first file, at the line of the manifest, and with the mending of that line failing too.
    for broken in 0..6 {
        world.archive.append(broken + 1, &[row(Table::Wards, broken, 1)]).unwrap();
        world.log.push((broken + 1, vec![row(Table::Wards, broken, 1)]));
        world.place.fuse.set(Some(u32::from(broken >= 1)));
        assert!(matches!(world.flush(), Err(Error::Disk(_))));
        assert_eq!(world.archive.hot_rows(), 1, "what was hot stays hot");
        world.place.fuse.set(None);
        world.query();
        world.flush().unwrap();
        assert_eq!(world.archive.hot_rows(), 0);
        world.query();
    }
    world.crash();
    world.query();
}

/// A file holds more words than one batch can number.
#[test]
fn more_words_than_sixteen_bits_number_fit_into_an_epoch_a_file_and_a_merge() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 5);
    let rows = |from: u64, to: u64| (from..to).map(|mark| row(Table::DataQuality, mark, 1)).collect::<Vec<Row>>();
    let mut log = vec![(1, rows(0, 70_000))];
    log.extend((2..30_u64).map(|epoch| (epoch, rows(70_000 + epoch * 5_000, 75_000 + epoch * 5_000))));
    for (epoch, rows) in log {
        world.archive.append(epoch, &rows).unwrap();
        world.log.push((epoch, rows));
        if epoch % 10 == 1 {
            world.query_after_freeze();
        }
        if epoch == 1 || epoch == 20 || epoch > 27 {
            world.flush().unwrap();
        }
    }
    for epoch in 30..50 {
        world.archive.append(epoch, &rows(epoch, epoch + 1)).unwrap();
        world.log.push((epoch, rows(epoch, epoch + 1)));
        world.flush().unwrap();
    }
    world.query();
    assert!(world.archive.manifest().files.len() < crate::limits::FILES_BEFORE_MERGE, "they were merged");
}

#[test]
fn files_that_no_line_names_are_removed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 7);
    world.archive.append(1, &[row(Table::Wards, 1, 1)]).unwrap();
    world.log.push((1, vec![row(Table::Wards, 1, 1)]));
    world.flush().unwrap();
    world.archive.append(2, &[row(Table::Wards, 2, 1)]).unwrap();
    world.log.push((2, vec![row(Table::Wards, 2, 1)]));
    // The files are written, the line is not.
    world.place.fuse.set(Some(1));
    assert!(world.flush().is_err());
    let files = || std::fs::read_dir(folder.path().join("wards")).unwrap().count();
    assert_eq!(files(), 2);
    world.crash();
    let named = world.archive.manifest().files.len();
    assert_eq!(files(), named);
    world.query();
}

#[test]
fn every_hole_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Archive::open(Folder::open(folder.path()).unwrap()).unwrap();
    let mut archive = open();
    archive.begin_after(5, 1).unwrap();
    archive.append(6, &[row(Table::Wards, 6, 1)]).unwrap();
    archive.flush(1).unwrap();
    archive.begin_after(9, 1).unwrap();
    drop(archive);
    assert_eq!(open().manifest().holes, [(0, 5), (6, 9)]);
    assert_eq!(open().manifest().began_after, 9);
}

#[test]
fn a_row_that_does_not_fit_keeps_no_other_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(Folder::open(folder.path()).unwrap()).unwrap();
    let wrong = Row { table: Table::Wards, cells: Vec::new() };
    let rows = [row(Table::Wards, 1, 1), wrong, row(Table::Wards, 2, 1)];
    assert!(matches!(archive.append(1, &rows), Err(Error::Row(_))));
    assert_eq!((archive.epoch(), archive.hot_rows()), (1, 2));
    assert!(archive.flush(1).unwrap());
}

/// The text by which a row of this test is known.
fn mark_of(row: &Row) -> String {
    let place = usize::from(row.table == Table::DataQuality);
    match &row.cells[place] {
        wardline_rules::row::Cell::Text(mark) => mark.to_string(),
        other => format!("{other:?}"),
    }
}
