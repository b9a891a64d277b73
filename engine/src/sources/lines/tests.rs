//! What is cut out of a growing file, and what survives its rotation.

use wardline_connectors::codec::token::Tokeniser;
use wardline_rules::time::Timestamp;
use wardline_store::disk::SimDisk;

use super::*;
use crate::{
    config::Config,
    runtime::tests::{Rig, rig_of, script::Script},
};

fn pending(bytes: &[u8]) -> Pending {
    let mut pending = Pending::default();
    pending.push(bytes);
    pending
}

fn lines(text: &str) -> Option<Piece> {
    Some(Piece::Lines(text.as_bytes().to_vec()))
}

#[test]
fn a_line_waits_for_its_end() {
    let mut pending = pending(b"a\nb\nhalf");
    assert_eq!(pending.next(false), lines("a\nb\n"));
    assert_eq!(pending.next(false), None);
    pending.push(b" line\n");
    assert_eq!(pending.next(false), lines("half line\n"));
}

#[test]
fn the_last_line_needs_no_end() {
    let mut pending = pending(b"a\nlast");
    assert_eq!(pending.next(true), lines("a\n"));
    assert_eq!(pending.next(true), lines("last"));
    assert_eq!(pending.next(true), None);
}

#[test]
fn lines_travel_in_groups() {
    let mut pending = pending(&b"x\n".repeat(SOURCE_LINES_PER_SUBMISSION + 1));
    assert_eq!(pending.next(false).unwrap().bytes().len(), SOURCE_LINES_PER_SUBMISSION * 2);
    assert_eq!(pending.next(false), lines("x\n"));
}

#[test]
fn no_part_of_an_endless_line_is_taken_for_a_line() {
    let mut pending = pending(&vec![b'y'; LINE_BYTES_MAX + 1]);
    assert!(matches!(pending.next(false), Some(Piece::Cut(bytes)) if bytes.len() == LINE_BYTES_MAX));
    assert_eq!(pending.next(false), None);
    pending.push(b"{\"v\":1}\nnext\n");
    assert_eq!(pending.next(false), Some(Piece::Cut(b"y{\"v\":1}\n".to_vec())));
    assert_eq!(pending.next(false), lines("next\n"));
}

#[test]
fn a_mark_counts_for_the_file_it_was_made_for() {
    let mark = Mark { file: (5, 77), offset: 100 };
    assert_eq!(Mark::read(&mark.written()), Some(mark));
    assert_eq!(Mark::read("100"), None);
    assert_eq!((mark.begin((5, 77), 100), mark.begin((5, 77), 99), mark.begin((5, 78), 4_000)), (100, 0, 0));
}

/// Waits until the core has received so many events.
fn until_received(rig: &Rig, count: u64) {
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    while rig.received() < count {
        assert!(std::time::Instant::now() < deadline, "{} of {count}", rig.received());
        std::thread::yield_now();
    }
}

/// Waits until the mark is at the end of the file: who stops before that has read, and not yet noted it.
fn until_marked(folder: &std::path::Path, path: &std::path::Path) {
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    let is_at_end = || {
        let mark = Mark::read(&std::fs::read_to_string(folder.join("lis.mark")).ok()?)?;
        Some(mark.offset == std::fs::metadata(path).ok()?.len())
    };
    while is_at_end() != Some(true) {
        assert!(std::time::Instant::now() < deadline, "no mark at the end");
        std::thread::yield_now();
    }
}

fn written(ids: core::ops::Range<u32>) -> String {
    let line = |id| format!("{{\"v\":1,\"event_id\":\"{id}\",\"source\":\"lis\",\"type\":\"heartbeat\"}}\n");
    ids.map(line).collect()
}

fn rig() -> Rig {
    rig_of::<Script>(&SimDisk::new(7), Timestamp::from_micros(1_768_392_000_000_000), false).unwrap()
}

/// A source that keeps its mark in this folder.
fn source(rig: &Rig, folder: &std::path::Path) -> Source {
    let text = "ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"lis\"\nkind = \"http\"\ncritical = true\n";
    let config = Config::of_text("wardline.toml", text, folder).unwrap();
    Source {
        engine: rig.engine.clone(),
        intake: std::sync::Arc::new(Intake::new(&config.feeds, Tokeniser::new(&[7; 32]))),
        feed: Text::from("lis"),
        mark: Some(folder.join("lis.mark")),
        health: Health::new(rig.engine.clone(), Text::from("lis")),
    }
}

