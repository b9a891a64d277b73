//! A peer over a pipe in memory, and a receiver that answers when it is told.

use std::sync::Mutex;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::oneshot,
    time::{Duration, Instant, timeout},
};

use super::{
    frame::{Flaw, framed},
    *,
};
use crate::limits::{MESSAGE_BYTES_MAX, MLLP_IN_FLIGHT_MAX};

/// Times a test can wait for; the real ones have the same shape.
const SHORT: Patience =
    Patience { idle: Duration::from_millis(300), frame: Duration::from_millis(200), write: Duration::from_millis(300) };

/// What one message is released by.
type Held = Arc<Mutex<Vec<(Frame, oneshot::Sender<()>)>>>;

struct Script {
    held: Held,
}

impl Session for Script {
    fn take(&mut self, frame: Frame) -> Taking<'_> {
        let (release, durable) = oneshot::channel();
        let mut answer = b"ACK ".to_vec();
        answer.extend_from_slice(frame.bytes.get(..8).unwrap_or(&frame.bytes));
        self.held.lock().unwrap().push((frame, release));
        let answers: Answers = Box::pin(async move {
            drop(durable.await);
            vec![answer]
        });
        Box::pin(core::future::ready(answers))
    }
}

struct Rig {
    peer: DuplexStream,
    held: Held,
    serving: tokio::task::JoinHandle<Result<(), Ending>>,
    stop: watch::Sender<bool>,
}

fn rig(budget: Budget) -> Rig {
    rig_with(budget, Patience::USUAL)
}

fn rig_with(budget: Budget, patience: Patience) -> Rig {
    let (peer, ours) = duplex(64 << 10);
    let held = Held::default();
    let session = Box::new(Script { held: Arc::clone(&held) });
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(async move { connection::serve(ours, session, (&budget, patience), stopped).await });
    Rig { peer, held, serving, stop }
}

/// Lets everything run that can.
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

impl Rig {
    /// Waits until `count` messages were handed over.
    async fn handed(&self, count: usize) {
        let wait = async {
            while self.held.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), wait).await.unwrap();
    }

    fn release(&self, index: usize) {
        let (_, release) = self.held.lock().unwrap().remove(index);
        drop(release);
    }

    async fn heard(&mut self, bytes: usize) -> Vec<u8> {
        let mut heard = vec![0; bytes];
        self.peer.read_exact(&mut heard).await.unwrap();
        heard
    }
}

#[tokio::test]
async fn answers_keep_the_order_of_messages_though_the_second_is_on_disk_first() {
    let mut rig = rig(Budget::default());
    rig.peer.write_all(b"\x0bone\x1c\r\x0btwo\x1c\r").await.unwrap();
    rig.handed(2).await;
    rig.release(1);
    let early = timeout(Duration::from_millis(100), rig.peer.read_u8()).await;
    assert!(early.is_err(), "the second answer may not come before the first");
    rig.release(0);
    assert_eq!(rig.heard(20).await, [framed(b"ACK one"), framed(b"ACK two")].concat());
}

#[tokio::test]
async fn as_many_messages_wait_for_the_disk_as_may() {
    let mut rig = rig(Budget::default());
    let many = framed(b"m").repeat(MLLP_IN_FLIGHT_MAX * 2);
    rig.peer.write_all(&many).await.unwrap();
    rig.handed(MLLP_IN_FLIGHT_MAX).await;
    settle().await;
    let handed = rig.held.lock().unwrap().len();
    // One more is at the writer, one more in the hand of the reader.
    assert!((MLLP_IN_FLIGHT_MAX..=MLLP_IN_FLIGHT_MAX + 2).contains(&handed), "{handed}");
}

