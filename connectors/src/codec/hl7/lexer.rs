//! Lexer: where do segments, fields, repetitions and components begin and end?
//!
//! Delimiters come from the message itself; segments may end in CR, LF or both, mixed; a line that is no segment
//! continues the one before. Fields are cut when a segment is read, everything below only when somebody asks.
//!
//! A lenient splitter of ours and not a library: those we know refuse a whole message for one bad line, want all five
//! delimiters, and build a tree of every sub-component although some twenty fields of a message are ever looked at.
//!
//! - LIMIT: `HL7_SEGMENTS_MAX`, `HL7_FIELDS_MAX`, `HL7_REPETITIONS_MAX`.
//! - **Not here**: character sets ([`charset`](super::charset)), escapes ([`escape`](super::escape)), meaning.
//! - **Source**: HL7 v2.9, 2.5 and 2.6; domain page [TXT-2] [TXT-4] [TXT-5].

use std::borrow::Cow;

use wardline_rules::quality::Fault;

use super::escape;
use crate::{
    codec::notes::Notes,
    codes::Code,
    limits::{HL7_FIELDS_MAX, HL7_REPETITIONS_MAX, HL7_SEGMENTS_MAX},
};

/// The characters that separate the parts of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimiters {
    /// Between fields, `|`.
    pub field: u8,
    /// Between components, `^`.
    pub component: u8,
    /// Between repetitions, `~`.
    pub repetition: u8,
    /// Around escapes, `\`.
    pub escape: u8,
    /// Between sub-components, `&`.
    pub sub: u8,
    /// Marks a truncated value, `#`, from version 2.7 on.
    pub truncation: Option<u8>,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self { field: b'|', component: b'^', repetition: b'~', escape: b'\\', sub: b'&', truncation: None }
    }
}

impl Delimiters {
    /// Those of a segment MSH, BHS or FHS [TXT-2]; and whether a doubled backslash had to be mended.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<(Self, bool)> {
        let field = *line.get(3)?;
        let rest = line.get(4..)?;
        let end = rest.iter().position(|byte| *byte == field || matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let set = rest.get(..end)?;
        let (set, is_mended) = match set {
            [component, repetition, b'\\', b'\\', sub @ ..] => {
                ([&[*component, *repetition, b'\\'], sub].concat(), true)
            }
            set => (set.to_vec(), false),
        };
        let (component, repetition, escape, sub, truncation) = match *set.as_slice() {
            [component, repetition, escape, sub] => (component, repetition, escape, sub, None),
            [component, repetition, escape, sub, cut] => (component, repetition, escape, sub, Some(cut)),
            _ => return None,
        };
        let mut all = set;
        all.push(field);
        let usable = all.iter().all(u8::is_ascii_punctuation);
        all.sort_unstable();
        let distinct = all.windows(2).all(|pair| pair.first() != pair.last());
        (usable && distinct).then_some((Self { field, component, repetition, escape, sub, truncation }, is_mended))
    }
}

/// A message cut into segments.
pub(super) struct Message<'t> {
    pub(super) segments: Vec<Segment<'t>>,
}

/// One segment and its fields.
pub(super) struct Segment<'t> {
    pub(super) id: &'t str,
    fields: Vec<&'t str>,
    delimiters: Delimiters,
}

/// A field, a repetition, a component or a sub-component, as it was written.
#[derive(Clone, Copy)]
pub(super) struct Part<'t> {
    raw: &'t str,
    delimiters: Delimiters,
}

/// Joins lines that continue a segment to it, so that every line is a segment; borrows where nothing is to be done.
pub(super) fn whole_lines<'t>(text: &'t str, field: u8, notes: &mut Notes) -> Cow<'t, str> {
    let lines = || text.split(['\r', '\n']).filter(|line| !line.trim_ascii().is_empty());
    if lines().all(|line| is_segment(line, field)) {
        return Cow::Borrowed(text);
    }
    notes.add(Fault::LineBreak, "");
    let mut whole = String::with_capacity(text.len());
    for line in lines() {
        if !whole.is_empty() {
            whole.push(if is_segment(line, field) { '\r' } else { ' ' });
        }
        whole.push_str(line);
    }
    Cow::Owned(whole)
}

fn is_segment(line: &str, field: u8) -> bool {
    let bytes = line.as_bytes();
    let is_name = bytes.get(..3).is_some_and(|id| id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    is_name && bytes.get(3).is_none_or(|byte| *byte == field || byte.is_ascii_whitespace())
}

impl<'t> Message<'t> {
    /// Cuts `text`, whose lines are all segments.
    ///
    /// # Errors
    /// `InnerLimit`.
    pub(super) fn cut(text: &'t str, delimiters: Delimiters) -> Result<Self, Code> {
        let mut segments = Vec::with_capacity(16);
        for line in text.split(['\r', '\n']).filter(|line| !line.trim_ascii().is_empty()) {
            if segments.len() == HL7_SEGMENTS_MAX {
                return Err(Code::InnerLimit);
            }
            let fields: Vec<&str> = line.split(char::from(delimiters.field)).collect();
            if fields.len() > HL7_FIELDS_MAX {
                return Err(Code::InnerLimit);
            }
            let id = line.get(..3).unwrap_or_default();
            segments.push(Segment { id, fields, delimiters });
        }
        Ok(Self { segments })
    }

    /// The first segment with that name.
    pub(super) fn first(&self, id: &str) -> Option<&Segment<'t>> {
        self.segments.iter().find(|segment| segment.id == id)
    }
}

