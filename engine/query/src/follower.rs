//! Follower: how does this process learn of new rows?
//!
//! It connects to the engine's socket, takes what is hot, reads the manifest when it is told to, and publishes a snapshot at
//! each commit. When the connection ends it begins again; what it showed last stays visible meanwhile.
//!
//! - **Not here**: what is done with a snapshot.

use std::{
    io::{self, BufReader, Read as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use wardline_tables::{
    frame::{self, Frame, HEADER_BYTES, PROTOCOL},
    hot::Hot,
    manifest::{self, LOG, Manifest},
    schema::SCHEMA_VERSION,
};

use crate::{
    limits::RECONNECT_AFTER,
    snapshot::{Newest, Snapshot},
};

/// Why a connection ended.
#[derive(Debug)]
enum Error {
    Io(io::Error),
    Frame(frame::Error),
    Manifest(manifest::Error),
    Arrow(arrow::error::ArrowError),
    OtherRelease,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Frame(error) => error.fmt(f),
            Self::Manifest(error) => error.fmt(f),
            Self::Arrow(error) => error.fmt(f),
            Self::OtherRelease => f.write_str("the engine is of another release"),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Follows the engine of a data directory for ever, on a thread of its own.
///
/// # Errors
/// A thread that cannot be started.
pub fn follow(socket: PathBuf, archive: PathBuf, newest: Newest) -> io::Result<()> {
    let run = move || {
        let mut told = String::new();
        loop {
            let Err(error) = connection(&socket, &archive, &newest);
            // Once for each new reason: an engine that is away or of another release says the same five times a second.
            newest.lose();
            let reason = error.to_string();
            if reason != told {
                tracing::warn!(%reason, "follower.end: rows stay as they are until the engine is heard again");
                told = reason;
            }
            thread::sleep(RECONNECT_AFTER);
        }
    };
    thread::Builder::new().name("wardline-follower".to_owned()).spawn(run).map(drop)
}

fn connection(socket: &Path, archive: &Path, newest: &Newest) -> Result<core::convert::Infallible, Error> {
    let mut stream = BufReader::with_capacity(1 << 20, UnixStream::connect(socket)?);
    let mut hot = Hot::default();
    let mut manifest = Arc::new(Manifest::default());
    loop {
        match read(&mut stream)? {
            Frame::Hello(hello) if (hello.protocol, hello.schema_version) == (PROTOCOL, SCHEMA_VERSION) => {}
            Frame::Hello(_) => return Err(Error::OtherRelease),
            Frame::Batch { table, batch } => hot.push(table, batch).map_err(Error::Arrow)?,
            Frame::Manifest { version } => {
                manifest = Arc::new(read_manifest(archive, version)?);
                hot.forget(manifest.covered);
            }
            Frame::Commit(commit) => newest.publish(Snapshot::new(commit, manifest.clone(), Arc::new(hot.clone()))),
        }
    }
}

fn read(stream: &mut impl io::Read) -> Result<Frame, Error> {
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header)?;
    let header = Frame::header(&header).map_err(Error::Frame)?;
    let mut payload = vec![0; header.len];
    stream.read_exact(&mut payload)?;
    Frame::decode(header, &payload).map_err(Error::Frame)
}

/// The manifest as of a version: later lines belong to a frame that is still to come.
fn read_manifest(archive: &Path, version: u64) -> Result<Manifest, Error> {
    let bytes = match std::fs::File::open(archive.join(LOG)) {
        Ok(mut file) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            bytes
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let end = usize::try_from(version).ok().and_then(|lines| {
        let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1);
        if lines == 0 { Some(0) } else { ends.nth(lines - 1) }
    });
    let whole = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    Manifest::read(whole).map(|(manifest, _)| manifest).map_err(Error::Manifest)
}
