//! Wire: how do inputs stand in the log?
//!
//! ```text
//!  batch    count u32, then for each input: kind u8, flags u8, lane u8, length u32, body
//!  body     fields in order; numbers little-endian; texts and lists with their length in front; options with a byte in front
//! ```
//! Written by hand, one file for each sort of thing, so that the layout is what stands here and nothing else. What cannot be
//! read is an [`Error`]; nothing is guessed.
//!
//! - **How it fits**: the log thread writes with [`encode_inputs`]; recovery, `why` and backtests read with [`decode_batch`].
//! - **Not here**: checksums and sequence numbers; the store's.

pub(crate) mod bytes;
mod event;
pub(crate) mod settings;

use wardline_rules::{program::Program, time::Timestamp};

use crate::{
    ids::Nid,
    input::{Activation, Attempt, Batch, Class, FeedState, FeedStatus, Input, Outcome, Silence, Silenced},
};
use bytes::{Put, Take};

/// Why bytes of the log could not be read back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// They end too early, or a length or number is impossible; the place, in bytes from the beginning.
    Malformed(usize),
    /// A kind of input that this build does not know.
    UnknownKind(u8),
    /// The text of a ward no longer compiles.
    Ward,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Malformed(at) => write!(f, "malformed input at byte {at}"),
            Self::UnknownKind(kind) => write!(f, "unknown kind of input `{kind}`"),
            Self::Ward => f.write_str("the ward of this record does not compile"),
        }
    }
}

impl core::error::Error for Error {}

/// Makes a program of the packed text of a ward.
pub type Compile<'a> = &'a mut dyn FnMut(&[u8]) -> Option<Program>;

/// The most inputs that a batch of the log holds: each is at least seven bytes of a payload of 32 MiB.
const INPUTS_MAX: usize = 33_554_432 / 7;

/// Which lane an input belongs to (guarantees 5.1): 0 control, 1 critical, 2 routine.
#[must_use]
pub fn lane(input: &Input) -> u8 {
    use wardline_rules::{event::Fact, event::Given, event::ReportFlag, words::Flag, words::Priority};
    match input {
        Input::Event(event) => {
            let is_critical = event.flags.contains(&ReportFlag::Known(Flag::Critical))
                || event.priority == Given::Value(Priority::Stat)
                || event.results.iter().any(|result| result.critical == Some(true));
            if matches!(event.fact, Fact::Answer(_)) {
                0
            } else if is_critical {
                1
            } else {
                2
            }
        }
        Input::Attempt(_) | Input::Activate(_) | Input::Silence(_) | Input::Lift(_) | Input::Feed(_) | Input::Tick => 0,
    }
}

/// Appends `inputs` to `out` as the payload of one batch record.
pub fn encode_inputs(inputs: &[Input], out: &mut Vec<u8>) {
    let mut put = Put(out);
    put.count(inputs.len());
    for input in inputs {
        put.u8(kind(input));
        put.u8(0);
        put.u8(lane(input));
        put.sized(|put| body(input, put));
    }
}

const fn kind(input: &Input) -> u8 {
    match input {
        Input::Tick => 0,
        Input::Event(_) => 1,
        Input::Attempt(_) => 2,
        Input::Activate(_) => 3,
        Input::Silence(_) => 4,
        Input::Lift(_) => 5,
        Input::Feed(_) => 6,
    }
}

fn body(input: &Input, put: &mut Put<'_>) {
    match input {
        Input::Tick => {}
        Input::Event(event) => event::put(event, put),
        Input::Attempt(attempt) => put_attempt(attempt, put),
        Input::Activate(activation) => {
            put.bytes(&activation.text);
            put.text(&activation.author);
            put.flag(activation.moved);
            put.option(activation.site.as_deref(), |put, site| settings::put(site, put));
        }
        Input::Silence(silence) => put_silence(silence, put),
        Input::Lift(id) => put.u64(*id),
        Input::Feed(status) => {
            put.text(&status.feed);
            put.u8(match status.state {
                FeedState::Connected => 0,
                FeedState::Idle => 1,
                FeedState::Lost => 2,
            });
        }
    }
}

fn put_attempt(attempt: &Attempt, put: &mut Put<'_>) {
    put.raw(&attempt.nid.0);
    put.u32(attempt.number);
    put.u32(attempt.epoch);
    let (code, after) = match attempt.outcome {
        Outcome::Started => (0, None),
        Outcome::Delivered => (1, None),
        Outcome::FailedSoft { retry_after } => (2, retry_after),
        Outcome::FailedHard => (3, None),
        Outcome::Ambiguous { class: Class::Neither } => (4, None),
        Outcome::Ambiguous { class: Class::Keyed } => (5, None),
        Outcome::Ambiguous { class: Class::Queryable } => (6, None),
    };
    put.u8(code);
    put.option(after.as_ref(), |put, after| put.u32(*after));
}

