//! Connection: what comes in, what goes out, and when is it enough?
//!
//! One half reads frames and hands them over, the other writes answers in order; the queue between them is the number of
//! messages that may wait for the disk together.
//!
//! - LIMIT: `MLLP_IDLE_TIMEOUT`, `MLLP_FRAME_TIMEOUT`, `MLLP_WRITE_TIMEOUT`, `MLLP_IN_FLIGHT_MAX`, `MLLP_READ_BYTES`.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufWriter, ReadHalf, WriteHalf, split},
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Duration, Instant, timeout, timeout_at},
};

use super::{
    Answers, Budget, Ending, Session, chunks,
    frame::{Flaw, Frames, framed},
};
use crate::limits::{
    MESSAGE_BYTES_MAX, MLLP_FRAME_TIMEOUT, MLLP_IDLE_TIMEOUT, MLLP_IN_FLIGHT_MAX, MLLP_READ_BYTES, MLLP_WRITE_TIMEOUT,
};

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Between two messages.
    pub(super) idle: Duration,
    /// From the first byte of a frame to its last.
    pub(super) frame: Duration,
    /// To take an answer.
    pub(super) write: Duration,
}

impl Patience {
    /// As the limits say.
    pub(super) const USUAL: Self =
        Self { idle: MLLP_IDLE_TIMEOUT, frame: MLLP_FRAME_TIMEOUT, write: MLLP_WRITE_TIMEOUT };
}

/// Serves one connection to its end.
///
/// # Errors
/// [`Ending`], if it did not end by its peer's wish, by idleness or by a stop.
pub(super) async fn serve<S>(
    stream: S,
    session: Box<dyn Session>,
    (budget, patience): (&Budget, Patience),
    stop: watch::Receiver<bool>,
) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Send,
{
    let (from, to) = split(stream);
    let (queue, answers) = mpsc::channel(MLLP_IN_FLIGHT_MAX);
    let reading =
        Reading { from, session, queue, budget, patience, stop, frames: Frames::new(MESSAGE_BYTES_MAX), permit: None };
    let mut writing = core::pin::pin!(write(to, answers, patience.write));
    tokio::select! {
        // The peer takes no answers: nothing more is read from it.
        written = &mut writing => written,
        read = reading.run() => writing.await.and(read),
    }
}

struct Reading<'b, S> {
    from: ReadHalf<S>,
    session: Box<dyn Session>,
    queue: mpsc::Sender<Answers>,
    budget: &'b Budget,
    patience: Patience,
    stop: watch::Receiver<bool>,
    frames: Frames,
    /// What the open frame has of the budget.
    permit: Option<OwnedSemaphorePermit>,
}

impl<S: AsyncRead> Reading<'_, S> {
    async fn run(mut self) -> Result<(), Ending> {
        let mut buffer = vec![0; MLLP_READ_BYTES];
        let mut deadline = None;
        loop {
            let Some(length) = self.read(&mut buffer, deadline).await? else { return Ok(()) };
            let mut chunk = buffer.get(..length).unwrap_or_default();
            let mut has_ended = false;
            while let Some(frame) = self.frames.take(&mut chunk).map_err(|_| Ending::NotFramed)? {
                has_ended = true;
                self.permit = None;
                let is_last = frame.flaw == Some(Flaw::TooLong);
                let answers = self.session.take(frame).await;
                if self.queue.send(answers).await.is_err() {
                    return Ok(());
                }
                if is_last {
                    return Err(Ending::TooLong);
                }
            }
            deadline = match (self.frames.is_open(), deadline) {
                (false, _) => None,
                (true, Some(deadline)) if !has_ended => Some(deadline),
                (true, _) => Some(Instant::now() + self.patience.frame),
            };
            self.pay(deadline).await?;
        }
    }

    /// Reads some bytes; `None` at the end of the stream, after long silence and at a stop between two messages.
    async fn read(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> Result<Option<usize>, Ending> {
        let until = deadline.unwrap_or_else(|| Instant::now() + self.patience.idle);
        let stop = &mut self.stop;
        let stopped = async {
            if deadline.is_none() {
                drop(stop.wait_for(|stop| *stop).await);
            } else {
                core::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = stopped => Ok(None),
            read = timeout_at(until, self.from.read(buffer)) => match read {
                Ok(Ok(0) | Err(_)) if deadline.is_some() => Err(Ending::Cut),
                Ok(Ok(0) | Err(_)) => Ok(None),
                Ok(Ok(length)) => Ok(Some(length)),
                Err(_) if deadline.is_some() => Err(Ending::SlowFrame),
                Err(_) => Ok(None),
            },
        }
    }

    /// Takes from the budget what the open frame needs beyond the connection's own share; waits if there is none left.
    async fn pay(&mut self, deadline: Option<Instant>) -> Result<(), Ending> {
        let paid = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let owed = u32::try_from(chunks(self.frames.held()).saturating_sub(paid)).unwrap_or(0);
        let Some(deadline) = deadline.filter(|_| owed > 0) else { return Ok(()) };
        let more = timeout_at(deadline, self.budget.0.clone().acquire_many_owned(owed)).await;
        // The second: the semaphore was closed, which nobody does.
        let more = more.map_err(|_| Ending::SlowFrame)?.map_err(|_| Ending::SlowFrame)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

/// Writes answers in the order of their messages, each as soon as it may leave.
async fn write<S: AsyncWrite>(
    to: WriteHalf<S>,
    mut answers: mpsc::Receiver<Answers>,
    patience: Duration,
) -> Result<(), Ending> {
    let mut to = BufWriter::new(to);
    while let Some(next) = answers.recv().await {
        for answer in next.await {
            in_time(patience, to.write_all(&framed(&answer))).await?;
        }
        if answers.is_empty() {
            in_time(patience, to.flush()).await?;
        }
    }
    in_time(patience, to.flush()).await?;
    in_time(patience, to.shutdown()).await
}

async fn in_time(patience: Duration, write: impl Future<Output = std::io::Result<()>>) -> Result<(), Ending> {
    timeout(patience, write).await.ok().and_then(Result::ok).ok_or(Ending::SlowPeer)
}
