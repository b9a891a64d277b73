//! Drive, tested against a small engine of our own on a free port.

use std::convert::Infallible;
use std::sync::Mutex as SyncMutex;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::profile::Profile;
use crate::{Generator, Order};

const START: i64 = 1_767_592_800_000_000;

/// What the small engine was sent.
type Heard = Arc<SyncMutex<Vec<Bytes>>>;

/// An engine that keeps what it hears; the n-th request is answered with `status(n)`, 0 breaks the connection.
async fn engine(status: fn(usize) -> u16) -> (Target, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            let answer = service_fn(move |request: Request<Incoming>| answer(request, Arc::clone(&kept), status));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answer));
        }
    });
    (Target::new(&url, None).unwrap(), heard)
}

async fn answer(
    request: Request<Incoming>,
    kept: Heard,
    status: fn(usize) -> u16,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/events"));
    let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    let number = {
        let mut kept = kept.lock().unwrap();
        kept.push(body);
        kept.len()
    };
    let never: Result<u16, Infallible> = Ok(status(number));
    let Ok(status) = never;
    if status == 0 {
        return Err(std::io::Error::other("broken on purpose"));
    }
    Ok(Response::builder().status(status).body(Full::new(Bytes::from_static(b"{}"))).unwrap())
}

fn lines(profile: &str) -> Lines {
    let order = Order { faults: Some("clean".to_owned()), ..Order::default() };
    let mut generator = Generator::new(Profile::load(profile).unwrap(), 8, START, order).unwrap();
    Box::new(move |line| generator.next_into(line))
}

fn load(target: Target, requests: u64) -> Load {
    Load {
        target,
        pace: Pace::Constant { per_second: 50_000.0 },
        connections: 4,
        batch: 10,
        length: Duration::from_secs(60),
        requests_max: Some(requests),
        seed: 1,
    }
}

#[tokio::test]
async fn every_batch_arrives_whole_and_is_counted_once() {
    let (target, heard) = engine(|_| 200).await;
    let driven = drive(&load(target, 200), lines("tatmark"), |_| {}).await.unwrap();
    let outcome = driven.tally.outcome(crate::result::Setup::default(), driven.seconds, driven.backlog_max);
    assert_eq!((outcome.offered.events, outcome.accepted.requests, outcome.accepted.events), (2_000, 200, 2_000));
    assert_eq!((outcome.failed.requests, outcome.unanswered.requests), (0, 0));
    // 2,000 events at 50,000 a second are due within 40 ms; four standard errors of 200 exponential gaps are 28 % of that.
    assert!((driven.seconds - 0.04).abs() < 0.0113, "{}", driven.seconds);
    let mut expected = Vec::new();
    let mut source = lines("tatmark");
    for _ in 0..2_000 {
        source(&mut expected);
    }
    let mut sent: Vec<u8> = heard.lock().unwrap().concat();
    let sorted = |bytes: &mut Vec<u8>| {
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort_unstable();
        lines
    };
    assert!(sorted(&mut sent) == sorted(&mut expected), "what arrived is not what was generated");
}

#[tokio::test]
async fn busy_broken_and_wrong_answers_are_told_apart() {
    // Of each ten: one busy, one broken connection, one wrong.
    let (target, _) = engine(|number| match number % 10 {
        0 => 429,
        1 => 0,
        2 => 500,
        _ => 202,
    })
    .await;
    let driven = drive(&load(target, 100), lines("clinic"), |_| {}).await.unwrap();
    let outcome = driven.tally.outcome(crate::result::Setup::default(), driven.seconds, driven.backlog_max);
    assert_eq!((outcome.accepted.requests, outcome.refused.requests, outcome.failed.requests), (70, 10, 20));
    assert!(!driven.is_overloaded && driven.backlog_max >= 1);
}

#[tokio::test]
async fn latency_counts_from_the_intended_time_and_is_never_shorter_than_the_answer_took() {
    let (target, _) = engine(|_| 200).await;
    let one = Load { connections: 1, pace: Pace::Constant { per_second: 1e9 }, ..load(target, 100) };
    let driven = drive(&one, lines("tatmark"), |_| {}).await.unwrap();
    let outcome = driven.tally.outcome(crate::result::Setup::default(), driven.seconds, driven.backlog_max);
    // All are due at once and one connection serves them one after another: the last has waited for all the others.
    assert!(outcome.corrected.mean_us > outcome.uncorrected.mean_us, "{outcome:?}");
    assert!(outcome.corrected.max_us as f64 >= 50.0 * outcome.uncorrected.mean_us, "{outcome:?}");
}

#[tokio::test]
async fn nobody_listening_is_an_error_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = drive(&load(Target::new(&url, None).unwrap(), 1), lines("clinic"), |_| {}).await.unwrap_err();
    assert_eq!((error.code(), error.exit_code()), ("WL1808", 3));
    assert!(error.to_string().contains(&url));
}

#[tokio::test]
async fn shaped_pace_follows_the_events() {
    let (target, heard) = engine(|_| 200).await;
    // All lines say the same instant, the begin of the run: none has to be waited for.
    let mut left = 5;
    let source: Lines = Box::new(move |line| {
        line.extend_from_slice(b"{}\n");
        left -= 1;
        (left >= 0).then_some(START)
    });
    let shaped = Load {
        pace: Pace::Shaped { from: START },
        batch: 1,
        requests_max: None,
        length: Duration::from_secs(60),
        ..load(target, 0)
    };
    let driven = drive(&shaped, source, |_| {}).await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 5);
    assert_eq!(driven.tally.now().1, 5);
}
