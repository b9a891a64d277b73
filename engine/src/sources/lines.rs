//! Lines: which lines came into a file, and how far did we get?
//!
//! A file feed is read as it grows; standard input until it ends. A mark in the data directory remembers the file and the byte
//! behind the last line that is durable, so a restart goes on there; what is read twice is recognised by its event id. A file
//! that is renamed away is read to its end before its successor is begun, also if that happened while the engine was down
//! and it is still in its folder. Whatever goes wrong, it is tried again.
//!
//! - LIMIT: `SOURCE_CHUNK_BYTES`, `SOURCE_LINES_PER_SUBMISSION`; a line longer than `LINE_BYTES_MAX` is kept as dead letters,
//!   piece by piece.
//! - **Not here**: folders into which files are put ([`folder`](super::folder)). A file that is emptied in place and filled beyond the mark within a
//!   second cannot be told from one that grew: rotate by renaming.

use std::{
    fs::Metadata,
    io::{self, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tokio::{
    fs::{self, File},
    io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, stdin},
    sync::watch,
};
use wardline_rules::Text;

use super::health::Health;
use crate::{
    config::FeedKind,
    engine::Engine,
    intake::{Intake, Reading, Shape},
    limits::{
        LINE_BYTES_MAX, RENAMED_SEEN_MAX, RETRY_OFFER_EVERY, SOURCE_CHUNK_BYTES, SOURCE_LINES_PER_SUBMISSION,
        SOURCE_RETRY_MAX, WATCH_EVERY,
    },
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
    /// How the feed is.
    pub health: Health,
}

/// How far a file was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Mark {
    /// Device and inode of the file, 0 for none.
    file: (u64, u64),
    /// The byte behind the last line that is durable.
    offset: u64,
}

impl Mark {
    /// Where to begin in a file of this identity and length.
    const fn begin(self, file: (u64, u64), length: u64) -> u64 {
        if file.0 == self.file.0 && file.1 == self.file.1 && length >= self.offset { self.offset } else { 0 }
    }

    fn read(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [device, inode, offset] = numbers.try_into().ok()?;
        Some(Self { file: (device, inode), offset })
    }

