//! Place: how far did we read a stream, and did anything go missing on the way?
//!
//! Two sequences tell: the stream's own, where the whole stream is read, and the producer's, where it writes one into the
//! headers `wardline-producer` and `wardline-sequence`. Either may only grow by one.
//!
//! - **How it fits**: pure; the session asks it about each message, the keeper writes it down.
//! - LIMIT: `NATS_PRODUCERS_MAX`; beyond it a new producer's sequence is not watched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::NATS_PRODUCERS_MAX;

/// How far a stream was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which stream: when it was made. A stream that was deleted and made again is another one.
    pub stream: String,
    /// The last sequence that is durable.
    pub sequence: u64,
    /// When the stream took that one in, in nanoseconds since 1970: a server that lost its end gives a number again, and the
    /// message behind it is another. 0: not known.
    #[serde(default)]
    pub written: i64,
    /// The last sequence of each producer.
    #[serde(default)]
    pub producers: BTreeMap<String, u64>,
}

/// What a message is to us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// We have it.
    Known,
    /// The next one.
    New,
    /// A new one, and others should have come before it.
    NewAfter(Gap),
}

/// Messages that did not come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The producer that counted them; empty: the stream itself.
    pub producer: String,
    /// The first that is missing.
    pub from: u64,
    /// The last that is missing.
    pub to: u64,
}

/// Who wrote a message, and as which of its own.
pub type Producer = (String, u64);

impl Place {
    /// Whether the message behind our place is the one we hold.
    ///
    /// - **Input** `last`: the stream's last sequence; `there`: when the stream took in what stands at our sequence, `None` if
    ///   nothing stands there any more.
    #[must_use]
    pub fn is_of(&self, last: u64, there: Option<i64>) -> bool {
        let is_same = self.written == 0 || there.is_none_or(|written| written == self.written);
        self.sequence <= last && is_same
    }

    /// Back to the beginning of `stream`. What producers counted stands, if it is the stream we know.
    #[must_use]
    pub fn anew(&self, stream: &str) -> Self {
        let producers = if self.stream == stream { self.producers.clone() } else { BTreeMap::new() };
        Self { stream: stream.to_owned(), sequence: 0, written: 0, producers }
    }

    /// Takes the next message in.
    ///
    /// - **Input** `is_whole`: whether every message of the stream comes by here, so that its sequence has no holes.
    pub fn arrive(&mut self, sequence: u64, producer: Option<Producer>, is_whole: bool) -> Arrival {
        if sequence <= self.sequence {
            return Arrival::Known;
        }
        let before = core::mem::replace(&mut self.sequence, sequence);
        let in_stream = is_whole && before > 0 && sequence > before.saturating_add(1);
        let of_stream =
            in_stream.then(|| Gap { producer: String::new(), from: before.saturating_add(1), to: sequence - 1 });
        match self.count(producer).or(of_stream) {
            Some(gap) => Arrival::NewAfter(gap),
            None => Arrival::New,
        }
    }

    fn count(&mut self, producer: Option<Producer>) -> Option<Gap> {
        let (name, number) = producer?;
        let Some(last) = self.producers.get_mut(&name) else {
            if self.producers.len() < NATS_PRODUCERS_MAX {
                self.producers.insert(name, number);
            }
            return None;
        };
        let from = last.saturating_add(1);
        // One that starts again at 1 was set up anew; a smaller number is a repeat of its own.
        *last = if number == 1 { 1 } else { number.max(*last) };
        (number > from).then(|| Gap { producer: name, from, to: number.saturating_sub(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(producer: &str, from: u64, to: u64) -> Arrival {
        Arrival::NewAfter(Gap { producer: producer.to_owned(), from, to })
    }

    #[test]
    fn a_redelivery_is_known_and_a_hole_is_seen() {
        let mut place = Place::default();
        assert_eq!(place.arrive(7, None, true), Arrival::New, "the first message of an old stream");
        assert_eq!(place.arrive(8, None, true), Arrival::New);
        assert_eq!(place.arrive(7, None, true), Arrival::Known);
        assert_eq!(place.arrive(11, None, true), gap("", 9, 10));
        assert_eq!(place.arrive(20, None, false), Arrival::New, "others read the messages between");
        assert_eq!(place.sequence, 20);
    }

    #[test]
    fn a_producer_that_skips_is_named() {
        let mut place = Place::default();
        let from = |name: &str, number| Some((name.to_owned(), number));
        assert_eq!(place.arrive(1, from("lis", 100), false), Arrival::New);
        assert_eq!(place.arrive(2, from("ris", 5), false), Arrival::New);
        assert_eq!(place.arrive(3, from("lis", 101), false), Arrival::New);
        assert_eq!(place.arrive(4, from("lis", 104), false), gap("lis", 102, 103));
        assert_eq!(place.arrive(5, from("lis", 104), false), Arrival::New, "its own repeat");
        assert_eq!(place.arrive(6, from("lis", 1), false), Arrival::New, "set up anew");
        assert_eq!(place.arrive(7, from("lis", 2), false), Arrival::New);
        assert_eq!(place.arrive(8, from("ris", 6), false), Arrival::New);
    }

    #[test]
    fn a_number_that_was_given_again_is_not_ours() {
        let producers = BTreeMap::from([("lis".to_owned(), 9)]);
        let place = Place { stream: "s".to_owned(), sequence: 9, written: 500, producers: producers.clone() };
        assert!(place.is_of(9, Some(500)) && place.is_of(20, Some(500)));
        assert!(place.is_of(20, None), "its message is too old to be kept");
        assert!(!place.is_of(8, None), "the stream lost its end");
        assert!(!place.is_of(12, Some(700)), "and went on since");
        let anew = place.anew("s");
        assert_eq!((anew.sequence, anew.written, anew.producers), (0, 0, producers));
        assert!(place.anew("another").producers.is_empty());
    }

    #[test]
    fn the_stream_is_not_counted_twice_where_its_producer_counts() {
        let mut place = Place { sequence: 4, producers: [("lis".to_owned(), 4)].into(), ..Place::default() };
        assert_eq!(place.arrive(6, Some(("lis".to_owned(), 6)), true), gap("lis", 5, 5));
    }
}
