//! Ack: what do we answer the sender, and when do we keep silent?
//!
//! A positive answer is written only after the message is durable; this file only knows how it looks. In original mode
//! there is one answer; in enhanced mode there are up to two, each if the header asks for it. No answer quotes the
//! message beyond its header.
//!
//! - **How it fits**: the adapter calls [`answers`] with a [`Verdict`] when the log has answered.
//! - **Source**: domain page 5.6 [ACK-2] [ACK-3] [ACK-4]; HL7 v2.9, 2.9; table 0357.

use super::{header::Header, lexer::Delimiters};
use crate::{codec::profile::AckMode, codes::Code, limits::HL7_CONTROL_ID_MAX};

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is on disk: read, ignored, a duplicate, or unreadable for the third time.
    Kept,
    /// It was refused for this reason, at this place such as `MSH-12`.
    Refused(Code, String),
}

/// What an answer needs and the message does not say.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'s> {
    /// A control id that no answer had before.
    pub control_id: &'s str,
    /// The time of the answer as HL7 writes it, such as `20260114081500+0000`.
    pub at: &'s str,
}

/// Whether sending again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Accept,
    /// E: something is wrong that may be mended.
    Error,
    /// R: the same bytes will never be taken.
    Reject,
}

/// The answers to one message, in the order in which they are sent; none if the sender asked for none or itself
/// answered something.
///
/// - **Input** `header`: of the message; `None` if it has none that can be read.
#[must_use]
pub fn answers(header: Option<&Header>, verdict: &Verdict, mode: AckMode, stamp: Stamp<'_>) -> Vec<Vec<u8>> {
    answers_to_all(header, core::slice::from_ref(verdict), mode, stamp)
}

/// The answers to several messages that came in one frame: as to one, positive if every message was kept, else an error
/// that names what is wrong with each bad one [ACK-5].
///
/// - **Input** `header`: of the first message; `verdicts`: of each, in order.
#[must_use]
pub fn answers_to_all(header: Option<&Header>, verdicts: &[Verdict], mode: AckMode, stamp: Stamp<'_>) -> Vec<Vec<u8>> {
    let fallback = Header::default();
    let mut judged = verdicts.iter().map(|verdict| judge(verdict).0);
    let first = judged.clone().find(|answer| *answer != Answer::Accept).unwrap_or(Answer::Accept);
    // Sending again can help one of several, so it is never said that it cannot.
    let is_alone = judged.nth(1).is_none();
    let answer = if first == Answer::Reject && !is_alone { Answer::Error } else { first };
    let header = header.unwrap_or(&fallback);
    if is_answer(header) {
        return Vec::new();
    }
    let is_original = mode == AckMode::Original || (header.accept.is_empty() && header.application.is_empty());
    if is_original {
        return vec![write(header, ('A', answer), verdicts, stamp)];
    }
    let wanted = [(&header.accept, 'C'), (&header.application, 'A')];
    let wanted = wanted.into_iter().filter(|(when, _)| is_wanted(when, answer));
    // Two answers to one message are two messages of ours: each has its own id [ACK-3].
    let write = |(_, family): (_, char)| {
        let control_id = format!("{}{family}", stamp.control_id);
        write(header, (family, answer), verdicts, Stamp { control_id: &control_id, at: stamp.at })
    };
    wanted.map(write).collect()
}

/// An answer is never answered [ACK-3].
fn is_answer(header: &Header) -> bool {
    super::kinds::family(header) == Ok(super::kinds::Family::Answer)
}

fn is_wanted(when: &str, answer: Answer) -> bool {
    match when {
        "AL" => true,
        "ER" => answer != Answer::Accept,
        "SU" => answer == Answer::Accept,
        // NE, and what stands empty beside a valued field.
        _ => false,
    }
}

/// The answer and its code of table 0357.
const fn judge(verdict: &Verdict) -> (Answer, u16) {
    match verdict {
        Verdict::Kept => (Answer::Accept, 0),
        Verdict::Refused(code, _) => match code {
            Code::NoHeader | Code::SegmentMissing => (Answer::Error, 100),
            Code::NoMessageType => (Answer::Error, 101),
            Code::InnerLimit | Code::EventTooLarge => (Answer::Error, 104),
            Code::UnknownMessageType => (Answer::Reject, 200),
            Code::UnknownTrigger => (Answer::Reject, 201),
            Code::WrongEnvironment => (Answer::Reject, 202),
            Code::Hl7Version => (Answer::Reject, 203),
            Code::SourceForeign => (Answer::Reject, 207),
            Code::NotJson
            | Code::LineTooLong
            | Code::RepeatedKey
            | Code::Version
            | Code::UnknownType
            | Code::UnknownStep
            | Code::MissingField
            | Code::UnknownAct
            | Code::UnknownMerge
            | Code::UnknownField
            | Code::SourceName
            | Code::NotCloudEvent
            | Code::NotArrow
            | Code::MessageTooLarge
            | Code::FramingMark
            | Code::NotFhir
            | Code::BundleType
            | Code::UnknownResource
            | Code::EntryMethod
            | Code::NotStored
            | Code::Excluded => (Answer::Error, 207),
        },
    }
}

