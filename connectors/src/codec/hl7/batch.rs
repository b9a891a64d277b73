//! Batch: which messages stand in one file or frame?
//!
//! Each message begins at MSH and stands alone. The envelope (FHS BHS … BTS FTS) is optional; where its trailer counts
//! the messages and is wrong, a note says so.
//!
//! - **Source**: domain page [ACK-5]; HL7 v2.9, 2.10.3.

use wardline_rules::quality::{Fault, Note};

/// The messages of a file or frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch<'b> {
    /// The bytes of each message, in order.
    pub messages: Vec<&'b [u8]>,
    /// What was wrong with the envelope.
    pub notes: Vec<Note>,
}

/// Splits `bytes` at each MSH. What stands before the first and is no envelope is a message too, and will be refused.
#[must_use]
pub fn split(bytes: &[u8]) -> Batch<'_> {
    let bytes = super::trimmed(bytes);
    let mut batch = Batch::default();
    let mut start = None;
    let mut declared = Vec::new();
    for (at, line) in lines(bytes) {
        let is_envelope = ["FHS", "BHS", "BTS", "FTS"].iter().any(|id| begins(line, id.as_bytes()));
        let is_header = begins(line, b"MSH");
        let is_content = !line.trim_ascii().is_empty();
        if is_envelope || is_header {
            close(bytes, start.take(), at, &mut batch);
        }
        if is_header || (is_content && !is_envelope && start.is_none()) {
            start = Some(at);
        }
        if begins(line, b"BTS") || begins(line, b"FTS") {
            declared.push((begins(line, b"BTS"), count(line), batch.messages.len()));
        }
    }
    close(bytes, start, bytes.len(), &mut batch);
    check(&declared, &mut batch.notes);
    batch
}

fn close<'b>(bytes: &'b [u8], start: Option<usize>, end: usize, batch: &mut Batch<'b>) {
    let message = start.and_then(|start| bytes.get(start..end));
    batch.messages.extend(message.map(<[u8]>::trim_ascii));
}

/// BTS-1 counts messages, FTS-1 counts batches.
fn check(declared: &[(bool, Option<usize>, usize)], notes: &mut Vec<Note>) {
    let mut before = 0;
    let mut batches = 0;
    for (is_batch, count, seen) in declared {
        let (actual, field) = if *is_batch { (seen - before, "BTS-1") } else { (batches, "FTS-1") };
        if count.is_some_and(|count| count != actual) {
            notes.push(Note::new(Fault::BatchCount, field));
        }
        if *is_batch {
            before = *seen;
            batches += 1;
        }
    }
}

/// Each line and where it begins.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    bytes.split(|byte| matches!(byte, b'\r' | b'\n')).map(move |line| {
        let start = at;
        at += line.len() + 1;
        (start, line)
    })
}

fn begins(line: &[u8], id: &[u8]) -> bool {
    let next = line.strip_prefix(id).map(|rest| rest.first().copied());
    next.is_some_and(|next| next.is_none_or(|byte| !byte.is_ascii_alphanumeric()))
}

/// The number in the first field.
fn count(line: &[u8]) -> Option<usize> {
    let delimiter = line.get(3)?;
    let field = line.get(4..)?.split(|byte| byte == delimiter).next()?;
    core::str::from_utf8(field).ok()?.trim_ascii().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, usize) {
        let batch = split(text.as_bytes());
        let messages = batch.messages.iter().map(|bytes| String::from_utf8_lossy(bytes).replace('\r', "/")).collect();
        (messages, batch.notes.len())
    }

    #[test]
    fn messages_are_split_at_their_headers() {
        // [ACK-5]
        let file = "FHS|^~\\&|\rBHS|^~\\&|\rMSH|1\rPID|1\r\rMSH|2\rBTS|2\rFTS|1\r";
        assert_eq!(shown(file), (vec!["MSH|1/PID|1".into(), "MSH|2".into()], 0));
        assert_eq!(shown("MSH|1\rPID|1\n\nMSH|2\r\n"), (vec!["MSH|1/PID|1".into(), "MSH|2".into()], 0));
        assert_eq!(shown("\u{feff}MSH|1"), (vec!["MSH|1".into()], 0));
        assert_eq!(shown("PID|1\rMSH|2"), (vec!["PID|1".into(), "MSH|2".into()], 0));
        assert_eq!(shown(" \r\n"), (vec![], 0));
    }

    #[test]
    fn a_wrong_count_is_noted() {
        // [ACK-5]
        assert_eq!(shown("BHS|\rMSH|1\rBTS|2\rFTS|1").1, 1);
        assert_eq!(shown("BHS|\rMSH|1\rBTS|1\rBHS|\rMSH|2\rBTS|1\rFTS|3").1, 1);
        assert_eq!(shown("BHS|\rMSH|1\rBTS||no count\rFTS|").1, 0);
    }
}
