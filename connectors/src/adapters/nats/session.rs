//! Session: what is pulled, in which order does it become durable, and when does the server hear of it?
//!
//! One task pulls and hands over, the other waits for the disk in the same order, writes the place down and then
//! acknowledges everything up to it.
//!
//! - LIMIT: `NATS_PULL_MESSAGES`, `NATS_PULL_BYTES`, `NATS_IN_FLIGHT_MAX`.

use async_nats::{
    datetime::DateTime,
    jetstream::{
        self, Message,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull::Config},
        stream::{RawMessageErrorKind, RetentionPolicy, Stream},
    },
};
use futures_util::StreamExt as _;
use tokio::{
    sync::{mpsc, watch},
    time::{Duration, sleep_until},
};

use super::{
    Delivered, Durable, Keeper, News, Place, Server, Subscription, Trouble,
    claim::Claim,
    place::{Arrival, Producer},
};
use crate::limits::{NATS_ACK_WAIT, NATS_IN_FLIGHT_MAX, NATS_PAUSE_MIN, NATS_PULL_BYTES, NATS_PULL_MESSAGES};

/// A message that was handed over, with the place behind it.
struct Handed {
    message: Message,
    place: Place,
    durable: Option<Durable>,
}

/// Reads until `stop` says so.
///
/// # Errors
/// [`Trouble`]: nothing is read any more.
pub(super) async fn run(
    server: &Server,
    subscription: &Subscription,
    keeper: &dyn Keeper,
    mut stop: watch::Receiver<bool>,
    pause: &mut Duration,
) -> Result<(), Trouble> {
    let client = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
        client = server.connect(&subscription.owner) => client?,
    };
    let context = jetstream::new(client);
    let stream = context.get_stream(&subscription.stream).await.map_err(|_| Trouble::NoStream)?;
    let mut claim = Claim::take(&context, subscription).await?;
    let ended = match begin(&stream, subscription, keeper).await {
        Ok((consumer, place)) => {
            *pause = NATS_PAUSE_MIN;
            keeper.note(News::Reading);
            let (handed, waiting) = mpsc::channel(NATS_IN_FLIGHT_MAX);
            let is_whole = subscription.subject.is_none();
            tokio::select! {
                ended = pull(&consumer, place, is_whole, keeper, handed) => ended,
                ended = acknowledge(waiting, keeper) => ended,
                ended = renew(&mut claim) => ended,
                _ = stop.wait_for(|stop| *stop) => Ok(()),
            }
        }
        Err(trouble) => Err(trouble),
    };
    claim.release().await;
    ended
}

async fn renew(claim: &mut Claim) -> Result<(), Trouble> {
    loop {
        sleep_until(claim.due()).await;
        claim.renew().await?;
    }
}

/// A new consumer that begins behind what we hold: its deliveries are numbered from 1, so that a lost one is seen.
async fn begin(
    stream: &Stream,
    subscription: &Subscription,
    keeper: &dyn Keeper,
) -> Result<(PullConsumer, Place), Trouble> {
    let found = stream.get_info().await.map_err(|_| Trouble::Unreachable)?;
    if found.config.retention != RetentionPolicy::Limits {
        return Err(Trouble::Retention);
    }
    let identity = found.created.to_string();
    let place = match keeper.place() {
        Some(known) => Some(held(stream, &identity, found.state.last_sequence, known, keeper).await?),
        None => None,
    };
    if let Ok(mut consumer) = stream.get_consumer::<Config>(&subscription.consumer).await {
        let before = consumer.info().await.map_err(|_| Trouble::Unreachable)?;
        let subject = subscription.subject.as_deref().unwrap_or("");
        let is_fit = before.config.ack_policy == AckPolicy::All
            && before.config.deliver_subject.is_none()
            && before.config.filter_subject == subject;
        if !is_fit {
            return Err(Trouble::ConsumerUnfit);
        }
        let floor = before.ack_floor.stream_sequence.min(found.state.last_sequence);
        // What the server holds for done counts for nothing: what we hold may have been lost or restored since.
        let ours = place.as_ref().map_or(0, |place| place.sequence);
        if ours < floor {
            keeper.note(News::ReadAgain { from: ours.saturating_add(1) });
        }
        // What the server delivered to a reader that died would come back later, behind newer messages.
        stream.delete_consumer(&subscription.consumer).await.map_err(|_| Trouble::Unreachable)?;
    }
    let place = place.unwrap_or(Place { stream: identity, ..Place::default() });
    Ok((create(stream, subscription, &place).await?, place))
}

