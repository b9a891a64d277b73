//! What a source system sends and signs.

use wardline_connectors::adapters::webhook::{Secret, sign};

use super::*;

const NEW: &[u8] = b"the-new-secret-of-this-feed";
const OLD: &[u8] = b"the-one-before-it-of-this-feed";

/// Those of the feed `lis`, while one is changed for another.
pub(super) fn secrets() -> Vec<Secret> {
    vec![Secret::new(NEW).unwrap(), Secret::new(OLD).unwrap()]
}

/// A webhook with this id, so many seconds from now, signed with this secret; status and body of the answer.
async fn hook(site: &Site, (id, seconds): (&str, i64), secret: &[u8], (kind, body): (&str, &str)) -> (u16, String) {
    let at = (site.engine.log_now().micros() / 1_000_000 + seconds).to_string();
    let signature = sign(&Secret::new(secret).unwrap(), id, &at, body.as_bytes());
    let headers = [
        format!("content-type: {kind}"),
        format!("webhook-id: {id}"),
        format!("webhook-timestamp: {at}"),
        format!("webhook-signature: v1,AAAA {signature}"),
    ];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let (status, _, text) = ask(site.api, "POST /v1/webhooks/LIS", &headers, body).await;
    (status, text)
}

const JSON_KIND: &str = "application/json";

async fn received(site: &Site) -> u64 {
    site.engine.ask(|kernel| kernel.counters()[0].1).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_18_a_signed_webhook_is_an_event_once() {
    // [SEC-22]
    let site = site(Vec::new()).await;
    let event = line("a");
    let (status, body) = hook(&site, ("msg_1", 0), NEW, (JSON_KIND, &event)).await;
    assert!(status == 200 && body.contains("\"event_id\":\"a\""), "{body}");
    let (status, body) = hook(&site, ("msg_1", 1), OLD, (JSON_KIND, &event)).await;
    assert!(status == 200 && body.contains("duplicate"), "a sender that heard no answer: {body}");
    assert_eq!(received(&site).await, 1, "and it is not taken again");
    let (status, body) = hook(&site, ("msg_1", 0), NEW, (JSON_KIND, &line("b"))).await;
    assert!(status == 409 && body.contains("another webhook"), "{body}");
    assert_eq!(hook(&site, ("msg_2", 0), OLD, (JSON_KIND, &line("b"))).await.0, 200);
    assert_eq!(received(&site).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_18_what_is_not_signed_or_not_now_is_refused() {
    let site = site(Vec::new()).await;
    let event = line("a");
    let told = async |id, seconds, secret| hook(&site, (id, seconds), secret, (JSON_KIND, &event)).await;
    assert_eq!(told("msg_1", 0, b"somebody-else-has-a-secret".as_slice()).await.0, 401);
    for seconds in [-302, 302] {
        let (status, body) = told("msg_1", seconds, NEW).await;
        assert!(status == 401 && body.contains("five minutes"), "{body}");
    }
    let (status, _, _) = ask(site.api, "POST /v1/webhooks/lis", &["content-type: application/json"], &event).await;
    assert_eq!(status, 401, "without any header");
    let (status, _, _) = ask(site.api, "POST /v1/webhooks/ris", &["content-type: application/json"], &event).await;
    assert_eq!(status, 404, "a feed that has no secret");
    assert_eq!(received(&site).await, 0);
    assert_eq!(told("msg_1", 299, NEW).await.0, 200, "what was refused does not count as heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_18_ten_wrong_signatures_make_an_address_wait() {
    let site = site(Vec::new()).await;
    for _ in 0..10 {
        assert_eq!(hook(&site, ("m", 0), b"somebody-else-has-a-secret", (JSON_KIND, "{}")).await.0, 401);
    }
    let (status, body) = hook(&site, ("m", 0), NEW, (JSON_KIND, &line("a"))).await;
    assert!(status == 429 && body.contains("WL1719"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_brings_any_format_and_says_what_became_of_each_part() {
    let site = site(Vec::new()).await;
    let lines = format!("{}\nno event\n", line("a"));
    let (status, body) = hook(&site, ("m1", 0), NEW, ("application/x-ndjson", &lines)).await;
    let results: Vec<&str> = body.lines().collect();
    assert!(status == 200 && results.len() == 2 && results[1].contains("unreadable"), "{body}");
    let message = "MSH|^~\\&|LIS|A|W|B|20260114080000||ORU^R01|M1|P|2.5.1\rPID|1||1^^^A^MR\rOBR|1||F1|2823-3|||20260114075000|||||||||||||||20260114080000||LAB|F\r";
    let (status, body) = hook(&site, ("m2", 0), NEW, ("application/hl7-v2", message)).await;
    assert!(status == 200 && body.contains("M1.1"), "{body}");
    assert_eq!(hook(&site, ("m3", 0), NEW, ("text/plain", "x")).await.0, 415);
    assert_eq!(hook(&site, ("m4", 0), NEW, (JSON_KIND, "{}")).await.0, 422, "one event that nobody can read");
    assert_eq!(hook(&site, ("m5", 0), NEW, ("application/x-ndjson", "")).await.0, 422, "nothing in it");
}
