//! SMTP: was this notice taken by the mail server?
//!
//! ```text
//!  connect ─► STARTTLS ─► AUTH ─► MAIL ─► RCPT ─► DATA ─► text ─┬─► final dot ─► reply
//!  └──────────────── a failure here was not sent ──────────────┘   └─ a failure here: nobody knows
//! ```
//! One connection for each mail. `Message-ID` is made of the notice's key, so all attempts have the same; mail programs may
//! show a second one all the same, and its text says that it may be a repeat.
//!
//! - **How it fits**: `lettre` writes the mail and knows commands and replies; the connection with its TLS 1.3 and its guard
//!   against foreign addresses is that of [`post`](super::post).
//! - INVARIANT: name and password leave only over TLS or to this machine. What came before TLS is not believed after it.
//! - LIMIT: `SMTP_TIMEOUT` up to the final dot; the whole attempt is bounded by the caller.
//! - **Not here**: what the mail server does next; "taken by the server" counts as delivered, and never as answered.
//! - **Source**: RFC 5321, 3207, 4954, 3834; guarantees page, 3.1.

mod talk;

use core::fmt;
use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        commands::{Data, Mail, Rcpt},
    },
};

use self::talk::Talk;
use super::{
    post::{
        Error,
        address::is_this_machine,
        connect::{Reach, Tls},
    },
    sink::{Cause, Class, Key, Limits, Outgoing, Probing, Reply, Sending, Sink},
};
use crate::limits::SMTP_TIMEOUT;

/// How the connection is secured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// TLS after `STARTTLS`; a server without it gets nothing.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// None: this machine only.
    None,
}

/// A mail server and how it is spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Its name.
    pub host: String,
    /// Its port; `None` for that of the security.
    pub port: Option<u16>,
    /// How the connection is secured.
    pub security: Security,
    /// It stands inside our own network, so private addresses are meant.
    pub is_inside: bool,
}

/// A name and its password.
#[derive(Clone)]
pub struct Login(Credentials);

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl Login {
    /// For `AUTH PLAIN` or `AUTH LOGIN`.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn new(user: &str, password: &[u8]) -> Result<Self, Error> {
        let password = String::from_utf8(password.to_vec()).map_err(|_| Error::Unfit("the password is no text"))?;
        Ok(Self(Credentials::new(user.to_owned(), password)))
    }
}

/// Sends mails.
#[derive(Debug)]
pub struct Smtp {
    host: String,
    port: u16,
    security: Security,
    tls: Tls,
    reach: Reach,
    from: Mailbox,
    login: Option<Login>,
    is_secured: bool,
}

impl Smtp {
    /// Mails through `server`, from the address `from`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(server: Server, from: &str, login: Option<Login>, is_secured: bool) -> Result<Self, Error> {
        let Server { host, port, security, is_inside } = server;
        let from: Mailbox = from.parse().map_err(|_| Error::Unfit("`from` is no mail address"))?;
        let (default, tls, reach) = match security {
            Security::None if !is_this_machine(&host) => return Err(Error::Plaintext),
            Security::None => (25, Tls::None, Reach::ThisMachine),
            Security::StartTls | Security::Implicit => {
                let reach = if is_inside { Reach::Inside } else { Reach::Public };
                let default = if security == Security::Implicit { 465 } else { 587 };
                (default, Tls::trusting_this_machine()?, reach)
            }
        };
        Ok(Self { host, port: port.unwrap_or(default), security, tls, reach, from, login, is_secured })
    }

    async fn attempt(&self, message: &Outgoing) -> Reply {
        if message.text.chars().count() > Limits::default().text_chars_max {
            return Reply::FailedHard { cause: Cause::TooLarge };
        }
        let Ok(to) = message.address.parse::<Address>() else {
            return Reply::FailedHard { cause: Cause::AddressUnfit };
        };
        let Some(mail) = self.mail(message, to.clone()) else {
            return Reply::FailedHard { cause: Cause::AddressUnfit };
        };
        match tokio::time::timeout(SMTP_TIMEOUT, self.prepare(&mail, to)).await {
            Ok(Ok(mut talk)) => finish(&mut talk).await,
            Ok(Err(reply)) => reply,
            Err(_) => Reply::FailedSoft { retry_after: None, cause: Cause::Timeout },
        }
    }

    /// Everything up to the final dot.
    async fn prepare(&self, mail: &[u8], to: Address) -> Result<Talk, Reply> {
        let mut talk = self.greet().await?;
        talk.order(&Mail::new(Some(self.from.email.clone()), Vec::new()).to_string(), 2).await?;
        talk.order(&Rcpt::new(to, Vec::new()).to_string(), 2).await?;
        talk.order(&Data.to_string(), 3).await?;
        talk.write(&stuffed(mail)).await.map_err(soft)?;
        Ok(talk)
    }

    /// A server that knows who we are.
    async fn greet(&self) -> Result<Talk, Reply> {
        let mut talk = Talk::open(self).await?;
        if let Some(login) = &self.login {
            talk.log_in(&login.0).await?;
        }
        Ok(talk)
    }

    /// The mail as it goes over the wire; `None` if lettre finds something in it that cannot be.
    fn mail(&self, message: &Outgoing, to: Address) -> Option<Vec<u8>> {
        let domain = self.from.email.domain();
        let seconds = u64::try_from(message.at.micros().div_euclid(1_000_000)).unwrap_or(0);
        let header = |name: &'static str, text: &str| {
            HeaderName::new_from_ascii(name.to_owned()).ok().map(|name| HeaderValue::new(name, text.to_owned()))
        };
        let repeat = if message.is_repeat { "Possible repeat: " } else { "" };
        let subject = format!("{repeat}Wardline {} {} {}", message.severity, message.purpose, message.code);
        let built = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject.trim_end())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}@{domain}>", message.key)))
            // So that holiday replies do not come back.
            .raw_header(header("Auto-Submitted", "auto-generated")?)
            .body(format!("{}\n", message.text));
        built.ok().map(|mail| mail.formatted())
    }
}