#[test]
fn a_file_that_is_renamed_away_loses_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("lis.ndjson"), folder.path().join("lis.1"));
    let rig = rig();
    let (stop, stopped) = watch::channel(false);
    std::fs::write(&path, written(0..3)).unwrap();
    let running = rig.tokio.spawn(source(&rig, folder.path()).run(FeedKind::File(path.clone()), stopped.clone()));
    until_received(&rig, 3);
    // Two more into the old one, the last without its end, then a successor that is longer at once.
    let more = written(3..5);
    std::fs::write(&away, "").unwrap();
    std::fs::rename(&path, &away).unwrap();
    std::io::Write::write_all(
        &mut std::fs::OpenOptions::new().append(true).open(&away).unwrap(),
        more.trim_end().as_bytes(),
    )
    .unwrap();
    std::fs::write(&path, written(5..50)).unwrap();
    until_received(&rig, 50);
    stop.send_replace(true);
    rig.tokio.block_on(running).unwrap();
    // A restart goes on at the mark; a mark that cannot be written hinders nothing.
    let (stop, stopped) = watch::channel(false);
    let mut again = source(&rig, folder.path());
    again.mark = Some(folder.path().join("missing").join("lis.mark"));
    let running = rig.tokio.spawn(again.run(FeedKind::File(path.clone()), stopped));
    until_received(&rig, 95);
    stop.send_replace(true);
    rig.tokio.block_on(running).unwrap();
}

#[test]
fn a_file_of_which_no_line_was_taken_yet_is_looked_for_after_a_stop_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("lis.ndjson"), folder.path().join("lis.1"));
    let rig = rig();
    // Its first line has no end yet, so nothing of it is durable when the engine stops.
    std::fs::write(&path, written(0..1).trim_end()).unwrap();
    let (stop, stopped) = watch::channel(false);
    let running = rig.tokio.spawn(source(&rig, folder.path()).run(FeedKind::File(path.clone()), stopped));
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    while !folder.path().join("lis.mark").exists() {
        assert!(std::time::Instant::now() < deadline, "the file that is followed is not noted");
        std::thread::yield_now();
    }
    stop.send_replace(true);
    rig.tokio.block_on(running).unwrap();
    assert_eq!(rig.received(), 0);
    // While nobody looks it gets its end and another name, and a successor.
    std::fs::rename(&path, &away).unwrap();
    std::fs::write(&away, written(0..5)).unwrap();
    std::fs::write(&path, written(5..7)).unwrap();
    let (stop, stopped) = watch::channel(false);
    let running = rig.tokio.spawn(source(&rig, folder.path()).run(FeedKind::File(path.clone()), stopped));
    until_received(&rig, 7);
    stop.send_replace(true);
    rig.tokio.block_on(running).unwrap();
}

#[test]
fn a_file_that_was_renamed_while_nobody_followed_it_is_read_to_its_end_first() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("lis.ndjson"), folder.path().join("lis.1"));
    let rig = rig();
    let follow = |count| {
        let (stop, stopped) = watch::channel(false);
        let running = rig.tokio.spawn(source(&rig, folder.path()).run(FeedKind::File(path.clone()), stopped));
        until_received(&rig, count);
        until_marked(folder.path(), &path);
        stop.send_replace(true);
        rig.tokio.block_on(running).unwrap();
    };
    std::fs::write(&path, written(0..3)).unwrap();
    follow(3);
    let mut old = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut old, written(3..7).as_bytes()).unwrap();
    std::fs::rename(&path, &away).unwrap();
    std::fs::write(&path, written(7..9)).unwrap();
    follow(9);
    assert_eq!(rig.received(), 9, "the four that nobody had read, and the two of its successor");
}

#[test]
fn a_line_that_nobody_can_read_is_one_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lis.ndjson");
    let rig = rig();
    std::fs::write(&path, format!("{}no event\n", written(0..1))).unwrap();
    let (stop, stopped) = watch::channel(false);
    let running = rig.tokio.spawn(source(&rig, folder.path()).run(FeedKind::File(path), stopped));
    until_received(&rig, 2);
    stop.send_replace(true);
    rig.tokio.block_on(running).unwrap();
    let letters = || {
        let text = rig.engine.metrics().text();
        let counts = text.lines().filter(|line| line.starts_with("wardline_dead_letters_total{"));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    while letters() == 0 && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(letters(), 1);
}
