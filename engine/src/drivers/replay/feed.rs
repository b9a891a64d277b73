//! Feed: how do files of events become events, on another core?
//!
//! One thread reads and decodes in chunks; a bounded channel hands them over in order. The chunks bound memory, and the
//! other core steps while this one decodes.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_rules::event::Event;

use super::Error;

/// Events of one hand-over: enough that its cost does not show, few enough that memory stays flat.
const CHUNK: usize = 256;
/// Chunks on the way: two megabytes of events, so that they stay in the cache that both cores share.
const CHUNKS_MAX: usize = 8;
/// Read at once.
const READ_BYTES: usize = 1 << 20;

/// What one hand-over carries.
#[expect(clippy::vec_box, reason = "the box goes on into the batch; unboxed, 900 bytes would move twice")]
struct Chunk {
    events: Vec<Box<Event>>,
    rejected: u64,
}

/// Decodes `files` and shows every event to `see` in order; answers how many lines nobody could read.
///
/// # Errors
/// [`Error::Events`] if a file cannot be read.
pub(super) fn read(files: &[PathBuf], mut see: impl FnMut(Box<Event>)) -> Result<u64, Error> {
    thread::scope(|scope| {
        let (to, from) = sync_channel::<Chunk>(CHUNKS_MAX);
        let decode_all = move || files.iter().try_for_each(|path| decode(path, &to));
        let decoding =
            thread::Builder::new().name("decode".to_owned()).spawn_scoped(scope, decode_all).map_err(Error::Thread)?;
        let mut rejected = 0;
        for chunk in from {
            rejected += chunk.rejected;
            chunk.events.into_iter().for_each(&mut see);
        }
        match decoding.join() {
            Ok(done) => done.map(|()| rejected),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn decode(path: &Path, to: &SyncSender<Chunk>) -> Result<(), Error> {
    let failed = |source| Error::Events { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(READ_BYTES, File::open(path).map_err(failed)?);
    // No identifier of a backtest leaves it, so its tokens need no secret; the file's own tokens stay as they are.
    let (profile, tokeniser) = (Profile::new(""), Tokeniser::new(&[0; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut line = Vec::new();
    let mut chunk = Chunk { events: Vec::with_capacity(CHUNK), rejected: 0 };
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match decoder.line(&line) {
            Ok(event) => chunk.events.push(Box::new(event)),
            Err(_) => chunk.rejected += 1,
        }
        if chunk.events.len() >= CHUNK {
            let full = core::mem::replace(&mut chunk, Chunk { events: Vec::with_capacity(CHUNK), rejected: 0 });
            if to.send(full).is_err() {
                return Ok(());
            }
        }
    }
    let _ = to.send(chunk);
    Ok(())
}