/// The place we know, if the stream still is what it was up to there; else its beginning, and what we have is recognised.
async fn held(stream: &Stream, identity: &str, last: u64, known: Place, keeper: &dyn Keeper) -> Result<Place, Trouble> {
    let there = match stream.get_raw_message(known.sequence).await {
        Ok(message) => Some(nanoseconds(message.time)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound || known.sequence == 0 => None,
        Err(_) => return Err(Trouble::Unreachable),
    };
    if known.stream == identity && known.is_of(last, there) {
        return Ok(known);
    }
    keeper.note(News::Replaced);
    Ok(known.anew(identity))
}

/// 0 for a time that no clock shows.
fn nanoseconds(time: DateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos()).unwrap_or_default()
}

async fn create(stream: &Stream, subscription: &Subscription, place: &Place) -> Result<PullConsumer, Trouble> {
    let deliver_policy = match place.sequence {
        0 => DeliverPolicy::All,
        sequence => DeliverPolicy::ByStartSequence { start_sequence: sequence.saturating_add(1) },
    };
    let config = Config {
        durable_name: Some(subscription.consumer.clone()),
        ack_policy: AckPolicy::All,
        ack_wait: NATS_ACK_WAIT,
        max_ack_pending: i64::try_from(NATS_IN_FLIGHT_MAX.saturating_mul(4)).unwrap_or(i64::MAX),
        filter_subject: subscription.subject.clone().unwrap_or_default(),
        deliver_policy,
        ..Config::default()
    };
    stream.create_consumer(config).await.map_err(|_| Trouble::ConsumerUnfit)
}

/// Pulls, and hands over one after the other.
async fn pull(
    consumer: &PullConsumer,
    mut place: Place,
    is_whole: bool,
    keeper: &dyn Keeper,
    handed: mpsc::Sender<Handed>,
) -> Result<(), Trouble> {
    let stream = consumer.stream().max_messages_per_batch(NATS_PULL_MESSAGES).max_bytes_per_batch(NATS_PULL_BYTES);
    let stream = stream.heartbeat(Duration::from_secs(5)).expires(Duration::from_secs(30));
    let mut messages = stream.messages().await.map_err(|_| Trouble::Unreachable)?;
    let mut deliveries = 0_u64;
    while let Some(message) = messages.next().await {
        // A heartbeat that did not come, or a consumer that went away.
        let message = message.map_err(|_| Trouble::Unreachable)?;
        let delivery = message.info().map_err(|_| Trouble::Unreachable)?;
        deliveries = deliveries.saturating_add(1);
        if delivery.consumer_sequence != deliveries {
            // A delivery went astray. It would come again after newer ones, so reading begins anew behind what we hold.
            return Err(Trouble::Disorder);
        }
        let sequence = delivery.stream_sequence;
        let arrival = place.arrive(sequence, producer(&message), is_whole);
        if arrival != Arrival::Known {
            place.written = nanoseconds(delivery.published);
        }
        let durable = match arrival {
            Arrival::Known => None,
            Arrival::New => Some(keeper.take(delivered(&message)).await),
            Arrival::NewAfter(gap) => {
                keeper.note(News::Skipped(gap));
                Some(keeper.take(delivered(&message)).await)
            }
        };
        let next = Handed { message, place: place.clone(), durable };
        if handed.send(next).await.is_err() {
            break;
        }
    }
    Err(Trouble::Unreachable)
}

/// Waits for the disk in the order of the stream, then acknowledges as much as is durable by then.
async fn acknowledge(mut waiting: mpsc::Receiver<Handed>, keeper: &dyn Keeper) -> Result<(), Trouble> {
    while let Some(next) = waiting.recv().await {
        if let Some(durable) = next.durable
            && !durable.await
        {
            return Err(Trouble::Closed);
        }
        if !waiting.is_empty() {
            continue;
        }
        keeper.set_place(&next.place);
        // Answered by the server, so that an acknowledgement that went astray is not taken for one that arrived.
        next.message.double_ack().await.map_err(|_| Trouble::Unreachable)?;
    }
    Ok(())
}

fn delivered(message: &Message) -> Delivered {
    let kind = header(message, "Content-Type").unwrap_or_default();
    let content_type = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Delivered { bytes: message.payload.to_vec(), content_type }
}

fn producer(message: &Message) -> Option<Producer> {
    let number = header(message, "wardline-sequence")?.trim().parse().ok()?;
    Some((header(message, "wardline-producer").unwrap_or_default().to_owned(), number))
}

fn header<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    let headers = message.headers.as_ref()?;
    let found = headers.iter().find(|(known, _)| AsRef::<str>::as_ref(*known).eq_ignore_ascii_case(name));
    found.and_then(|(_, values)| values.first()).map(|value| value.as_str())
}
