//! Mail: an SMTP server that writes down what it hears and behaves as it is told.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use wardline_connectors::adapters::{
    Outgoing, Reply, Sink,
    sink::{Class, Key, Limits, Probing, Sending},
    smtp::{Login, Security, Server, Smtp},
};

use super::{
    SECRET,
    contract::{Behaviour, Heard, Stand},
};

/// The contract's page, to a mail address.
#[derive(Debug)]
struct ToMail(Smtp);

impl ToMail {
    async fn attempt(&self, message: &Outgoing) -> Reply {
        self.0.send(&Outgoing { address: "ops@example.org".into(), ..message.clone() }).await
    }
}

impl Sink for ToMail {
    fn class(&self) -> Class {
        self.0.class()
    }

    fn key(&self) -> Key {
        self.0.key()
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn is_secured(&self) -> bool {
        self.0.is_secured()
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt(message))
    }

    fn probe(&self) -> Probing<'_> {
        self.0.probe()
    }
}

fn sink(port: u16) -> Arc<dyn Sink> {
    let server = Server { host: "127.0.0.1".to_owned(), port: Some(port), security: Security::None, is_inside: false };
    let login = Login::new("wardline", SECRET.as_bytes()).unwrap();
    Arc::new(ToMail(Smtp::new(server, "wardline@example.org", Some(login), false).unwrap()))
}

/// A sink in front of a fresh server.
pub(crate) async fn stand(behaviour: Behaviour) -> Stand {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, heard.clone(), behaviour));
        }
    });
    Stand { sink: sink(port), heard: receiver }
}

/// A sink whose server is gone.
pub(crate) async fn closed() -> Arc<dyn Sink> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    sink(port)
}

/// A sink by a name that means this machine; `None` if this machine trusts no certificate.
pub(crate) fn at_this_machine_by_name() -> Option<Arc<dyn Sink>> {
    let server = Server { host: "localhost".to_owned(), port: Some(1), security: Security::StartTls, is_inside: false };
    Some(Arc::new(ToMail(Smtp::new(server, "wardline@example.org", None, false).ok()?)))
}

async fn talk(stream: TcpStream, heard: UnboundedSender<Heard>, behaviour: Behaviour) -> Option<()> {
    let mut wire = BufReader::new(stream);
    let mut line = String::new();
    wire.write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
    loop {
        line.clear();
        wire.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let reply: &[u8] = match (line.get(..4)?.to_uppercase().as_str(), behaviour) {
            ("EHLO", _) => b"250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
            ("AUTH", _) => b"235 welcome\r\n",
            ("RCPT", Behaviour::Refuse) => b"550 no such user\r\n",
            ("RCPT", Behaviour::Later) => b"451 come again\r\n",
            ("DATA", _) => {
                wire.write_all(b"354 go on\r\n").await.ok()?;
                drop(heard.send(mail(&mut wire).await?));
                match behaviour {
                    Behaviour::Fail => b"354 what?\r\n",
                    Behaviour::Break => return None,
                    Behaviour::Hang => std::future::pending().await,
                    Behaviour::Accept | Behaviour::Refuse | Behaviour::Later => b"250 kept\r\n",
                }
            }
            ("QUIT", _) => return wire.write_all(b"221 bye\r\n").await.ok(),
            _ => b"250 ok\r\n",
        };
        wire.write_all(reply).await.ok()?;
    }
}

/// Everything up to the final dot.
async fn mail(wire: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut text = String::new();
    while !text.ends_with("\r\n.\r\n") {
        wire.read_line(&mut text).await.ok().filter(|length| *length > 0)?;
    }
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some(Heard { head: head.to_owned(), body: body.to_owned() })
}
