//! Talk: what does the mail server reply to one line?
//!
//! - LIMIT: `REPLY_LINES_MAX` lines of `LINE_BYTES_MAX` bytes in one reply; more ends the connection.
//! - **Not here**: what a reply to the final dot means (the parent).

use core::fmt;

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    commands::{Auth, Ehlo, Quit, Starttls},
    extension::{ClientId, Extension, ServerInfo},
    response::Response,
};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::{Security, Smtp, soft};
use crate::{
    adapters::{
        post::connect::stream_to,
        sink::{Cause, Reply},
    },
    limits::CONNECT_TIMEOUT,
};

/// Lines of one reply.
const REPLY_LINES_MAX: usize = 128;
/// Bytes of one line of a reply.
const LINE_BYTES_MAX: u64 = 4_096;

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// A connection on which the server has said who it is.
pub(super) struct Talk {
    wire: BufReader<Box<dyn Wire>>,
    server: ServerInfo,
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Talk")
    }
}

impl Talk {
    /// Connects, secures the connection, and says hello.
    pub(super) async fn open(smtp: &Smtp) -> Result<Self, Reply> {
        let connecting = stream_to(&smtp.host, smtp.port, smtp.reach);
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or(Err(Cause::Connect));
        let stream = stream.map_err(soft)?;
        match smtp.security {
            Security::None => Self::greeted(Box::new(stream)).await,
            Security::Implicit => Self::greeted(Box::new(smtp.tls.over(stream, &smtp.host).await.map_err(soft)?)).await,
            Security::StartTls => {
                let mut wire = BufReader::new(stream);
                expect(&mut wire, 2).await?;
                let server = hello(&mut wire).await?;
                if !server.supports_feature(Extension::StartTls) {
                    return Err(soft(Cause::Tls));
                }
                wire.write_all(Starttls.to_string().as_bytes()).await.map_err(|_| soft(Cause::Broken))?;
                expect(&mut wire, 2).await?;
                // What came in the clear behind the reply was not said by whoever has the certificate.
                if !wire.buffer().is_empty() {
                    return Err(soft(Cause::Tls));
                }
                let secured = smtp.tls.over(wire.into_inner(), &smtp.host).await.map_err(soft)?;
                let mut wire: BufReader<Box<dyn Wire>> = BufReader::new(Box::new(secured));
                let server = hello(&mut wire).await?;
                Ok(Self { wire, server })
            }
        }
    }

    async fn greeted(stream: Box<dyn Wire>) -> Result<Self, Reply> {
        let mut wire = BufReader::new(stream);
        expect(&mut wire, 2).await?;
        let server = hello(&mut wire).await?;
        Ok(Self { wire, server })
    }

    /// Says who we are.
    pub(super) async fn log_in(&mut self, credentials: &Credentials) -> Result<(), Reply> {
        let unable = Reply::FailedHard { cause: Cause::Status(504) };
        let mechanism = self.server.get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login]).ok_or(unable.clone())?;
        let mut auth = Auth::new(mechanism, credentials.clone(), None).map_err(|_| unable.clone())?;
        // LOGIN asks twice, PLAIN not at all.
        for _ in 0..3 {
            let (code, text) = say(&mut self.wire, auth.to_string().as_bytes()).await.map_err(soft)?;
            if code != 334 {
                return judge(code, 2);
            }
            let asked: Response = text.parse().map_err(|_| unable.clone())?;
            auth = Auth::new_from_response(mechanism, credentials.clone(), &asked).map_err(|_| unable.clone())?;
        }
        Err(unable)
    }

    /// Says a command and goes on only if the reply begins with this digit; nothing was sent otherwise.
    pub(super) async fn order(&mut self, line: &str, digit: u16) -> Result<(), Reply> {
        let code = self.ask(line).await.map_err(soft)?;
        judge(code, digit)
    }

    /// Says a line and waits for the code of its reply.
    pub(super) async fn ask(&mut self, line: &str) -> Result<u16, Cause> {
        say(&mut self.wire, line.as_bytes()).await.map(|(code, _)| code)
    }

    /// Writes without waiting for a reply.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.wire.write_all(bytes).await.map_err(|_| Cause::Broken)?;
        self.wire.flush().await.map_err(|_| Cause::Broken)
    }

    /// Says goodbye; whatever the server thinks of it, nothing depends on it.
    pub(super) async fn leave(&mut self) {
        _ = self.write(Quit.to_string().as_bytes()).await;
    }
}

/// A reply whose first digit is another one is the server's last word.
fn judge(code: u16, digit: u16) -> Result<(), Reply> {
    let cause = Cause::Status(code);
    match code {
        _ if code / 100 == digit => Ok(()),
        500..=599 => Err(Reply::FailedHard { cause }),
        _ => Err(Reply::FailedSoft { retry_after: None, cause }),
    }
}

async fn expect<S: AsyncRead + Unpin>(wire: &mut BufReader<S>, digit: u16) -> Result<(), Reply> {
    let (code, _) = read(wire).await.map_err(soft)?;
    judge(code, digit)
}

async fn hello<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut BufReader<S>) -> Result<ServerInfo, Reply> {
    let (code, text) = say(wire, Ehlo::new(ClientId::default()).to_string().as_bytes()).await.map_err(soft)?;
    judge(code, 2)?;
    let response: Response = text.parse().map_err(|_| soft(Cause::Broken))?;
    ServerInfo::from_response(&response).map_err(|_| soft(Cause::Broken))
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut BufReader<S>, line: &[u8]) -> Result<(u16, String), Cause> {
    wire.write_all(line).await.map_err(|_| Cause::Broken)?;
    wire.flush().await.map_err(|_| Cause::Broken)?;
    read(wire).await
}

/// One reply: its code and all of its lines.
async fn read<S: AsyncRead + Unpin>(wire: &mut BufReader<S>) -> Result<(u16, String), Cause> {
    let mut text = String::new();
    for _ in 0..REPLY_LINES_MAX {
        let begin = text.len();
        wire.take(LINE_BYTES_MAX).read_line(&mut text).await.map_err(|_| Cause::Broken)?;
        let line = text.get(begin..).unwrap_or("");
        let code = line.get(..3).and_then(|digits| digits.parse().ok()).filter(|_| line.ends_with('\n'));
        let code = code.ok_or(Cause::Broken)?;
        if line.get(3..4) != Some("-") {
            return Ok((code, text));
        }
    }
    Err(Cause::Broken)
}
