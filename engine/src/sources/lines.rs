//! Lines: which lines came into a file, and how far did we get?
//!
//! A file feed is read as it grows; standard input until it ends. A mark in the data directory remembers the byte behind
//! the last line that is durable, so a restart goes on there; what is read twice is recognised by its event id.
//!
//! - LIMIT: `SOURCE_CHUNK_BYTES`, `SOURCE_LINES_PER_SUBMISSION`; a line longer than a chunk is read whole up to
//!   `LINE_BYTES_MAX` and becomes a dead letter beyond it.
//! - **Not here**: folders with one file per message.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
};

use tokio::{
    fs::{self, File},
    io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, stdin},
    sync::watch,
};
use wardline_rules::Text;

use crate::{
    config::FeedKind,
    engine::Engine,
    intake::{Intake, Shape},
    limits::{LINE_BYTES_MAX, SOURCE_CHUNK_BYTES, SOURCE_LINES_PER_SUBMISSION, WATCH_EVERY},
    runtime::admission::Refusal,
};

/// One file feed.
#[derive(Clone, Debug)]
pub struct Source {
    /// The engine that takes its lines.
    pub engine: Engine,
    /// The codecs.
    pub intake: std::sync::Arc<Intake>,
    /// The feed's name.
    pub feed: Text,
    /// Where the mark stands; `None` for standard input.
    pub mark: Option<PathBuf>,
}

impl Source {
    /// Reads until the end of standard input, or a stop.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub async fn run(self, kind: FeedKind, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let work = async {
            match kind {
                FeedKind::File(path) => self.follow(&path).await,
                FeedKind::Stdin => self.read(&mut stdin(), &mut Pending::default()).await.map(|_| ()),
                FeedKind::Http | FeedKind::Mllp(_) | FeedKind::Nats(_) => Ok(()),
            }
        };
        tokio::select! {
            done = work => done,
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        }
    }

    /// Reads what is there, then looks again every second.
    async fn follow(&self, path: &Path) -> io::Result<()> {
        let mut offset = self.read_mark().await;
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        loop {
            ticks.tick().await;
            let Ok(mut file) = File::open(path).await else { continue };
            if file.metadata().await?.len() < offset {
                // Shorter than before: another file by the same name.
                offset = 0;
            }
            file.seek(SeekFrom::Start(offset)).await?;
            let mut pending = Pending { offset, bytes: Vec::new() };
            self.read(&mut file, &mut pending).await?;
            offset = pending.offset;
        }
    }

    /// Reads to the end; submits whole lines and leaves the rest.
    async fn read(&self, from: &mut (impl AsyncRead + Unpin), pending: &mut Pending) -> io::Result<()> {
        let mut chunk = vec![0; SOURCE_CHUNK_BYTES];
        let is_file = self.mark.is_some();
        loop {
            let length = from.read(&mut chunk).await?;
            pending.bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
            let is_end = length == 0;
            while let Some(lines) = pending.lines(is_end && !is_file) {
                self.submit(&lines).await?;
                pending.offset += u64::try_from(lines.len()).unwrap_or(0);
                self.write_mark(pending.offset).await?;
            }
            if is_end {
                return Ok(());
            }
        }
    }

    /// Submits lines again and again until they are taken.
    async fn submit(&self, lines: &[u8]) -> io::Result<()> {
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        loop {
            ticks.tick().await;
            let read = self.intake.events(&self.feed, Shape::Lines, lines, self.engine.log_now());
            let reading = read.map_err(io::Error::other)?;
            if reading.parcel.inputs.is_empty() {
                return Ok(());
            }
            let lane = self.intake.lane(&self.feed, &reading.parcel.inputs);
            match self.engine.submit(lane, reading.parcel).await {
                Ok(_) => return Ok(()),
                Err(Refusal::Busy | Refusal::FeedBusy) => {}
                Err(Refusal::Closed) => return Err(io::Error::other("the engine takes nothing now")),
            }
        }
    }

    async fn read_mark(&self) -> u64 {
        let Some(mark) = &self.mark else { return 0 };
        fs::read_to_string(mark).await.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// A mark that is lost costs reading twice, so it is replaced in one step and not synced.
    async fn write_mark(&self, offset: u64) -> io::Result<()> {
        let Some(mark) = &self.mark else { return Ok(()) };
        let fresh = mark.with_extension("new");
        fs::write(&fresh, offset.to_string()).await?;
        fs::rename(&fresh, mark).await
    }
}

/// Bytes that were read and not submitted.
#[derive(Default)]
struct Pending {
    /// Where they begin in the file.
    offset: u64,
    bytes: Vec<u8>,
}

impl Pending {
    /// Takes out whole lines, at most `SOURCE_LINES_PER_SUBMISSION`; with `is_last` also one without its end.
    fn lines(&mut self, is_last: bool) -> Option<Vec<u8>> {
        let ends = self.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
        let end = ends.take(SOURCE_LINES_PER_SUBMISSION).last();
        let end = match end {
            Some(end) => end,
            None if is_last || self.bytes.len() > LINE_BYTES_MAX => self.bytes.len(),
            None => return None,
        };
        let rest = self.bytes.split_off(end);
        let lines = core::mem::replace(&mut self.bytes, rest);
        (!lines.is_empty()).then_some(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pending: &mut Pending, is_last: bool) -> Option<String> {
        pending.lines(is_last).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_line_waits_for_its_end() {
        let mut pending = Pending { offset: 0, bytes: b"a\nb\nhalf".to_vec() };
        assert_eq!(taken(&mut pending, false).as_deref(), Some("a\nb\n"));
        assert_eq!(taken(&mut pending, false), None);
        pending.bytes.extend_from_slice(b" line\n");
        assert_eq!(taken(&mut pending, false).as_deref(), Some("half line\n"));
    }

    #[test]
    fn the_last_line_of_standard_input_needs_no_end() {
        let mut pending = Pending { offset: 0, bytes: b"a\nlast".to_vec() };
        assert_eq!(taken(&mut pending, true).as_deref(), Some("a\n"));
        assert_eq!(taken(&mut pending, true).as_deref(), Some("last"));
        assert_eq!(taken(&mut pending, true), None);
    }

    #[test]
    fn lines_travel_in_groups_and_an_endless_line_is_cut() {
        let mut pending = Pending { offset: 0, bytes: b"x\n".repeat(SOURCE_LINES_PER_SUBMISSION + 1) };
        assert_eq!(pending.lines(false).unwrap().len(), SOURCE_LINES_PER_SUBMISSION * 2);
        assert_eq!(taken(&mut pending, false).as_deref(), Some("x\n"));
        pending.bytes = vec![b'y'; LINE_BYTES_MAX + 1];
        assert_eq!(pending.lines(false).unwrap().len(), LINE_BYTES_MAX + 1);
    }
}
