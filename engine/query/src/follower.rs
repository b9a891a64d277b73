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
    access::now,
    figures::Figures,
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
pub fn follow(socket: PathBuf, archive: PathBuf, newest: Newest, figures: Arc<Figures>) -> io::Result<()> {
    let run = move || {
        let mut told = String::new();
        loop {
            let Err(error) = connection((&socket, &archive), &newest, &figures);
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

fn connection(
    (socket, archive): (&Path, &Path),
    newest: &Newest,
    figures: &Figures,
) -> Result<core::convert::Infallible, Error> {
    let mut stream = BufReader::with_capacity(1 << 20, UnixStream::connect(socket)?);
    let mut hot = Hot::default();
    let mut manifest = Arc::new(Manifest::default());
    // The first commit says what was there before this connection, however long ago.
    let mut shown = None;
    loop {
        match read(&mut stream)? {
            Frame::Hello(hello) if (hello.protocol, hello.schema_version) == (PROTOCOL, SCHEMA_VERSION) => {}
            Frame::Hello(_) => return Err(Error::OtherRelease),
            Frame::Batch { table, batch } => hot.push(table, batch).map_err(Error::Arrow)?,
            Frame::Manifest { version } => {
                manifest = Arc::new(read_manifest(archive, version)?);
                hot.forget(manifest.covered);
            }
            Frame::Commit(commit) => {
                let (epoch, at) = (commit.epoch, commit.at);
                newest.publish(Snapshot::new(commit, manifest.clone(), Arc::new(hot.clone())));
                // A commit may come twice: again when files hold its rows.
                if shown.replace(epoch).is_some_and(|before| epoch > before) {
                    figures.visible(at, now());
                }
            }
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

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::net::UnixListener, time::Duration};

    use wardline_tables::frame::{Commit, Hello};

    use super::*;

    #[test]
    fn what_becomes_visible_is_counted_once_and_not_what_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("query.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (newest, figures) = (Newest::default(), Arc::new(Figures::new().unwrap()));
        follow(socket, folder.path().to_owned(), newest.clone(), figures.clone()).unwrap();
        let (mut engine, _) = listener.accept().unwrap();
        let mut send = |frame: Frame| engine.write_all(&frame.encode().unwrap()).unwrap();
        let commit = |epoch| Frame::Commit(Commit { epoch, at: now() - 20_000, ..Commit::default() });
        send(Frame::Hello(Hello { protocol: PROTOCOL, schema_version: SCHEMA_VERSION }));
        for epoch in [7, 8, 8, 9] {
            send(commit(epoch));
        }
        let until = std::time::Instant::now() + Duration::from_secs(20);
        let count = "wardline_visible_delay_seconds_count 2\n";
        while !figures.at_first().contains(count) {
            assert!(std::time::Instant::now() < until, "{}", figures.at_first());
            thread::yield_now();
        }
        assert_eq!(newest.get().unwrap().commit.epoch, 9);
        assert!(figures.at_first().contains("delay_seconds_bucket{le=\"0.01\"} 0\n"), "20 ms at least");
    }
}