/// Texts of table 0357.
const fn condition_text(condition: u16) -> &'static str {
    match condition {
        100 => "Segment sequence error",
        101 => "Required field missing",
        104 => "Value too long",
        200 => "Unsupported message type",
        201 => "Unsupported event code",
        202 => "Unsupported processing id",
        203 => "Unsupported version id",
        _ => "Application error",
    }
}

fn write(header: &Header, (family, answer): (char, Answer), verdicts: &[Verdict], stamp: Stamp<'_>) -> Vec<u8> {
    let letter = match answer {
        Answer::Accept => 'A',
        Answer::Error => 'E',
        Answer::Reject => 'R',
    };
    let f = char::from(header.delimiters.field);
    let mut text = msh(header, stamp);
    text.push_str(&format!("MSA{f}{family}{letter}{f}{}\r", control_id(header)));
    for verdict in verdicts {
        if let Verdict::Refused(code, place) = verdict {
            text.push_str(&err(header.delimiters, *code, place, judge(verdict).1));
        }
    }
    // What the sender's header says of itself is said back, but never a byte that means something to the framing.
    text.retain(|letter| !matches!(letter, '\u{b}' | '\u{1c}' | '\n'));
    in_charset(text, header)
}

/// What is wrong, where, and by which number to look it up.
fn err(delimiters: Delimiters, code: Code, place: &str, condition: u16) -> String {
    let Delimiters { field, component, .. } = delimiters;
    let (f, c) = (char::from(field), char::from(component));
    let (segment, number) = place.split_once('-').unwrap_or((place, ""));
    let place = match (segment, number) {
        ("", _) => String::new(),
        (segment, "") => format!("{segment}{c}1"),
        (segment, number) => format!("{segment}{c}1{c}{number}"),
    };
    let condition = format!("{condition}{c}{}{c}HL70357", condition_text(condition));
    let own = format!("{}{c}{}{c}WARDLINE", code.number(), code.word());
    format!("ERR{f}{f}{place}{f}{condition}{f}E{f}{own}{f}{f}{}\r", code.number())
}

fn msh(header: &Header, stamp: Stamp<'_>) -> String {
    let Delimiters { field, component, repetition, escape, sub, truncation } = header.delimiters;
    let f = char::from(field);
    let mut set: String = [component, repetition, escape, sub].map(char::from).iter().collect();
    set.extend(truncation.map(char::from));
    let version = if header.version.is_empty() { "2.5.1" } else { &header.version };
    let processing = if header.processing.is_empty() { "P" } else { &header.processing };
    let mut text = format!(
        "MSH{f}{set}{f}{}{f}{}{f}{}{f}{}{f}{}{f}{f}{}{f}{}{f}{processing}{f}{version}",
        header.receiver.0,
        header.receiver.1,
        header.sender.0,
        header.sender.1,
        stamp.at,
        message_type(header),
        stamp.control_id
    );
    if !header.charset.is_empty() {
        text.push_str(&format!("{f}{f}{f}{f}{f}{f}{}", header.charset));
    }
    text.push('\r');
    text
}

/// Plain `ACK` before version 2.3.1 knew more.
fn message_type(header: &Header) -> String {
    let c = char::from(header.delimiters.component);
    let is_old = matches!(header.version.as_str(), "2.1" | "2.2" | "2.3");
    match (header.trigger.as_str(), is_old) {
        ("", _) => "ACK".to_owned(),
        (trigger, true) => format!("ACK{c}{trigger}"),
        (trigger, false) => format!("ACK{c}{trigger}{c}ACK"),
    }
}

/// MSH-10 as received, if it is printable and not too long.
fn control_id(header: &Header) -> &str {
    let id = header.control_id.as_str();
    let fits = id.chars().count() <= HL7_CONTROL_ID_MAX && !id.chars().any(char::is_control);
    if fits { id } else { "" }
}

/// The bytes in the sender's set; what it does not have becomes `?`.
fn in_charset(text: String, header: &Header) -> Vec<u8> {
    let name = header.charset.split(char::from(header.delimiters.repetition)).next().unwrap_or_default();
    let label = name.trim_ascii().strip_prefix("8859/").map(|part| format!("iso-8859-{part}"));
    let encoding = label.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    match encoding {
        Some(encoding) => text.chars().flat_map(|letter| single(letter, encoding)).collect(),
        None => text.into_bytes(),
    }
}

fn single(letter: char, encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, is_missing) = encoding.encode(letter.encode_utf8(&mut buffer));
    if is_missing { vec![b'?'] } else { bytes.into_owned() }
}

#[cfg(test)]
mod tests;
