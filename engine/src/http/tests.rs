//! The API on a real loopback port, before a scripted core on a simulated disk.

use core::net::SocketAddr;
use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use wardline_connectors::{
    adapters::{Class, Outgoing, Reply, Sink, sink::Sending},
    codec::token::Tokeniser,
};
use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};
use wardline_store::{
    disk::{
        Call, SimDisk,
        sim::{Fault, Injection},
    },
    store::Options,
};

use super::*;
use crate::{
    config::{Config, FeedScope, Role},
    engine::Phase,
    runtime::{
        Running, Start,
        clock::HandClock,
        open, start,
        tests::script::{Script, nid},
    },
};

mod budget;
mod hooks;
mod replies;
mod roles;

const NOON: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

const FEEDS: &str = "ward = \"w\"\ndata = \"d\"\n[[feed]]\nname = \"lis\"\nkind = \"http\"\n\
                     [[feed]]\nname = \"ris\"\nkind = \"http\"\n";

#[derive(Debug)]
struct Nowhere;

impl Sink for Nowhere {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn is_secured(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, _: &'a Outgoing) -> Sending<'a> {
        Box::pin(async { Reply::Delivered })
    }
}

struct Site {
    api: SocketAddr,
    admin: SocketAddr,
    engine: Engine,
    disk: SimDisk,
    links: Links,
    stop: watch::Sender<bool>,
    /// Kept, so that its threads are not taken for finished.
    _running: Running,
}

async fn site(keys: Vec<ApiKey>) -> Site {
    site_with(keys, Sinks::all_through(Arc::new(Nowhere)), true).await
}

/// A site whose notices leave through these sinks, or stay.
async fn site_with(keys: Vec<ApiKey>, sinks: Sinks, is_sending: bool) -> Site {
    let (engine, seat) = open(Arc::new(HandClock::stepping(NOON, Span::from_micros(300)))).unwrap();
    let disk = SimDisk::new(11);
    let links = Links::new("https://w.example".to_owned(), [4; 32]);
    let sinks = Arc::new(sinks);
    let begin = Start {
        disk: disk.clone(),
        options: Options { segment_bytes: 64 << 10, reserve_bytes: 0, ..Options::default() },
        accept_time: false,
        needs_ward: false,
        care: crate::runtime::Care::default(),
        is_sending,
        sinks: sinks.clone(),
        links: links.clone(),
        archiving: None,
    };
    let handle = tokio::runtime::Handle::current();
    let running = start::<_, Script>(&engine, seat, begin, &handle).unwrap();
    let config = Config::of_text("wardline.toml", FEEDS, std::path::Path::new(".")).unwrap();
    let intake = Intake::new(&config.feeds, Tokeniser::new(&[7; 32]));
    let routers = routers(Parts {
        engine: engine.clone(),
        intake,
        keys,
        hook_secrets: HookSecrets::from([(Text::from("lis"), hooks::secrets())]),
        links: links.clone(),
        sinks,
        past: Arc::new(crate::history::Directory(disk.clone())),
    });
    let (stop, stopped) = watch::channel(false);
    let listeners = [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let [api, admin] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let [on_api, on_admin] = listeners;
    tokio::spawn(listen::serve(on_api, routers.api, stopped.clone()));
    tokio::spawn(listen::serve(on_admin, routers.admin, stopped));
    Site { api, admin, engine, disk, links, stop, _running: running }
}

/// Sends what is written and reads to the end.
async fn raw(to: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // The other side may close before it has read everything.
    drop(stream.write_all(request).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

/// One request; status, head and body of the answer.
async fn ask(to: SocketAddr, line: &str, headers: &[&str], body: &str) -> (u16, String, String) {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    let request =
        format!("{line} HTTP/1.1\r\nhost: w\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}");
    let answer = raw(to, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

fn line(id: &str) -> String {
    format!(
        r#"{{"v":1,"event_id":"{id}","source":"lis","report":{{"placer":"9"}},"step":"received","occurred_at":"2026-01-14T07:52:10Z"}}"#
    )
}

const NDJSON: &str = "content-type: application/x-ndjson";
const JSON: &str = "content-type: application/json";

#[tokio::test(flavor = "multi_thread")]
async fn g1_each_line_gets_a_receipt_of_what_is_durable() {
    let site = site(Vec::new()).await;
    let body = format!("{}\n{{broken\n{}\n", line("a"), line("b"));
    let (status, head, body) = ask(site.api, "POST /v1/events", &[NDJSON], &body).await;
    assert_eq!(status, 200, "{head} {body}");
    let receipts: Vec<serde_json::Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(receipts.len(), 3);
    assert_eq!((receipts[0]["event_id"].as_str(), receipts[0]["result"].as_str()), (Some("a"), Some("applied")));
    assert_eq!((receipts[1]["n"].as_u64(), receipts[1]["code"].as_str()), (Some(2), Some("WL1201")));
    assert_eq!(receipts[2]["position"], receipts[0]["position"]);
    assert!(!body.contains("broken"), "no receipt quotes what was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_that_nobody_can_read_is_a_422() {
    let site = site(Vec::new()).await;
    let (status, _, body) = ask(site.api, "POST /v1/events", &[JSON], "{}").await;
    assert_eq!(status, 422);
    assert!(body.contains("\"result\":\"unreadable\""), "{body}");
    let (status, _, body) = ask(site.api, "POST /v1/events", &[JSON], &line("a")).await;
    assert_eq!((status, body.contains("\"result\":\"applied\"")), (200, true), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_receipt_says_what_became_of_its_line() {
    // [ACK-1]: a duplicate is answered positively, and called one.
    let site = site(Vec::new()).await;
    let body = format!("{}\n{}\n{{broken\n{}\n", line("a"), line("b"), line("a"));
    let (status, _, body) = ask(site.api, "POST /v1/events?feed=lis", &[NDJSON], &body).await;
    let results: Vec<serde_json::Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<&str> = results.iter().filter_map(|receipt| receipt["result"].as_str()).collect();
    assert_eq!((status, words), (200, vec!["applied", "applied", "unreadable", "duplicate"]), "{body}");
    let metrics = site.engine.metrics().text();
    for counted in ["disposition=\"duplicate\",feed=\"lis\"} 1", "disposition=\"dead_lettered\",feed=\"lis\"} 1"] {
        assert!(metrics.contains(counted), "{counted} in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_is_taken_at_its_third_arrival() {
    // [ACK-4]: a sender that repeats until it hears yes is not blocked for ever; others begin at one.
    let site = site(Vec::new()).await;
    let hl7 = async |message: &str| {
        ask(site.api, "POST /v1/hl7?feed=lis", &["content-type: application/hl7-v2"], message).await.2
    };
    let bad = "MSH|^~\\&|A|B|C|D|20260114||ZZZ^Z99|M2|P|9.9\r";
    let answers = [hl7(bad).await, hl7(bad).await, hl7(bad).await];
    assert!(answers[0].contains("MSA|AR|M2") && answers[1].contains("MSA|AR|M2"), "{answers:?}");
    assert!(answers[2].contains("MSA|AA|M2"), "{answers:?}");
    let statuses = async |feed: &str| ask(site.api, &format!("POST /v1/events{feed}"), &[JSON], "{}").await.0;
    assert_eq!([statuses("").await, statuses("").await, statuses("").await], [422, 422, 200]);
    assert_eq!(statuses("?feed=ris").await, 422, "the first of another feed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_of_shell_and_core_are_compared() {
    // Guarantees 10.3: the scripted core forgets an event, and both listeners say so.
    let site = site(Vec::new()).await;
    let body = format!("{}\n{}\n", line("a"), line("b"));
    assert_eq!(ask(site.api, "POST /v1/events", &[NDJSON], &body).await.0, 200);
    let (_, _, body) = ask(site.api, "GET /health", &[], "").await;
    assert!(body.contains("{\"part\":\"conservation\",\"reason\":\"\",\"remedy\":\"\",\"state\":\"ok\"}"), "{body}");
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], &line("forget-1")).await.0, 200);
    let (status, _, body) = ask(site.api, "GET /health", &[], "").await;
    assert!(status == 200 && body.contains("received: 3 came in, 2 stand somewhere"), "{body}");
    let (_, _, metrics) = ask(site.admin, "GET /metrics", &[], "").await;
    assert!(metrics.contains("wardline_ledger_imbalance{equation=\"received\"} 1\n"), "{metrics}");
    assert!(metrics.contains("wardline_ledger_imbalance{equation=\"acked\"} 0\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_nothing_is_acknowledged_after_a_failed_sync() {
    let site = site(Vec::new()).await;
    site.disk.inject(Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::PowerOff });
    let (status, head, _) = ask(site.api, "POST /v1/events", &[JSON], &line("a")).await;
    assert_eq!(status, 503);
    assert!(head.to_lowercase().contains("retry-after: 30"), "{head}");
    assert_eq!(site.engine.status().phase(), Phase::Poisoned);
    assert_eq!(ask(site.api, "GET /health/ready", &[], "").await.0, 503);
    assert_eq!(ask(site.api, "GET /health", &[], "").await.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_or_of_a_strange_kind_are_refused() {
    let site = site(Vec::new()).await;
    let request =
        format!("POST /v1/events HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", 17 << 20);
    assert!(raw(site.api, request.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    assert_eq!(ask(site.api, "POST /v1/events", &["content-type: text/csv"], "a,b").await.0, 415);
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON, "content-encoding: gzip"], "x").await.0, 415);
    assert_eq!(ask(site.api, "POST /v1/events", &[NDJSON], "\n\n").await.0, 422);
    assert_eq!(ask(site.api, "GET /v1/events", &[], "").await.0, 405);
    let (status, _, body) = ask(site.api, "GET /v1/nothing", &[], "").await;
    assert_eq!((status, body.contains("WL1714")), (404, true), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_07_too_many_headers_and_too_long_addresses_are_refused() {
    let site = site(Vec::new()).await;
    let many: String = (0..120).map(|number| format!("x-{number}: 1\r\n")).collect();
    let answer = raw(site.api, format!("GET /health HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer =
        raw(site.api, format!("GET /{} HTTP/1.1\r\nconnection: close\r\n\r\n", "a".repeat(9_000)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_25_every_answer_has_strict_headers() {
    let site = site(Vec::new()).await;
    for path in ["GET /health", "GET /v1/nothing", "GET /page.css"] {
        let (_, head, _) = ask(site.api, path, &[], "").await;
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{header} in {head}");
        }
        assert!(!head.to_lowercase().contains("set-cookie") && !head.contains("access-control"), "{head}");
    }
}

fn key(name: &str, secret: &str, roles: &[Role]) -> ApiKey {
    use sha2::Digest as _;
    let sha256 = sha2::Sha256::digest(secret.as_bytes()).into();
    let feeds = FeedScope::Of([Text::from(name)].into());
    ApiKey {
        name: Text::from(name),
        sha256,
        roles: roles.iter().copied().collect(),
        feeds,
        until: Timestamp::MAX,
        scram: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_14_ten_wrong_keys_lock_an_address() {
    let site = site(vec![key("lis", "right", &[Role::Ingest])]).await;
    for _ in 0..10 {
        assert_eq!(ask(site.api, "POST /v1/events", &["authorization: Bearer wrong"], "{}").await.0, 401);
    }
    assert_eq!(ask(site.api, "POST /v1/events", &["authorization: Bearer right"], "{}").await.0, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_17_a_report_is_shown_only_behind_a_durable_access_record() {
    let site = site(Vec::new()).await;
    let id = wardline_core::ids::ReportId([7; 16]).to_string();
    let (status, _, body) = ask(site.api, &format!("GET /v1/reports/{id}"), &[], "").await;
    assert_eq!((status, body.contains("\"status\":\"final\"")), (200, true), "{body}");
    assert_eq!(ask(site.api, "GET /v1/reports/unknown", &[], "").await.0, 404);
    site.disk.inject(Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::PowerOff });
    let (status, _, body) = ask(site.api, &format!("GET /v1/reports/{id}"), &[], "").await;
    assert_eq!((status, body.contains("final")), (503, false), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_back_with_what_was_made_of_it() {
    let site = site(Vec::new()).await;
    let body = r#"{"act":"accepted","by":{"id":"1234567893","ns":"NPI"}}"#;
    let (status, _, body) = ask(site.api, "POST /v1/answers/K7Q2MD", &[JSON], body).await;
    assert_eq!((status, body.contains("\"result\":\"accepted\"")), (200, true), "{body}");
    assert_eq!(ask(site.api, "POST /v1/answers/K7Q2MD", &[JSON], r#"{"act":"sing"}"#).await.0, 422);
    assert_eq!(ask(site.api, "POST /v1/answers/toolong7", &[JSON], r#"{"act":"read"}"#).await.0, 404);
    assert_eq!(ask(site.api, "POST /v1/answers/K7Q2MD", &[JSON], "[]").await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_20_the_answer_page_opens_by_its_link_alone_and_only_its_button_answers() {
    let site = site(Vec::new()).await;
    let page = r#"{"v":1,"event_id":"page-1","source":"lis","report":{"placer":"9"},"step":"received","occurred_at":"2026-01-14T07:52:10Z"}"#;
    assert_eq!(ask(site.api, "POST /v1/events", &[JSON], page).await.0, 200);
    // The receipt comes before the core's turn.
    while site.engine.ask(|kernel| kernel.notice(nid("page-1")).is_none()).await.unwrap() {}
    let link = site.links.link(nid("page-1"));
    let path = link.strip_prefix("https://w.example").unwrap();
    let before = site.engine.ask(|kernel| kernel.counters()[0].1).await.unwrap();
    let (status, _, body) = ask(site.api, &format!("GET {path}"), &[], "").await;
    assert_eq!(status, 200);
    assert!(body.contains("Critical potassium") && body.contains("name=value"), "{body}");
    let after = site.engine.ask(|kernel| kernel.counters()[0].1).await.unwrap();
    assert_eq!(before, after, "a look changes nothing");

    let (_, query) = path.split_once("?n=").unwrap();
    let (id, signature) = query.split_once("&s=").unwrap();
    let code = nid("page-1").code();
    let form = format!("n={id}&s={signature}&act=read_back&value=6%2C9&unit=mmol%2FL");
    let urlencoded = "content-type: application/x-www-form-urlencoded";
    let (status, _, body) = ask(site.api, &format!("POST /a/{code}"), &[urlencoded], &form).await;
    assert_eq!((status, body.contains("The result is yours")), (200, true), "{body}");
    let forged = format!("GET /a/{code}?n={id}&s=aaaaaaaaaaaaaaaa");
    assert_eq!(ask(site.api, &forged, &[], "").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_ends_by_itself_within_a_day() {
    let site = site(Vec::new()).await;
    let wanted =
        |until: &str| format!(r#"{{"rule":"alert/Critical potassium","until":"{until}","because":"analyser down"}}"#);
    let (status, _, body) = ask(site.api, "POST /v1/silences", &[JSON], &wanted("2026-01-14T18:00:00Z")).await;
    assert_eq!(status, 201, "{body}");
    let id = serde_json::from_str::<serde_json::Value>(&body).unwrap()["id"].as_str().unwrap().to_owned();
    let (_, _, list) = ask(site.api, "GET /v1/silences", &[], "").await;
    assert!(list.contains(&id) && list.contains("analyser down"), "{list}");
    assert_eq!(ask(site.api, "POST /v1/silences", &[JSON], &wanted("2026-01-16T18:00:00Z")).await.0, 422);
    assert_eq!(ask(site.api, &format!("DELETE /v1/silences/{id}"), &[], "").await.0, 204);
    assert_eq!(ask(site.api, &format!("DELETE /v1/silences/{id}"), &[], "").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn hl7_is_answered_as_hl7() {
    let site = site(Vec::new()).await;
    let message = "MSH|^~\\&|LIS|STANNE|WL|STANNE|20260114075210||ORU^R01|M1|P|2.5\rPID|1||12^^^A^MR\r\
                   OBR|1|9|F1|24321-2^BMP^LN|||20260114070000\rOBX|1|NM|2823-3^K^LN||6.9|mmol/L|||||F\r";
    let (status, head, body) = ask(site.api, "POST /v1/hl7", &["content-type: application/hl7-v2"], message).await;
    assert_eq!((status, body.contains("MSA|AA|M1")), (200, true), "{head} {body}");
    let (status, _, body) = ask(
        site.api,
        "POST /v1/hl7",
        &["content-type: application/hl7-v2"],
        "MSH|^~\\&|A|B|C|D|20260114||ZZZ^Z99|M2|P|9.9\r",
    )
    .await;
    assert_eq!((status, body.contains("MSA|AR|M2")), (422, true), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ward_that_does_not_check_is_refused_with_what_was_found() {
    let site = site(Vec::new()).await;
    let sources =
        wardline_dsl::source::Sources::of_text("a.ward", "ward \"St Anne\" edition 1\n  zone      America/Chicgo\n");
    let packed = crate::ward::pack(&sources, wardline_rules::time::Date::from_days(20_000));
    let (status, _, shown) = ask(site.api, "GET /v1/wards", &[], "").await;
    let before = (status, shown);
    let mut request =
        format!("POST /v1/wards HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", packed.len())
            .into_bytes();
    request.extend_from_slice(&packed);
    let answer = raw(site.api, &request).await;
    assert!(answer.starts_with("HTTP/1.1 422 ") && answer.contains("America/Chicgo"), "{answer}");
    assert_eq!(ask(site.api, "POST /v1/wards", &[], "nonsense").await.0, 422);
    // [LOAD-1] The one that ran goes on.
    let (status, _, shown) = ask(site.api, "GET /v1/wards", &[], "").await;
    assert_eq!((status, shown), before, "the active ward stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_on_the_admin_listener_alone() {
    let site = site(Vec::new()).await;
    let (status, _, body) = ask(site.admin, "GET /metrics", &[], "").await;
    assert_eq!((status, body.contains("wardline_log_batches_total")), (200, true), "{body}");
    assert_eq!(ask(site.api, "GET /metrics", &[], "").await.0, 404);
    assert_eq!(ask(site.admin, "GET /v1/alerts", &[], "").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_the_port_is_closed() {
    let site = site(Vec::new()).await;
    assert_eq!(ask(site.api, "GET /health/ready", &[], "").await.0, 200);
    site.stop.send(true).unwrap();
    while TcpStream::connect(site.api).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
