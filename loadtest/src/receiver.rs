//! Receiver: which pages came, and what happens to them while it is down?
//!
//! A webhook on the loopback that takes what an engine sends: 204, or 503 while it is told to be down. It knows each notice by its key,
//! so that one that comes twice is seen, and whether it was said to be a possible repeat.
//!
//! - **How it fits**: live runs of [`tatmark`](crate::tatmark) give its port to the engine.
//! - LIMIT: `NOTICE_BYTES_MAX` in [`limits`](crate::limits); a longer one ends its connection.
//! - **Not here**: checking signatures; the engine's own tests do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::limits::NOTICE_BYTES_MAX;

/// What came so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// How often each notice came, by its key.
    pub keys: BTreeMap<String, u32>,
    /// Notices that came again and were not said to be possible repeats.
    pub unsaid_repeats: u64,
    /// When the last one came.
    pub last: Option<Instant>,
}

#[derive(Debug, Default)]
struct Shared {
    is_down: AtomicBool,
    refused: AtomicU64,
    heard: Mutex<Heard>,
}

/// A running receiver; its threads end with the process or with their connections.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Begins to listen on a free port.
    ///
    /// **Errors**: none is free.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let kept = Arc::clone(&shared);
        drop(std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // A connection that breaks is the sender's to open again.
                drop(std::thread::spawn(move || serve(&socket, &kept)));
            }
        }));
        Ok(Self { port, shared })
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// From now on it refuses, or takes again.
    pub fn set_down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::Relaxed);
    }

    /// How often it refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// What it took.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many notices it took, each counted once.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner).keys.len()
    }
}

/// Requests of one connection, until it ends.
fn serve(socket: &TcpStream, shared: &Shared) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(socket);
    loop {
        let (mut key, mut is_said, mut length) = (String::new(), false, 0);
        let mut line = String::new();
        for number in 0.. {
            line.clear();
            if reader.by_ref().take(NOTICE_BYTES_MAX).read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim_end().is_empty() && number > 0 {
                break;
            }
            let (name, value) = line.trim_end().split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => value.trim().clone_into(&mut key),
                "wardline-possible-repeat" => is_said = true,
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        if length > NOTICE_BYTES_MAX {
            return None;
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let answer = take(shared, key, is_said);
        let mut socket = socket;
        socket.write_all(answer.as_bytes()).ok()?;
    }
}

fn take(shared: &Shared, key: String, is_said: bool) -> &'static str {
    if shared.is_down.load(Ordering::Relaxed) {
        shared.refused.fetch_add(1, Ordering::Relaxed);
        return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    }
    let mut heard = shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
    let times = heard.keys.entry(key).or_default();
    *times += 1;
    let is_unsaid = *times > 1 && !is_said;
    heard.unsaid_repeats += u64::from(is_unsaid);
    heard.last = Some(Instant::now());
    "HTTP/1.1 204 No Content\r\n\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(socket: &mut TcpStream, key: &str, more: &str) -> String {
        let request =
            format!("POST /phone HTTP/1.1\r\nHost: x\r\nWebhook-Id: {key}\r\n{more}content-length: 5\r\n\r\nhello");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 256];
        let length = socket.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn notices_are_known_by_their_key_and_refused_while_it_is_down() {
        let receiver = Receiver::start().unwrap();
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, receiver.port())).unwrap();
        assert_eq!(post(&mut socket, "n_a", ""), "204");
        receiver.set_down(true);
        assert_eq!(post(&mut socket, "n_b", ""), "503");
        assert_eq!((receiver.count(), receiver.refused()), (1, 1));
        receiver.set_down(false);
        assert_eq!(post(&mut socket, "n_b", ""), "204");
        assert_eq!(post(&mut socket, "n_a", "wardline-possible-repeat: true\r\n"), "204");
        assert_eq!(receiver.heard().unsaid_repeats, 0);
        assert_eq!(post(&mut socket, "n_a", ""), "204");
        let heard = receiver.heard();
        assert_eq!((heard.keys.len(), heard.keys["n_a"], heard.unsaid_repeats), (2, 3, 1));
        assert!(heard.last.is_some());
    }
}