pub(crate) fn put_silence(silence: &Silence, put: &mut Put<'_>) {
    put.u64(silence.id);
    match &silence.what {
        Silenced::Rule(rule) => {
            put.u8(0);
            put.text(rule);
        }
        Silenced::Site(site) => {
            put.u8(1);
            put.text(site);
        }
    }
    put.time(silence.until);
    put.text(&silence.author);
    put.text(&silence.because);
}

/// Reads the payload of one batch record back.
///
/// - **Input** `at`: the log time of the record; `compile`: makes the program of an activated ward.
/// - **Errors**: [`Error`]; the payload was written by another build or is damaged.
pub fn decode_batch(at: Timestamp, payload: &[u8], compile: Compile<'_>) -> Result<Batch, Error> {
    let mut take = Take::new(payload);
    let count = take.count(INPUTS_MAX).ok_or(Error::Malformed(take.place()))?;
    let mut inputs = Vec::with_capacity(count.min(65_536));
    for _ in 0..count {
        let malformed = Error::Malformed(take.place());
        let kind = take.u8().ok_or(malformed)?;
        take.skip(2).ok_or(malformed)?;
        let length = take.u32().ok_or(malformed)?;
        let body = take.slice(length as usize).ok_or(malformed)?;
        inputs.push(decode_input(kind, body, malformed, compile)?);
    }
    Ok(Batch { at, inputs })
}

fn decode_input(kind: u8, body: &[u8], malformed: Error, compile: Compile<'_>) -> Result<Input, Error> {
    let mut take = Take::new(body);
    let input = match kind {
        0 => Some(Input::Tick),
        1 => event::take(&mut take).map(|event| Input::Event(Box::new(event))),
        2 => take_attempt(&mut take).map(Input::Attempt),
        3 => return take_activation(&mut take, malformed, compile),
        4 => take_silence(&mut take).map(|silence| Input::Silence(Box::new(silence))),
        5 => take.u64().map(Input::Lift),
        6 => take_feed(&mut take).map(Input::Feed),
        other => return Err(Error::UnknownKind(other)),
    };
    input.filter(|_| take.is_empty()).ok_or(malformed)
}

fn take_attempt(take: &mut Take<'_>) -> Option<Attempt> {
    let nid = Nid(take.array()?);
    let (number, epoch, code) = (take.u32()?, take.u32()?, take.u8()?);
    let retry_after = take.option(Take::u32)?;
    let outcome = match code {
        0 => Outcome::Started,
        1 => Outcome::Delivered,
        2 => Outcome::FailedSoft { retry_after },
        3 => Outcome::FailedHard,
        4 => Outcome::Ambiguous { class: Class::Neither },
        5 => Outcome::Ambiguous { class: Class::Keyed },
        6 => Outcome::Ambiguous { class: Class::Queryable },
        _ => return None,
    };
    Some(Attempt { nid, number, epoch, outcome })
}

fn take_activation(take: &mut Take<'_>, malformed: Error, compile: Compile<'_>) -> Result<Input, Error> {
    let text = take.bytes().ok_or(malformed)?.to_vec();
    let author = take.text().ok_or(malformed)?;
    let moved = take.flag().ok_or(malformed)?;
    let site = take.option(settings::take).filter(|_| take.is_empty()).ok_or(malformed)?.map(Box::new);
    let program = compile(&text).ok_or(Error::Ward)?;
    Ok(Input::Activate(Box::new(Activation { program, text, author, moved, site })))
}

pub(crate) fn take_silence(take: &mut Take<'_>) -> Option<Silence> {
    let id = take.u64()?;
    let what = match take.u8()? {
        0 => Silenced::Rule(take.text()?),
        1 => Silenced::Site(take.text()?),
        _ => return None,
    };
    Some(Silence { id, what, until: take.time()?, author: take.text()?, because: take.text()? })
}

fn take_feed(take: &mut Take<'_>) -> Option<FeedStatus> {
    let feed = take.text()?;
    let state = match take.u8()? {
        0 => FeedState::Connected,
        1 => FeedState::Idle,
        2 => FeedState::Lost,
        _ => return None,
    };
    Some(FeedStatus { feed, state })
}

#[cfg(test)]
mod tests;
