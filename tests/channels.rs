//! Channels: does every sink keep the same contract, in front of a server that behaves as it is told?
//!
//! One contract ([`contract`]), one test for each sink. The servers are real ones on loopback: HTTP by hyper, SMTP and NATS by
//! as much of their protocols as a client needs.
//!
//! - **Not here**: other people's servers (`tests/e2e/channels.py`); what one kind of sink says in particular, which stands
//!   beside it in `connectors/src/adapters`.

#[cfg(test)]
#[path = "channels/broker.rs"]
mod broker;
#[cfg(test)]
#[path = "channels/contract.rs"]
mod contract;
#[cfg(test)]
#[path = "channels/mail.rs"]
mod mail;
#[cfg(test)]
#[path = "channels/pages.rs"]
mod pages;
#[cfg(test)]
#[path = "channels/web.rs"]
mod web;

use std::sync::Arc;

use wardline_connectors::adapters::{
    Class, Outgoing, Reply, Sink, alertmanager, fhir,
    file::FileSink,
    pagerduty,
    post::{Error, Terms},
    sink::Cause,
    slack, teams, twilio, webhook,
};

use self::contract::{message, too_large, whole};

const SECRET: &str = "s3cret-s3cret-s3cret-0123";
const ROUTING_KEY: &str = "5ecre75ecre75ecre75ecre75ecre700";

/// A sink that speaks HTTP, at an address, on terms.
type Web = fn(&str, Terms) -> Result<Arc<dyn Sink>, Error>;

fn arc(sink: impl Sink + 'static) -> Arc<dyn Sink> {
    Arc::new(sink)
}

fn account() -> twilio::Account {
    twilio::Account::new("AC1", SECRET.as_bytes(), "+15550100").expect("an account")
}

fn token() -> Option<&'static [u8]> {
    Some(SECRET.as_bytes())
}

/// The contract for a sink that speaks HTTP, and what guards its address.
async fn web_contract(sink: Web, secret: &'static str, accepts: (u16, &'static str)) {
    whole(async |behaviour| web::stand(sink, behaviour, accepts).await, secret, Some(7)).await;

    let closed = web::closed(sink).await;
    assert_eq!(closed.send(&message()).await, Reply::FailedSoft { retry_after: None, cause: Cause::Connect });
    assert_eq!(closed.probe().await, Err(Cause::Connect));

    // [S1-13], [S1-19]: in the clear to this machine alone; a name that means this machine is not connected to.
    assert_eq!(sink("http://chat.example.org/", Terms::default()).map(|_| ()), Err(Error::Plaintext));
    let inside = Terms { is_inside: true, ..Terms::default() };
    if let (Ok(refused), Ok(allowed)) =
        (sink("https://localhost:1/", Terms::default()), sink("https://localhost:1/", inside))
    {
        assert_eq!(refused.send(&message()).await, Reply::FailedHard { cause: Cause::AddressRefused });
        assert_eq!(allowed.send(&message()).await, Reply::FailedSoft { retry_after: None, cause: Cause::Connect });
    } else {
        assert_eq!(sink("https://localhost:1/", inside).map(|_| ()), Err(Error::NoRoots));
    }
    let not_done = Terms { five_hundred_not_done: true, ..Terms::default() };
    let stand = web::stand_on(sink, contract::Behaviour::Fail, accepts, not_done).await;
    let soft = Reply::FailedSoft { retry_after: None, cause: Cause::Status(500) };
    assert_eq!(stand.sink.send(&message()).await, soft, "its 5xx means that nothing was done");
}

#[tokio::test]
async fn webhook_keeps_the_contract() {
    let sink: Web = |url, terms| webhook::open(url, SECRET.as_bytes(), Class::Keyed, terms).map(arc);
    web_contract(sink, SECRET, (204, "")).await;
}

#[tokio::test]
async fn slack_keeps_the_contract() {
    // Its address is the secret; the test's server has it behind the host.
    web_contract(|url, terms| slack::open(&format!("{url}{SECRET}"), terms).map(arc), SECRET, (200, "ok")).await;
}

#[tokio::test]
async fn teams_keeps_the_contract() {
    web_contract(|url, terms| teams::open(&format!("{url}{SECRET}"), terms).map(arc), SECRET, (202, "")).await;
}

#[tokio::test]
async fn pagerduty_keeps_the_contract() {
    let sink: Web = |url, terms| pagerduty::open(url, ROUTING_KEY.as_bytes(), terms).map(arc);
    web_contract(sink, ROUTING_KEY, (202, r#"{"status":"success"}"#)).await;
}

#[tokio::test]
async fn alertmanager_keeps_the_contract() {
    web_contract(|url, terms| alertmanager::open(url, token(), terms).map(arc), SECRET, (200, "")).await;
}

#[tokio::test]
async fn text_messages_keep_the_contract() {
    let sink: Web = |url, terms| twilio::sms::open(url, account(), terms).map(arc);
    web_contract(sink, SECRET, (201, r#"{"status":"queued"}"#)).await;
}

#[tokio::test]
async fn calls_keep_the_contract() {
    let sink: Web = |url, terms| twilio::voice::open(url, account(), terms).map(arc);
    web_contract(sink, SECRET, (201, r#"{"status":"queued"}"#)).await;
}

#[tokio::test]
async fn communications_keep_the_contract() {
    let sink: Web = |url, terms| fhir::open(url, fhir::Resource::Communication, token(), Class::Keyed, terms).map(arc);
    web_contract(sink, SECRET, (201, "{}")).await;
}

#[tokio::test]
async fn fhir_tasks_keep_the_contract() {
    let sink: Web = |url, terms| fhir::open(url, fhir::Resource::Task, token(), Class::Keyed, terms).map(arc);
    web_contract(sink, SECRET, (201, "{}")).await;
}

#[tokio::test]
async fn mail_keeps_the_contract() {
    whole(mail::stand, SECRET, None).await;
    let closed = mail::closed().await;
    assert_eq!(closed.send(&message()).await, Reply::FailedSoft { retry_after: None, cause: Cause::Connect });
    assert_eq!(closed.probe().await, Err(Cause::Connect));
    if let Some(refused) = mail::at_this_machine_by_name() {
        assert_eq!(refused.send(&message()).await, Reply::FailedHard { cause: Cause::AddressRefused });
    }
}

#[tokio::test]
async fn subjects_keep_the_contract() {
    whole(broker::stand, SECRET, None).await;
    let closed = broker::closed().await;
    assert_eq!(closed.send(&message()).await, Reply::FailedSoft { retry_after: None, cause: Cause::Connect });
    assert_eq!(closed.probe().await, Err(Cause::Connect));
    let deaf = broker::without_stream().await;
    assert_eq!(deaf.send(&message()).await, Reply::FailedHard { cause: Cause::NoListener }, "nobody keeps the subject");
}

#[tokio::test]
async fn files_keep_what_of_the_contract_is_theirs() {
    let folder = std::env::temp_dir().join(format!("wardline-channels-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("pages.ndjson");
    let sink = FileSink::new(path.clone(), false);
    assert_eq!(sink.probe().await, Ok(()));
    too_large(&sink).await;
    assert!(!path.exists(), "nothing was written");
    assert_eq!(sink.send(&message()).await, Reply::Delivered);
    assert_eq!(sink.send(&Outgoing { number: 2, is_repeat: true, ..message() }).await, Reply::Delivered);
    let lines = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let keys: Vec<Option<String>> = lines.lines().map(|line| contract::key_in(sink.key(), "", line)).collect();
    assert_eq!(keys, [Some(message().key.to_string()), Some(message().key.to_string())]);
}
