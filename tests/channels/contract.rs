//! Contract: what must every sink do, whatever carries it?
//!
//! | the receiver | the sink says |
//! |---|---|
//! | takes it | delivered; the key is where it is declared to be, the same in every attempt |
//! | refuses for good, for now | failed hard; failed soft, with the wait that was asked for |
//! | fails, or breaks off after the request | unknown |
//! | says nothing | nothing yet: the caller's patience decides, and then it is unknown |
//! | is never reached, because the text is too long | failed hard, and nothing was sent |

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use wardline_connectors::adapters::{
    Outgoing, Reply, Sink,
    sink::{Asks, Cause, Key},
};
use wardline_rules::{Text, program::Level, time::Timestamp, words::Channel};

/// How a test's server behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Behaviour {
    /// Takes what comes.
    Accept,
    /// Never takes it.
    Refuse,
    /// Takes it later.
    Later,
    /// Breaks down and says so.
    Fail,
    /// Closes once it has heard all.
    Break,
    /// Says nothing once it has heard all.
    Hang,
}

/// What a server heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heard {
    /// Headers, one to a line, names in lower case.
    pub(crate) head: String,
    /// What came behind them.
    pub(crate) body: String,
}

/// A sink in front of its server.
pub(crate) struct Stand {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) heard: UnboundedReceiver<Heard>,
}

/// A page.
pub(crate) fn message() -> Outgoing {
    Outgoing {
        key: Text::from("n_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        code: Text::from("K7Q2MD"),
        link: "https://wardline.example/a/K7Q2MD?n=a&s=b".to_owned(),
        callback: "https://wardline.example/v1/replies/phone?via=default&n=a&s=b".to_owned(),
        asks: Asks::Acceptance,
        withdraws: Vec::new(),
        severity: Text::from("red"),
        level: Level::Red,
        purpose: "page",
        channel: Channel::SecureMessage,
        address: Text::from(ADDRESS),
        text: "red: a result waits for you. https://wardline.example/a/K7Q2MD?n=a&s=b Code K7Q2MD".to_owned(),
        is_repeat: false,
        number: 1,
        at: Timestamp::from_micros(1_768_377_130_000_000),
    }
}

/// One address that is a number and a name to those who want one; mail has its own.
pub(crate) const ADDRESS: &str = "+1 555 555 0111";

/// The whole contract.
///
/// - **Input** `stand`: sets the sink up in front of a fresh server. `wait`: the seconds that a server which takes it later asks
///   for, where its protocol can say so.
pub(crate) async fn whole(stand: impl AsyncFn(Behaviour) -> Stand, secret: &str, wait: Option<u32>) {
    accepted(stand(Behaviour::Accept).await, secret).await;
    let replies = [
        refused(&stand(Behaviour::Refuse).await).await,
        later(&stand(Behaviour::Later).await, wait).await,
        unknown(&stand(Behaviour::Fail).await).await,
        unknown(&stand(Behaviour::Break).await).await,
    ];
    let said = format!("{replies:?}");
    assert!(!said.contains(secret) && !said.contains("K7Q2MD"), "a reply tells nothing it was told: {said}");
    silent(stand(Behaviour::Hang).await).await;
    let mut unheard = stand(Behaviour::Accept).await;
    too_large(unheard.sink.as_ref()).await;
    assert!(unheard.heard.try_recv().is_err(), "nothing was sent");
    assert_eq!(unheard.sink.probe().await, Ok(()));
    assert!(unheard.heard.try_recv().is_err(), "a look disturbs nobody");
}

async fn accepted(mut stand: Stand, secret: &str) {
    // [SEC-2]: nothing is secured that nobody declared.
    assert_eq!(stand.sink.send(&message()).await, Reply::Delivered);
    let repeat = Outgoing { number: 2, is_repeat: true, ..message() };
    assert_eq!(stand.sink.send(&repeat).await, Reply::Delivered);
    let (first, second) = (stand.heard.recv().await.unwrap(), stand.heard.recv().await.unwrap());
    let keys = [&first, &second].map(|heard| key_in(stand.sink.key(), &heard.head, &heard.body));
    assert_eq!(keys[0], keys[1], "the key is the same in every attempt");
    let key = keys[0].clone().unwrap_or_else(|| panic!("no key where {:?} says: {first:?}", stand.sink.key()));
    let known = if stand.sink.key() == Key::Text { message().code } else { message().key };
    assert!(key.contains(known.as_str()), "{key}");
    let text = readable(&first.body);
    assert!(text.contains("aresultwaitsforyou"), "{text}");
    let printed = format!("{:?}", stand.sink);
    assert!(!printed.contains(secret), "[S1-22] {printed}");
    assert!(!stand.sink.is_secured(), "nobody has said that its readers have signed in");
}

async fn refused(stand: &Stand) -> Reply {
    let reply = stand.sink.send(&message()).await;
    assert!(matches!(reply, Reply::FailedHard { cause: Cause::Status(_) }), "{reply:?}");
    reply
}

async fn later(stand: &Stand, wait: Option<u32>) -> Reply {
    let reply = stand.sink.send(&message()).await;
    assert!(
        matches!(&reply, Reply::FailedSoft { retry_after, cause: Cause::Status(_) } if *retry_after == wait),
        "{reply:?}"
    );
    reply
}

async fn unknown(stand: &Stand) -> Reply {
    let reply = stand.sink.send(&message()).await;
    assert!(matches!(reply, Reply::Ambiguous { .. }), "{reply:?}");
    reply
}

/// A server that has heard all and says nothing: the attempt goes on until its caller ends it.
async fn silent(mut stand: Stand) {
    let page = message();
    let mut sending = stand.sink.send(&page);
    tokio::select! {
        biased;
        reply = &mut sending => panic!("a server that said nothing was understood as {reply:?}"),
        heard = stand.heard.recv() => assert!(heard.is_some()),
    }
}

/// What is longer than declared is refused before anything leaves.
pub(crate) async fn too_large(sink: &dyn Sink) {
    let long = Outgoing { text: "x".repeat(sink.limits().text_chars_max + 1), ..message() };
    assert_eq!(sink.send(&long).await, Reply::FailedHard { cause: Cause::TooLarge });
}

/// The key, where a sink says that it is.
pub(crate) fn key_in(key: Key, head: &str, body: &str) -> Option<String> {
    match key {
        Key::Header(name) => {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.next().map(|(_, text)| text.trim().to_owned())
        }
        Key::Field(pointer) => {
            let body: serde_json::Value = serde_json::from_str(body).ok()?;
            body.pointer(pointer)?.as_str().map(str::to_owned)
        }
        Key::Text => readable(body).contains(message().code.as_str()).then(|| message().code.to_string()),
    }
}

/// What a person would read, without blanks: a call spells its code.
fn readable(body: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).split_whitespace().collect()
}