    fn written(self) -> String {
        format!("{} {} {}\n", self.file.0, self.file.1, self.offset)
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// An open file and what of it was read and not submitted.
struct Tail {
    file: File,
    identity: (u64, u64),
    pending: Pending,
}

impl Source {
    /// Reads until the end of standard input, or a stop.
    pub async fn run(self, kind: FeedKind, mut stop: watch::Receiver<bool>) {
        let work = async {
            match kind {
                FeedKind::File(path) => self.follow(&path).await,
                FeedKind::Stdin => {
                    self.health.connected();
                    if let Err(error) = self.read(&mut stdin(), &mut Pending::default(), (0, 0), true).await {
                        tracing::warn!(feed = %self.feed, %error, "feed.read");
                    }
                    self.health.lost();
                }
                FeedKind::Http | FeedKind::Mllp(_) | FeedKind::Nats(_) | FeedKind::Folder(_) => {}
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Reads what is there and what comes; after an error it waits and begins again at the mark.
    async fn follow(&self, path: &Path) {
        let mut wait = WATCH_EVERY;
        loop {
            let begun = self.engine.boot();
            let error = match self.tail(path).await {
                Ok(never) => match never {},
                Err(error) => error,
            };
            self.health.lost();
            tracing::warn!(feed = %self.feed, %error, "feed.read: tried again");
            let went_well = self.engine.boot().minus(begun) > wardline_rules::time::Span::from_seconds(60);
            wait = if went_well { WATCH_EVERY } else { wait.saturating_mul(2).min(SOURCE_RETRY_MAX) };
            tokio::time::sleep(wait).await;
        }
    }

    async fn tail(&self, path: &Path) -> io::Result<core::convert::Infallible> {
        let mut tail: Option<Tail> = None;
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        loop {
            ticks.tick().await;
            let named = match fs::metadata(path).await {
                Ok(named) => Some((identity(&named), named.len())),
                // Renamed away, or not there yet.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if let Some(open) = &mut tail {
                let is_over = named.is_some_and(|(identity, _)| identity != open.identity);
                let is_cut =
                    named.is_some_and(|(identity, length)| identity == open.identity && length < open.pending.read);
                if !is_cut {
                    self.read(&mut open.file, &mut open.pending, open.identity, is_over).await?;
                }
                if is_over || is_cut {
                    tail = None;
                }
            }
            if tail.is_none() && named.is_some() {
                tail = self.open(path).await?;
                let Some(open) = &mut tail else { continue };
                self.read(&mut open.file, &mut open.pending, open.identity, false).await?;
            }
        }
    }

    async fn open(&self, path: &Path) -> io::Result<Option<Tail>> {
        let mut file = match File::open(path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = file.metadata().await?;
        let identity = identity(&found);
        let mark = self.read_mark().await;
        if mark.file != (0, 0) && mark.file != identity {
            self.read_renamed(path, mark).await?;
        }
        let offset = self.read_mark().await.begin(identity, found.len());
        // Before its first line: whoever stops now and finds the name taken by another file still knows which one to look for.
        self.write_mark(Mark { file: identity, offset }).await;
        file.seek(SeekFrom::Start(offset)).await?;
        self.health.lost();
        self.health.connected();
        Ok(Some(Tail { file, identity, pending: Pending::at(offset) }))
    }

    /// Reads the rest of the file that the mark was made for, if it was renamed within its folder while nobody followed it.
    async fn read_renamed(&self, path: &Path, mark: Mark) -> io::Result<()> {
        let Some(folder) = path.parent() else { return Ok(()) };
        let mut entries = fs::read_dir(folder).await?;
        for _ in 0..RENAMED_SEEN_MAX {
            let Some(entry) = entries.next_entry().await? else { break };
            let found = entry.metadata().await?;
            if found.is_file() && identity(&found) == mark.file && found.len() > mark.offset {
                let mut file = File::open(entry.path()).await?;
                file.seek(SeekFrom::Start(mark.offset)).await?;
                return self.read(&mut file, &mut Pending::at(mark.offset), mark.file, true).await;
            }
        }
        Ok(())
    }

    /// Reads to the end; submits whole lines and leaves the rest, unless nothing more will come.
    async fn read(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        pending: &mut Pending,
        file: (u64, u64),
        is_last: bool,
    ) -> io::Result<()> {
        let mut chunk = vec![0; SOURCE_CHUNK_BYTES];
        loop {
            let length = from.read(&mut chunk).await?;
            pending.push(chunk.get(..length).unwrap_or_default());
            let is_end = length == 0;
            while let Some(piece) = pending.next(is_end && is_last) {
                let length = piece.bytes().len();
                self.submit(&piece).await?;
                pending.offset += u64::try_from(length).unwrap_or(0);
                self.write_mark(Mark { file, offset: pending.offset }).await;
            }
            if is_end {
                return Ok(());
            }
        }
    }

    /// Offers lines again and again until they are taken.
    async fn submit(&self, piece: &Piece) -> io::Result<()> {
        let at = self.engine.log_now();
        let whole = |bytes: &[u8]| self.intake.unread(&self.feed, bytes, at);
        let reading = match piece {
            Piece::Lines(lines) => {
                self.intake.events(&self.feed, Shape::Lines, lines, at).unwrap_or_else(|_| whole(lines))
            }
            Piece::Cut(bytes) => whole(bytes),
        };
        if reading.parcel.inputs.is_empty() {
            return Ok(());
        }
        match self.offer(reading).await {
            Err(Refusal::TooLarge) => self.offer(whole(piece.bytes())).await,
            ended => ended,
        }
        .map_err(|refusal| io::Error::other(format!("the engine does not take it: {refusal:?}")))
    }

    async fn offer(&self, reading: Reading) -> Result<(), Refusal> {
        let lane = self.intake.lane(&self.feed, &reading.parcel.inputs);
        let mut parcel = reading.parcel;
        let offered = loop {
            match self.engine.offer(lane, parcel) {
                Ok(offered) => break offered,
                Err((Refusal::Busy | Refusal::FeedBusy, back)) => parcel = back,
                Err((refusal @ (Refusal::Closed | Refusal::TooLarge), _)) => return Err(refusal),
            }
            tokio::time::sleep(RETRY_OFFER_EVERY).await;
        };
        offered.durable().await.map(drop)
    }

    async fn read_mark(&self) -> Mark {
        let Some(mark) = &self.mark else { return Mark::default() };
        match fs::read_to_string(mark).await {
            Ok(text) => Mark::read(&text).unwrap_or_else(|| {
                tracing::warn!(feed = %self.feed, "feed.mark: unreadable; the file is read from its beginning");
                Mark::default()
            }),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(feed = %self.feed, %error, "feed.mark: the file is read from its beginning");
                }
                Mark::default()
            }
        }
    }

    /// A mark that is lost costs reading twice, so it is replaced in one step and not synced, and what hinders it hinders
    /// nothing else.
    async fn write_mark(&self, to: Mark) {
        let Some(mark) = &self.mark else { return };
        let fresh = mark.with_extension("new");
        let written = async {
            fs::write(&fresh, to.written()).await?;
            fs::rename(&fresh, mark).await
        };
        if let Err(error) = written.await {
            tracing::warn!(feed = %self.feed, %error, "feed.mark");
        }
    }
}

/// What is submitted at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Whole lines.
    Lines(Vec<u8>),
    /// A part of a line that is too long to be one.
    Cut(Vec<u8>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Lines(bytes) | Self::Cut(bytes) => bytes,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Lines(bytes) | Self::Cut(bytes) => bytes,
        }
    }
}

/// Bytes that were read and not submitted.
#[derive(Default)]
pub(super) struct Pending {
    /// Where they begin in the file.
    pub(super) offset: u64,
    /// Where they end.
    read: u64,
    bytes: Vec<u8>,
    /// They begin in the middle of a line that was cut.
    is_cut: bool,
}

impl Pending {
    pub(super) fn at(offset: u64) -> Self {
        Self { offset, read: offset, ..Self::default() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.read += u64::try_from(bytes.len()).unwrap_or(0);
    }

    /// Takes out whole lines, at most `SOURCE_LINES_PER_SUBMISSION`; with `is_last` also one without its end.
    pub(super) fn next(&mut self, is_last: bool) -> Option<Piece> {
        if self.is_cut {
            return self.rest_of_cut(is_last);
        }
        let ends = self.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
        let end = ends.take(SOURCE_LINES_PER_SUBMISSION).last();
        match end {
            Some(end) => Some(Piece::Lines(self.take(end))),
            None if self.bytes.len() > LINE_BYTES_MAX => {
                self.is_cut = true;
                Some(Piece::Cut(self.take(LINE_BYTES_MAX)))
            }
            None if is_last && !self.bytes.is_empty() => Some(Piece::Lines(self.take(self.bytes.len()))),
            None => None,
        }
    }

    /// What belongs to a line that was cut is no line of its own.
    fn rest_of_cut(&mut self, is_last: bool) -> Option<Piece> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
        self.is_cut = end.is_none();
        match end {
            Some(end) => Some(Piece::Cut(self.take(end))),
            None if self.bytes.len() > LINE_BYTES_MAX => Some(Piece::Cut(self.take(LINE_BYTES_MAX))),
            None if is_last && !self.bytes.is_empty() => Some(Piece::Cut(self.take(self.bytes.len()))),
            None => None,
        }
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(end);
        core::mem::replace(&mut self.bytes, rest)
    }
}

#[cfg(test)]
mod tests;
