//! Broker: as much of a NATS server as a publisher needs, which writes down what it hears and behaves as it is told.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use wardline_connectors::adapters::{
    Class, Sink,
    nats::{Login, Server},
    subject::Subject,
};

use super::{
    SECRET,
    contract::{Behaviour, Heard, Stand},
};

/// What the server says to a message under its reply subject: a body, or that no stream listens.
#[derive(Clone, Copy)]
enum Says {
    Body(&'static str),
    NobodyListens,
    Nothing,
    Goodbye,
}

fn sink(port: u16) -> Arc<dyn Sink> {
    let login = Login::Token(SECRET.to_owned());
    let server = Server { url: format!("nats://127.0.0.1:{port}"), login, authorities: None };
    Arc::new(Subject::new(server, "wardline.notices".to_owned(), Class::Keyed, false))
}

/// A sink in front of a fresh server.
pub(crate) async fn stand(behaviour: Behaviour) -> Stand {
    stand_of(match behaviour {
        Behaviour::Accept => Says::Body(r#"{"stream":"NOTICES","seq":1}"#),
        Behaviour::Refuse => Says::Body(r#"{"error":{"code":400,"err_code":10003,"description":"bad request"}}"#),
        Behaviour::Later => {
            Says::Body(r#"{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}"#)
        }
        Behaviour::Fail => Says::Body("no JSON"),
        Behaviour::Break => Says::Goodbye,
        Behaviour::Hang => Says::Nothing,
    })
    .await
}

/// A sink whose subject no stream keeps.
pub(crate) async fn without_stream() -> Arc<dyn Sink> {
    stand_of(Says::NobodyListens).await.sink
}

/// A sink whose server is gone.
pub(crate) async fn closed() -> Arc<dyn Sink> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    sink(port)
}

async fn stand_of(says: Says) -> Stand {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, heard.clone(), says));
        }
    });
    Stand { sink: sink(port), heard: receiver }
}

async fn talk(stream: TcpStream, heard: UnboundedSender<Heard>, says: Says) -> Option<()> {
    let mut wire = BufReader::new(stream);
    let mut subscriptions: Vec<(String, String)> = Vec::new();
    let hello = "INFO {\"server_id\":\"T\",\"server_name\":\"t\",\"version\":\"2.10.0\",\"proto\":1,\"headers\":true,\
                 \"max_payload\":1048576,\"host\":\"127.0.0.1\",\"port\":1,\"client_id\":1,\"go\":\"go\"}\r\n";
    wire.write_all(hello.as_bytes()).await.ok()?;
    let mut line = String::new();
    loop {
        line.clear();
        wire.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["PING"] => wire.write_all(b"PONG\r\n").await.ok()?,
            ["SUB", subject, sid] => subscriptions.push((subject.trim_end_matches('*').to_owned(), (*sid).to_owned())),
            ["HPUB", _, reply, head, all] => {
                let (head, all): (usize, usize) = (head.parse().ok()?, all.parse().ok()?);
                let mut bytes = vec![0; all + 2];
                wire.read_exact(&mut bytes).await.ok()?;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                drop(heard.send(Heard { head: text(&bytes[..head]), body: text(&bytes[head..all]) }));
                let (_, sid) = subscriptions.iter().rfind(|(subject, _)| reply.starts_with(subject.as_str()))?;
                let answer = match says {
                    Says::Body(body) => format!("MSG {reply} {sid} {}\r\n{body}\r\n", body.len()),
                    Says::NobodyListens => format!("HMSG {reply} {sid} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"),
                    Says::Nothing => continue,
                    Says::Goodbye => return None,
                };
                wire.write_all(answer.as_bytes()).await.ok()?;
            }
            _ => {}
        }
    }
}
