//! Followers: who hears of new rows, and what happens to one that is slow?
//!
//! A Unix socket in the data directory, for processes of the same user. Each follower has a bounded buffer and a thread that
//! empties it; one whose buffer is full is cut off and may begin again.
//!
//! - **Not here**: what is sent ([`super::keeper`]).

use std::{
    fs, io,
    io::Write as _,
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Sender, SyncSender},
    },
    thread,
};

use super::Order;
use crate::limits::{ACCEPT_PAUSE, FOLLOWER_BYTES_MAX};

/// One follower, as the archive thread knows it.
#[derive(Debug)]
pub(crate) struct Follower {
    sender: Sender<Arc<[u8]>>,
    waiting: Arc<AtomicUsize>,
}

impl Follower {
    /// Sends what it must have to begin, however much; `false` if it is gone.
    pub(super) fn greet(&self, bytes: Arc<[u8]>) -> bool {
        self.sender.send(bytes).is_ok()
    }

    /// Sends more; `false` if it is gone, or too slow.
    pub(super) fn send(&self, bytes: Arc<[u8]>) -> bool {
        let len = bytes.len();
        let waiting = self.waiting.fetch_add(len, Ordering::AcqRel) + len;
        if waiting > FOLLOWER_BYTES_MAX {
            tracing::warn!(waiting, "archive.follower: too slow, cut off; it begins again");
            return false;
        }
        self.sender.send(bytes).is_ok()
    }
}

/// Listens; every follower that connects is told to the archive thread.
///
/// # Errors
/// A socket that cannot be made.
pub(super) fn listen(path: &Path, orders: SyncSender<Order>) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let accept = move || {
        for stream in listener.incoming() {
            let stream = match stream {
                Ok(stream) if is_ours(&stream) => stream,
                Ok(_) => continue,
                // Too many open files, mostly: reported again at once, for as long as somebody waits to be let in. This thread
                // does nothing but let in, so it may sleep.
                Err(error) => {
                    tracing::warn!(%error, "archive.accept");
                    thread::sleep(ACCEPT_PAUSE);
                    continue;
                }
            };
            match follower(stream) {
                Ok(follower) => {
                    if orders.send(Order::Follower(follower)).is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "archive.follower"),
            }
        }
    };
    thread::Builder::new().name("wardline-followers".to_owned()).spawn(accept).map(drop)
}

/// Whether the other end is a process of the same user.
fn is_ours(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid();
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == own)
}

fn follower(mut stream: UnixStream) -> io::Result<Follower> {
    let (sender, receiver) = mpsc::channel::<Arc<[u8]>>();
    let waiting = Arc::new(AtomicUsize::new(0));
    let counted = waiting.clone();
    let write = move || {
        for bytes in receiver {
            let len = bytes.len();
            if stream.write_all(&bytes).is_err() {
                return;
            }
            // What it was sent to begin with was not counted.
            let less = |waiting: usize| Some(waiting.saturating_sub(len));
            // The closure always gives a number.
            let _was = counted.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        }
    };
    thread::Builder::new().name("wardline-follower".to_owned()).spawn(write)?;
    Ok(Follower { sender, waiting })
}
