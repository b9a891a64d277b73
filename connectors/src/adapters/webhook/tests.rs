//! A receiver on loopback that answers as it is told.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Mutex,
};

use super::{
    super::sink::{Reply, Sink as _, example},
    *,
};

const SECRET: &[u8] = b"0123456789abcdef01234567";

/// Answers each connection with `reply`, then closes; what came in is kept.
async fn receiver(reply: &'static str) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?desk=1", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(String::new()));
    let heard_inside = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8_192];
            let mut length = 0;
            while !request[..length].ends_with(b"}")
                && !(request.starts_with(b"GET") && request[..length].ends_with(b"\r\n\r\n"))
            {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            *heard_inside.lock().await = String::from_utf8_lossy(&request[..length]).into_owned();
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    (url, heard)
}

fn webhook(url: &str, terms: Terms) -> HttpSink<Webhook> {
    open(url, SECRET, Class::Keyed, terms).unwrap()
}

async fn reply_to(status_and_headers: &'static str) -> Reply {
    let (url, _) = receiver(status_and_headers).await;
    webhook(&url, Terms::default()).send(&example("n_a")).await
}

#[tokio::test]
async fn s1_18_a_notice_goes_out_signed_under_its_key() {
    let (url, heard) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(webhook(&url, Terms::default()).send(&example("n_a")).await, Reply::Delivered);
    let heard = heard.lock().await;
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let signature = sign(&Secret::new(SECRET).unwrap(), "n_a", "1768377130", body.as_bytes());
    assert!(head.starts_with("POST /hook?desk=1 HTTP/1.1\r\n"), "{head}");
    for line in ["webhook-id: n_a", "webhook-timestamp: 1768377130", &format!("webhook-signature: {signature}")] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(body.contains(r#""code":"K7Q2MD""#) && !head.contains("possible-repeat"), "{heard}");
}

#[tokio::test]
async fn a_possible_repeat_says_so() {
    let (url, heard) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let repeat = Outgoing { is_repeat: true, number: 3, ..example("n_a") };
    assert_eq!(webhook(&url, Terms::default()).send(&repeat).await, Reply::Delivered);
    let heard = heard.lock().await;
    assert!(heard.contains("wardline-possible-repeat: true") && heard.contains("wardline-attempt: 3"), "{heard}");
}

#[tokio::test]
async fn replies_mean_what_the_table_says() {
    let soft = |seconds, status| Reply::FailedSoft { retry_after: seconds, cause: Cause::Status(status) };
    assert_eq!(reply_to("HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n").await, soft(Some(7), 429));
    assert_eq!(reply_to("HTTP/1.1 408 Late\r\ncontent-length: 0\r\n\r\n").await, soft(None, 408));
    let hard = reply_to("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(hard, Reply::FailedHard { cause: Cause::Status(404) });
    let unknown = reply_to("HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(unknown, Reply::Ambiguous { cause: Cause::Status(503) });
    let redirect =
        reply_to("HTTP/1.1 302 Away\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(redirect, Reply::Ambiguous { cause: Cause::Status(302) });
}

#[tokio::test]
async fn a_receiver_may_declare_that_its_5xx_means_not_done() {
    let (url, _) = receiver("HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n").await;
    let terms = Terms { five_hundred_not_done: true, ..Terms::default() };
    let reply = webhook(&url, terms).send(&example("n_a")).await;
    assert_eq!(reply, Reply::FailedSoft { retry_after: None, cause: Cause::Status(503) });
}

#[tokio::test]
async fn a_reply_that_breaks_off_leaves_the_outcome_unknown() {
    assert_eq!(reply_to("HTTP/1.1 20").await, Reply::Ambiguous { cause: Cause::Broken });
    let cut = reply_to("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort").await;
    assert_eq!(cut, Reply::Ambiguous { cause: Cause::Broken });
}

#[tokio::test]
async fn a_closed_port_was_not_sent_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let reply = webhook(&url, Terms::default()).send(&example("n_a")).await;
    assert_eq!(reply, Reply::FailedSoft { retry_after: None, cause: Cause::Connect });
}

#[test]
fn a_secret_that_does_not_fit_is_named_and_not_quoted() {
    let error = open("http://127.0.0.1/", b"short", Class::Keyed, Terms::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("24 to 64 bytes") && !error.to_string().contains("short"), "{error}");
}

#[tokio::test]
async fn s1_19_a_name_that_means_this_machine_is_not_connected_to() {
    let Ok(webhook) = open("https://localhost:1/hook", SECRET, Class::Keyed, Terms::default()) else {
        panic!("this machine trusts no certificate at all");
    };
    assert_eq!(webhook.send(&example("n_a")).await, Reply::FailedHard { cause: Cause::AddressRefused });
}

#[tokio::test]
async fn a_receiver_is_asked_for_the_key_with_a_signed_get() {
    // guarantees 3.3
    let ask = async |reply| {
        let (url, heard) = receiver(reply).await;
        let known = webhook(&url, Terms::default()).ask(&example("n_a")).await;
        (known, heard.lock().await.clone())
    };
    let (known, heard) = ask("HTTP/1.1 204 No Content\r\n\r\n").await;
    let signature = sign(&Secret::new(SECRET).unwrap(), "n_a", "1768377130", b"");
    assert!(heard.starts_with("GET /hook?desk=1 HTTP/1.1\r\n") && heard.contains(&signature), "{heard}");
    assert_eq!(known, Ok(true));
    assert_eq!(ask("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.0, Ok(false));
    let silent = ask("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").await.0;
    assert_eq!(silent, Err(super::super::sink::Cause::Status(500)), "it does not say");
}

#[tokio::test]
async fn a_receiver_that_sends_on_has_done_nothing() {
    let reply = reply_to("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(reply, Reply::FailedHard { cause: super::super::sink::Cause::Status(302) });
}