/// The final dot: from its first byte on nobody knows until a complete reply has come.
async fn finish(talk: &mut Talk) -> Reply {
    let reply = match talk.ask(".\r\n").await {
        Ok(code) => verdict(code),
        Err(cause) => Reply::Ambiguous { cause },
    };
    talk.leave().await;
    reply
}

/// What a complete reply to the final dot means.
const fn verdict(code: u16) -> Reply {
    let cause = Cause::Status(code);
    match code {
        200..=299 => Reply::Delivered,
        400..=499 => Reply::FailedSoft { retry_after: None, cause },
        500..=599 => Reply::FailedHard { cause },
        _ => Reply::Ambiguous { cause },
    }
}

const fn soft(cause: Cause) -> Reply {
    match cause {
        Cause::AddressRefused => Reply::FailedHard { cause },
        _ => Reply::FailedSoft { retry_after: None, cause },
    }
}

/// The text with its line ends whole and a dot before every dot that begins a line.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(mail.len() + 16);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}

impl Sink for Smtp {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn key(&self) -> Key {
        Key::Header("message-id")
    }

    fn is_secured(&self) -> bool {
        self.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt(message))
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async {
            match tokio::time::timeout(SMTP_TIMEOUT, self.greet()).await {
                Ok(Ok(mut talk)) => {
                    talk.leave().await;
                    Ok(())
                }
                Ok(Err(Reply::FailedSoft { cause, .. } | Reply::FailedHard { cause } | Reply::Ambiguous { cause })) => {
                    Err(cause)
                }
                Ok(Err(Reply::Delivered)) => Ok(()),
                Err(_) => Err(Cause::Timeout),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sink::example, *};

    fn smtp() -> Smtp {
        let server = Server { host: "127.0.0.1".to_owned(), port: Some(1), security: Security::None, is_inside: false };
        Smtp::new(server, "Wardline <wardline@example.org>", None, false).unwrap()
    }

    #[test]
    fn a_mail_names_its_notice_in_every_attempt_and_asks_for_no_automatic_reply() {
        let mail = |message: &Outgoing| {
            String::from_utf8(smtp().mail(message, "ops@example.org".parse().unwrap()).unwrap()).unwrap()
        };
        let (first, second) = (mail(&example("n_a")), mail(&Outgoing { is_repeat: true, ..example("n_a") }));
        for (mail, subject) in
            [(&first, "Wardline red page K7Q2MD"), (&second, "Possible repeat: Wardline red page K7Q2MD")]
        {
            for line in [
                &format!("Subject: {subject}\r\n"),
                "Message-ID: <n_a@example.org>\r\n",
                "Auto-Submitted: auto-generated\r\n",
            ] {
                assert!(mail.contains(line), "{line} in {mail}");
            }
        }
    }

    #[test]
    fn a_line_that_begins_with_a_dot_does_not_end_the_mail() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n");
        assert_eq!(stuffed(b".a"), b"..a\r\n");
    }

    #[test]
    fn s1_13_mail_beyond_this_machine_is_secured() {
        let server = |host: &str, security| Server { host: host.to_owned(), port: None, security, is_inside: true };
        let refused = Smtp::new(server("mail.example.org", Security::None), "a@example.org", None, false);
        assert_eq!(refused.map(|_| ()).unwrap_err(), Error::Plaintext);
        let unfit = Smtp::new(server("localhost", Security::None), "nobody", None, false);
        assert!(matches!(unfit, Err(Error::Unfit(_))));
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused_before_anything_is_sent() {
        let forged = Outgoing { address: "a@example.org>\r\nRCPT TO:<b@example.org".into(), ..example("n_a") };
        assert_eq!(smtp().send(&forged).await, Reply::FailedHard { cause: Cause::AddressUnfit });
    }
}
