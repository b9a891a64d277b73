//! Mllp: how are HL7 messages sent, and what was answered?
//!
//! All messages of a batch are written at once, each in its frame; then as many answers are read. A batch is accepted when each of them
//! says AA or CA.
//! - LIMIT: `ANSWER_BYTES_MAX` in [`limits`](crate::limits).
//! - **Not here**: making the messages ([`hl7`](crate::hl7)).

use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::limits::ANSWER_BYTES_MAX;
use crate::result::Ending;

/// Opens a connection.
pub(super) async fn open(authority: &str) -> Option<TcpStream> {
    let socket = TcpStream::connect(authority).await.ok()?;
    socket.set_nodelay(true).ok()?;
    Some(socket)
}

/// Sends framed messages and reads `count` answers; whether the connection can be used again is `Some`.
pub(super) async fn send(mut socket: TcpStream, body: Bytes, count: u32) -> (Ending, Option<TcpStream>) {
    if socket.write_all(&body).await.is_err() {
        return (Ending::Failed, None);
    }
    let (mut heard, mut ending, mut left) = (Vec::new(), Ending::Accepted, count);
    while left > 0 {
        match socket.read_buf(&mut heard).await {
            Ok(0) | Err(_) => return (Ending::Failed, None),
            Ok(_) => {}
        }
        while let Some(end) = heard.windows(2).position(|two| two == b"\x1c\r") {
            if !is_yes(heard.get(..end).unwrap_or_default()) {
                ending = Ending::Refused;
            }
            heard.drain(..end + 2);
            left = left.saturating_sub(1);
        }
        if heard.len() > ANSWER_BYTES_MAX {
            return (Ending::Failed, None);
        }
    }
    (ending, Some(socket))
}

/// Whether an answer's MSA says AA or CA.
fn is_yes(answer: &[u8]) -> bool {
    let mut segments = answer.split(|byte| *byte == b'\r');
    let said = segments.find_map(|segment| segment.trim_ascii_start().strip_prefix(b"MSA|"));
    said.is_some_and(|said| said.starts_with(b"AA|") || said.starts_with(b"CA|") || said == b"AA" || said == b"CA")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_batch_is_accepted_when_every_answer_says_yes() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut sink = [0; 64];
            for answers in [["AA|1", "CA|2"], ["AA|3", "AE|4"]] {
                let _ = socket.read(&mut sink).await.unwrap();
                for answer in answers {
                    // In two pieces: an answer may be cut anywhere.
                    socket.write_all(format!("\x0bMSH|^~\\&\rMSA|{answer}").as_bytes()).await.unwrap();
                    socket.write_all(b"\r\x1c\r").await.unwrap();
                }
            }
        });
        let socket = open(&authority).await.unwrap();
        let (first, socket) = send(socket, Bytes::from_static(b"\x0bone\x1c\r"), 2).await;
        let (second, socket) = send(socket.unwrap(), Bytes::from_static(b"\x0btwo\x1c\r"), 2).await;
        assert_eq!((first, second), (Ending::Accepted, Ending::Refused));
        // Now the listener has gone.
        assert_eq!(send(socket.unwrap(), Bytes::from_static(b"x"), 1).await.0, Ending::Failed);
    }
}
