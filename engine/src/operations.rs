//! Operations: how do people hear what no rule of a ward tells them?
//!
//! What the core cannot say because it died, the shell says: one page to the desk `Operations` on every channel on which
//! the directory has an address for it, with a key made of what happened, so that a receiver knows a repeat. It is tried
//! on all channels at once, never for longer than `OPERATIONS_TIMEOUT`, and by [`insist`] until one has taken it.
//!
//! - **How it fits**: `wardline run` calls it behind recovery and before it ends; tasks of desks leave through it too.
//! - INVARIANT: what is said here is durable already, and names no patient. That it leaves is durable before it does, and
//!   what may have left before is marked ([`Said`](crate::said::Said)).
//! - **Not here**: notices of rules; those are obligations of the core.

use wardline_connectors::adapters::{Outgoing, Reply, sink::Asks};
use wardline_rules::{
    Text,
    program::Level,
    time::{HOUR, Timestamp},
    words::Channel,
};

use crate::{
    dispatcher::{
        driver::has_it_already,
        sinks::{Route, Sinks},
    },
    limits::{OPERATIONS_AGAIN, OPERATIONS_TIMEOUT},
    runtime::{clock::WallClock, poison::Death},
    said::{End, Try},
};

/// The desk that hears of faults; wards declare it under this name.
pub const DESK: &str = "Operations";

/// Pages operations about a death of the core.
///
/// - **Output**: on how many channels the page was taken.
pub async fn page(sinks: &Sinks, death: Death, at: Timestamp) -> usize {
    let taken = tell(sinks, DESK, at, |channel| message(death, channel, at)).await;
    tracing::warn!(taken, "operations.page");
    taken
}

/// Sends a desk one message on every channel on which it has an address, all at once; not where it was taken before.
///
/// - **Output**: on how many channels it was taken.
pub(crate) async fn tell(sinks: &Sinks, desk: &str, at: Timestamp, message: impl Fn(Channel) -> Outgoing) -> usize {
    let ways = sinks.ways_to_desk(desk, at);
    if ways.is_empty() {
        tracing::error!(desk, "operations.page: the directory has no address for this desk: nobody was told");
    }
    let messages = ways.into_iter().map(|(channel, route)| (route, message(channel)));
    let (heard, open): (Vec<_>, Vec<_>) = messages.partition(|(_, message)| sinks.said().is_taken(&message.key));
    let mut taken = heard.len();
    let keys: Vec<String> = open.iter().map(|(_, message)| message.key.to_string()).collect();
    let tries = sinks.said().begin(keys.clone()).await;
    let flights =
        open.into_iter().zip(tries).map(|((route, message), it)| tokio::spawn(fly(route, marked(message, it))));
    let flights: Vec<_> = flights.collect();
    let mut ends = Vec::with_capacity(keys.len());
    for (key, flight) in keys.into_iter().zip(flights) {
        let end = flight.await.unwrap_or(End::Unknown);
        taken += usize::from(end == End::Taken);
        ends.push((key, end));
    }
    sinks.said().end(ends).await;
    taken
}

/// The message as it leaves in this try.
fn marked(message: Outgoing, Try { number, is_repeat }: Try) -> Outgoing {
    let text = if is_repeat { format!("Possible repeat: {}", message.text) } else { message.text };
    Outgoing { text, number, is_repeat, ..message }
}

/// Tells operations that the receiver of a channel does not know us.
pub(crate) async fn tell_of_channel(sinks: &Sinks, refused: Channel, status: u16, at: Timestamp) {
    let text = format!(
        "WL1603 The receiver of the channel {} answers {status}: nothing reaches people by it until its account or \
         address in wardline.toml is mended. Notices go on by their next channels.",
        refused.word()
    );
    let identity = format!("{refused:?} {status} {}", at.micros().div_euclid(HOUR));
    let taken = tell(sinks, DESK, at, |channel| told(channel, &text, identity.as_bytes(), at)).await;
    tracing::warn!(taken, channel = refused.word(), status, "operations.channel");
}

/// Pages operations again and again until one channel has taken the page.
pub async fn insist(sinks: &Sinks, death: Death, clock: &dyn WallClock) {
    while page(sinks, death, clock.read().wall).await == 0 {
        tracing::error!("operations.page: nobody was told; it is tried again");
        tokio::time::sleep(OPERATIONS_AGAIN).await;
    }
}

async fn fly(route: Route, message: Outgoing) -> End {
    let message = Outgoing { address: route.address, ..message };
    if message.is_repeat && has_it_already(&route.sink, &message).await {
        return End::Taken;
    }
    match tokio::time::timeout(OPERATIONS_TIMEOUT, route.sink.send(&message)).await {
        Ok(Reply::Delivered) => End::Taken,
        Ok(Reply::FailedSoft { .. } | Reply::FailedHard { .. }) => End::Refused,
        Ok(Reply::Ambiguous { .. }) | Err(_) => End::Unknown,
    }
}

fn message(death: Death, channel: Channel, at: Timestamp) -> Outgoing {
    let Death { sequence, input, times, is_excluded } = death;
    let what = match (input, is_excluded) {
        (Some(input), true) => format!(
            "WL1240 Wardline stopped twice at input {input} of record {sequence} and goes on without it. \
             Do by hand what it asked for: see the dead letters."
        ),
        (Some(input), false) => {
            format!("Wardline stopped at input {input} of record {sequence}, {times} times now, and is starting again.")
        }
        (None, _) => format!(
            "Wardline stopped while timers fired at record {sequence}, {times} times now. \
             It cannot go on by itself: start your paper procedure."
        ),
    };
    let identity = [sequence.to_le_bytes(), u64::from(input.unwrap_or(u32::MAX)).to_le_bytes()].concat();
    let number = if is_excluded { u32::MAX } else { times };
    told(channel, &what, &[identity.as_slice(), &number.to_le_bytes()].concat(), at)
}

/// One page of ours; `identity` says what it is about, so that a receiver knows a repeat.
fn told(channel: Channel, text: &str, identity: &[u8], at: Timestamp) -> Outgoing {
    let key = blake3::hash(&[identity, channel.name().as_bytes()].concat()).to_hex();
    Outgoing {
        key: Text::from(format!("ops_{}", key.get(..32).unwrap_or_default())),
        code: Text::default(),
        link: String::new(),
        callback: String::new(),
        asks: Asks::Nothing,
        withdraws: Vec::new(),
        severity: Text::const_new("red"),
        level: Level::Red,
        purpose: "page",
        channel,
        address: Text::default(),
        text: text.to_owned(),
        is_repeat: false,
        number: 1,
        at,
    }
}
