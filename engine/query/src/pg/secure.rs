//! Secure: how does a session of the Postgres wire become one of TLS?
//!
//! ```text
//!  SSLRequest ─► S ─► TLS 1.3 ─► a pair of sockets ─► the session
//!  anything else ─► the session, which refuses to begin in the clear
//! ```
//! A client asks for TLS with eight bytes in the clear. Exactly these are read here: what somebody in between sends behind
//! them is part of no handshake, and never read as if it had come through TLS.
//!
//! - **How it fits**: [`serve`](super::serve) has each connection made ready here if there is a certificate.
//! - LIMIT: `TLS_TIMEOUT` for all of it.
//! - **Not here**: certificates (the program's), who may ask ([`super::startup`]).

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpStream, UnixStream},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::limits::TLS_TIMEOUT;

/// Gives what a new connection is secured with: files may have changed since the last one.
pub type Certificates = Arc<dyn Fn() -> TlsAcceptor + Send + Sync>;

/// How a connection goes on.
#[derive(Debug)]
pub(super) enum Ready {
    /// Through TLS; the other end of what came out of it.
    Secure(UnixStream),
    /// As it came: a request to cancel, or somebody who is refused.
    Plain(TcpStream),
}

/// The first word of a message that asks for TLS, and of one that asks for GSSAPI: a length of eight, and a code.
const TLS_WANTED: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS_WANTED: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
/// The first byte of a client that speaks TLS without asking.
const HANDSHAKE: u8 = 22;
/// Pause before it is looked again whether more of the first eight bytes came.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Secures a connection, if it asks for that.
///
/// # Errors
/// It went away, spoke no TLS 1.3 after having asked for it, or took too long.
pub(super) async fn ready(stream: TcpStream, certificates: &Certificates) -> io::Result<Ready> {
    let stream = timeout(TLS_TIMEOUT, negotiated(stream, certificates)).await;
    stream.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn negotiated(mut stream: TcpStream, certificates: &Certificates) -> io::Result<Ready> {
    let mut first = first_of(&stream).await?;
    if first == GSS_WANTED {
        stream.read_exact(&mut first).await?;
        stream.write_all(b"N").await?;
        first = first_of(&stream).await?;
    }
    if first == TLS_WANTED {
        stream.read_exact(&mut first).await?;
        stream.write_all(b"S").await?;
    } else if first.first() != Some(&HANDSHAKE) {
        return Ok(Ready::Plain(stream));
    }
    let mut secured = certificates().accept(stream).await?;
    let (mut inner, session) = UnixStream::pair()?;
    // Ends when either side does.
    tokio::spawn(async move { copy_bidirectional(&mut secured, &mut inner).await.map(drop) });
    Ok(Ready::Secure(session))
}

/// The first eight bytes, which stay to be read.
async fn first_of(stream: &TcpStream) -> io::Result<[u8; 8]> {
    let mut first = [0; 8];
    loop {
        match stream.peek(&mut first).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            8.. => return Ok(first),
            _ => sleep(LOOK_AGAIN).await,
        }
    }
}