impl<'t> Segment<'t> {
    /// Field `number`, from 1 as the standard counts; empty if the segment ends before it.
    pub(super) fn field(&self, number: usize) -> Part<'t> {
        // MSH-1 is the delimiter itself.
        let index = if self.id == "MSH" { number.saturating_sub(1) } else { number };
        let raw = self.fields.get(index).copied().unwrap_or_default().trim_ascii();
        Part { raw, delimiters: self.delimiters }
    }
}

impl<'t> Part<'t> {
    /// As it was written.
    pub(super) const fn raw(self) -> &'t str {
        self.raw
    }

    /// Nothing stands here, or only delimiters [TXT-5].
    pub(super) fn is_empty(self) -> bool {
        let Delimiters { component, repetition, sub, .. } = self.delimiters;
        self.raw.bytes().all(|b| b == component || b == repetition || b == sub || b.is_ascii_whitespace())
    }

    /// `""`: what is known is unsaid [EVT-4].
    pub(super) fn is_null(self) -> bool {
        self.raw == "\"\""
    }

    /// Something stands here, and it is not `""`.
    pub(super) fn is_valued(self) -> bool {
        !self.is_empty() && !self.is_null()
    }

    /// Its repetitions, as many as are allowed.
    pub(super) fn repetitions(self) -> impl Iterator<Item = Self> {
        let delimiters = self.delimiters;
        let parts = self.raw.split(char::from(delimiters.repetition)).take(HL7_REPETITIONS_MAX);
        parts.map(move |raw| Part { raw: raw.trim_ascii(), delimiters })
    }

    /// Component `number` of the first repetition, from 1.
    pub(super) fn component(self, number: usize) -> Self {
        let first = self.raw.split(char::from(self.delimiters.repetition)).next().unwrap_or_default();
        let raw = first.split(char::from(self.delimiters.component)).nth(number.saturating_sub(1));
        Part { raw: raw.unwrap_or_default().trim_ascii(), delimiters: self.delimiters }
    }

    /// Sub-component `number` of a component, from 1.
    pub(super) fn sub(self, number: usize) -> Self {
        let raw = self.raw.split(char::from(self.delimiters.sub)).nth(number.saturating_sub(1));
        Part { raw: raw.unwrap_or_default().trim_ascii(), delimiters: self.delimiters }
    }

    /// As it was written, with another character between its components; empty for nothing and for `""`.
    pub(super) fn joined(self, between: char) -> String {
        let delimiter = char::from(self.delimiters.component);
        if self.is_valued() {
            self.raw.chars().map(|c| if c == delimiter { between } else { c }).collect()
        } else {
            String::new()
        }
    }

    /// The text with its escapes decoded; empty for `""`.
    pub(super) fn text(self, notes: &mut Notes) -> Cow<'t, str> {
        if self.is_null() { Cow::Borrowed("") } else { escape::decode(self.raw, self.delimiters, notes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiters(line: &str) -> Option<(Delimiters, bool)> {
        Delimiters::read(line.as_bytes())
    }

    #[test]
    fn delimiters_come_from_the_message() {
        // [TXT-2]
        assert_eq!(delimiters(r"MSH|^~\&|LIS"), Some((Delimiters::default(), false)));
        assert_eq!(delimiters(r"MSH|^~\\&|LIS"), Some((Delimiters::default(), true)), "a doubled backslash is one");
        let cut = Delimiters { truncation: Some(b'#'), ..Delimiters::default() };
        assert_eq!(delimiters(r"MSH|^~\&#|LIS"), Some((cut, false)));
        let odd = delimiters("MSH$%*!@$LIS").unwrap().0;
        assert_eq!((odd.field, odd.component, odd.sub), (b'$', b'%', b'@'));
        for line in ["MSH", "MSH|", "MSH|^~|", r"MSH|^^\&|", "MSH|abcd|", r"MSH|^~\&#!|", r"MSH^^~\&^", "MSH ^~\\& "] {
            assert_eq!(delimiters(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_are_no_segments_continue_the_one_before() {
        // [TXT-4]
        let mut notes = Notes::default();
        let text = "MSH|1\r\nOBX|first\nsecond line\r\r\nNTE\nPID|x";
        let whole = whole_lines(text, b'|', &mut notes);
        assert_eq!(whole, "MSH|1\rOBX|first second line\rNTE\rPID|x");
        assert_eq!(notes.into_list().len(), 1);
    }

    #[test]
    fn parts_are_counted_as_the_standard_counts() {
        let text = "MSH|^~\\&|LIS\rPID|1||A^^^X&1.2.3&ISO^MR~B^^^^SS|\"\"|^^";
        let message = Message::cut(text, Delimiters::default()).unwrap();
        assert_eq!(message.first("MSH").unwrap().field(3).raw(), "LIS");
        let pid = message.first("PID").unwrap();
        assert_eq!(pid.field(3).component(4).sub(2).raw(), "1.2.3");
        assert_eq!(pid.field(3).repetitions().nth(1).unwrap().component(5).raw(), "SS");
        assert!(pid.field(4).is_null() && pid.field(5).is_empty() && pid.field(99).is_empty());
    }
}
