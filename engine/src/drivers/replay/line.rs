//! Line: how does one transition read in the output of a backtest?
//!
//! `at`, `rule`, `report`, `transition`, `severity`, `recipient`, `channel`, `step`, `nid`, in this order; what does not apply is
//! left out. The hash goes over the lines as they are written.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use wardline_core::output::{Change, NoticeHead, Party, Transition};
use wardline_rules::{program::Who, token::TokenKind};

/// Writes and hashes lines.
pub struct Lines<'a> {
    to: &'a mut dyn Write,
    hasher: blake3::Hasher,
    text: String,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl<'a> Lines<'a> {
    /// Lines into `to`.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self { to, hasher: blake3::Hasher::new(), text: String::new() }
    }

    /// Writes one transition.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, transition: &Transition) -> io::Result<()> {
        self.text.clear();
        render(transition, &mut self.text);
        self.text.push('\n');
        self.hasher.update(self.text.as_bytes());
        self.to.write_all(self.text.as_bytes())
    }

    /// The hash over all lines, as hexadecimal digits.
    ///
    /// # Errors
    /// Those of the writer when it is flushed.
    pub fn finish(&mut self) -> io::Result<String> {
        self.to.flush()?;
        Ok(self.hasher.finalize().to_hex().to_string())
    }
}

/// One transition as a JSON object.
pub fn render(transition: &Transition, into: &mut String) {
    field(into, "at", &transition.at, '{');
    field(into, "rule", &transition.rule, ',');
    if let Some(report) = transition.report {
        field(into, "report", &report, ',');
    }
    if !transition.group.is_empty() {
        field(into, "group", &transition.group, ',');
    }
    let word = match &transition.change {
        Change::Clock(state, _) => state.word(),
        Change::Alert(state, _) => state.word(),
        Change::Notice(state, _) => state.word(),
    };
    field(into, "transition", &word, ',');
    if transition.severity.is_some() {
        field(into, "severity", &transition.severity_name, ',');
    }
    match &transition.change {
        Change::Clock(_, reading) => {
            if reading.due != wardline_rules::time::Timestamp::MAX {
                field(into, "due", &reading.due, ',');
            }
        }
        Change::Alert(_, why) => {
            if !why.is_empty() {
                field(into, "because", why, ',');
            }
            let _ = write!(into, ",\"generation\":{}", transition.generation);
        }
        Change::Notice(_, head) => notice(into, head),
    }
    into.push('}');
}

fn notice(into: &mut String, head: &NoticeHead) {
    field(into, "recipient", &recipient(head), ',');
    field(into, "channel", &head.channel.name(), ',');
    field(into, "step", &head.step, ',');
    field(into, "nid", &head.nid, ',');
}

/// The role in the ward's words, and who that is.
pub(crate) fn recipient(head: &NoticeHead) -> String {
    let role = match head.recipient.role {
        Who::Ordering => "the ordering clinician",
        Who::Attending => "the attending clinician",
        Who::Covering => "the covering clinician",
        Who::Reporting => "the reporting clinician",
        Who::Copied => "the copied clinicians",
        Who::Recipient => "the recipient",
        Who::Patient => "the patient",
        Who::Desk(_) => "desk",
        Who::Roster(_) => "roster",
        Who::Person(_) => "person",
    };
    match &head.recipient.party {
        Party::Token(token) => format!("{role} {}", token.display(TokenKind::Person)),
        Party::Person(name) | Party::Desk(name) => format!("{role} {name}"),
    }
}

/// `"name":"value"` behind `before`, escaped where a value needs it, which few do.
fn field(into: &mut String, name: &str, value: &impl std::fmt::Display, before: char) {
    into.push(before);
    let _ = write!(into, "\"{name}\":\"");
    let start = into.len();
    let _ = write!(into, "{value}");
    if into.get(start..).is_some_and(|value| value.contains(['"', '\\']) || value.chars().any(char::is_control)) {
        let escaped = serde_json::to_string(into.get(start..).unwrap_or_default()).unwrap_or_default();
        into.truncate(start);
        into.push_str(escaped.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default());
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_back_as_it_was() {
        for value in ["K", "\"", "ends with \"", "\\\"", "a\tb", ""] {
            let mut line = String::new();
            field(&mut line, "rule", &value, '{');
            line.push('}');
            let read: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(read["rule"], value, "{line}");
        }
    }
}