#[tokio::test]
async fn a_frame_that_drips_in_ends_in_time_without_an_answer() {
    let mut rig = rig_with(Budget::default(), SHORT);
    rig.peer.write_all(b"\x0b").await.unwrap();
    let begun = Instant::now();
    let mut drips = tokio::time::interval(Duration::from_millis(10));
    while !rig.serving.is_finished() {
        drop(rig.peer.write_all(b"M").await);
        drips.tick().await;
    }
    assert!(begun.elapsed() >= SHORT.frame);
    assert_eq!(rig.serving.await.unwrap(), Err(Ending::SlowFrame));
    assert!(rig.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn silence_between_messages_ends_after_the_idle_time() {
    let rig = rig_with(Budget::default(), SHORT);
    let begun = Instant::now();
    assert_eq!(rig.serving.await.unwrap(), Ok(()));
    assert!(begun.elapsed() >= SHORT.idle);
}

#[tokio::test]
async fn a_peer_that_takes_no_answers_is_left() {
    let Rig { peer, held, serving, stop: _stop } = rig_with(Budget::default(), SHORT);
    let (_read, mut write) = tokio::io::split(peer);
    tokio::spawn(async move {
        // Its answers fill the pipe, which nobody empties.
        while write.write_all(&framed(b"m").repeat(1_000)).await.is_ok() {}
    });
    let release = tokio::spawn(async move {
        loop {
            held.lock().unwrap().clear();
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(serving.await.unwrap(), Err(Ending::SlowPeer));
    release.abort();
}

#[tokio::test]
async fn bytes_that_are_no_frame_end_without_an_answer() {
    let mut rig = rig(Budget::default());
    rig.peer.write_all(b"MSH|^~\\&|no frame").await.unwrap();
    let mut heard = Vec::new();
    rig.peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!((heard, rig.serving.await.unwrap()), (Vec::new(), Err(Ending::NotFramed)));
}

#[tokio::test]
async fn a_stream_that_breaks_off_inside_a_message_hands_nothing_over() {
    let mut rig = rig(Budget::default());
    rig.peer.write_all(b"\x0bMSH|half").await.unwrap();
    rig.peer.shutdown().await.unwrap();
    assert_eq!(rig.serving.await.unwrap(), Err(Ending::Cut));
    assert!(rig.held.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_answered_and_ends_the_connection() {
    let Rig { peer, held, serving, stop: _stop } = rig(Budget::default());
    let (mut read, mut write) = tokio::io::split(peer);
    let writer = tokio::spawn(async move {
        drop(write.write_all(b"\x0b").await);
        // Far more than the limit; the other side stops reading long before.
        for _ in 0..(MESSAGE_BYTES_MAX >> 20) * 4 {
            if write.write_all(&vec![b'x'; 1 << 20]).await.is_err() {
                return;
            }
        }
    });
    while held.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let (frame, release) = held.lock().unwrap().remove(0);
    assert_eq!((frame.bytes.len(), frame.flaw), (MESSAGE_BYTES_MAX + 1, Some(Flaw::TooLong)));
    drop(release);
    let mut heard = Vec::new();
    read.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, framed(b"ACK xxxxxxxx"));
    assert_eq!(serving.await.unwrap(), Err(Ending::TooLong));
    writer.abort();
}

#[tokio::test]
async fn a_long_message_waits_for_the_budget_that_others_hold() {
    let budget = Budget::default();
    let all = u32::try_from(MLLP_BUDGET_CHUNKS_MAX).unwrap();
    let taken = budget.0.clone().acquire_many_owned(all).await.unwrap();
    let Rig { peer, held, serving: _serving, stop: _stop } = rig(budget);
    let (_read, mut write) = tokio::io::split(peer);
    let message = framed(&vec![b'y'; 200 << 10]);
    let writer = tokio::spawn(async move { write.write_all(&message).await.is_ok() });
    settle().await;
    assert!(held.lock().unwrap().is_empty() && !writer.is_finished());
    drop(taken);
    while held.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(writer.await.unwrap());
}

#[tokio::test]
async fn a_stop_lets_the_answers_out_first() {
    let mut rig = rig(Budget::default());
    rig.peer.write_all(&framed(b"last")).await.unwrap();
    rig.handed(1).await;
    rig.stop.send_replace(true);
    settle().await;
    rig.release(0);
    assert_eq!(rig.heard(11).await, framed(b"ACK last"));
    assert_eq!(rig.serving.await.unwrap(), Ok(()));
}
