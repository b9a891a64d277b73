//! Cut: which part of a file is taken next?
//!
//! Lines travel in groups and are never all in memory. HL7 is cut at its messages, with or without an envelope, in groups of
//! up to a mebibyte. JSON and FHIR are one part.
//!
//! - LIMIT: `FOLDER_FILE_BYTES_MAX` for HL7, one message for JSON and FHIR; lines have no bound but that of a line.
//! - **Not here**: what the parts say ([`Intake`]).

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
};

use wardline_connectors::codec::hl7::batch;
use wardline_rules::{quality::Note, time::Timestamp};

use super::{
    super::lines::{Pending, Piece},
    places::Reason,
};
use crate::{
    intake::{Format, Intake, Reading, Shape},
    limits::{BODY_BYTES_MAX, COMMIT_BYTES, FOLDER_FILE_BYTES_MAX, FOLDER_MESSAGES_PER_GROUP, SOURCE_CHUNK_BYTES},
};

/// Bytes of a file that is too large to be read, for what is said about it.
const HEAD_BYTES: u64 = 4_096;

/// What is submitted at once.
pub(super) struct Group {
    pub(super) reading: Reading,
    /// Its bytes, in case no record can hold what they say.
    pub(super) raw: Vec<u8>,
    /// How much of the file is durable with it.
    pub(super) upto: u64,
    /// The number of its last part.
    pub(super) n: u32,
}

impl Group {
    /// Takes one more message in.
    fn take(&mut self, message: &[u8], mut reading: Reading) {
        self.n = self.n.saturating_add(1);
        for line in &mut reading.lines {
            line.n = self.n;
        }
        self.reading.append(reading);
        self.raw.extend_from_slice(message);
        self.raw.push(b'\r');
    }
}

/// A file that is being cut.
pub(super) enum Cut {
    Lines { file: File, pending: Pending },
    Messages { bytes: Vec<u8>, ends: Vec<(usize, usize)>, next: usize, notes: Vec<Note> },
    One { bytes: Vec<u8>, format: Format, is_taken: bool },
}

/// The first bytes of a file.
pub(super) fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Cut {
    /// Begins behind what is durable already.
    ///
    /// - **Input** `pause`: called while somebody still writes to the file.
    ///
    /// # Errors
    /// Inside: it cannot be read as a whole.
    pub(super) fn of(mut file: File, format: Format, upto: u64, pause: impl Fn()) -> io::Result<Result<Self, Reason>> {
        let done = usize::try_from(upto).unwrap_or(usize::MAX);
        match format {
            Format::Lines => {
                file.seek(SeekFrom::Start(upto))?;
                Ok(Ok(Self::Lines { file, pending: Pending::at(upto) }))
            }
            Format::Hl7 => Ok(whole(&mut file, FOLDER_FILE_BYTES_MAX, &pause)?.map(|bytes| {
                let start = bytes.as_ptr().addr();
                let batch::Batch { messages, notes } = batch::split(&bytes);
                let places = messages.iter().map(|message| {
                    let begin = message.as_ptr().addr() - start;
                    (begin, begin + message.len())
                });
                let ends = places.collect();
                Self::Messages { ends, next: done, notes, bytes }
            })),
            Format::Json | Format::Fhir => {
                let bytes = whole(&mut file, BODY_BYTES_MAX, &pause)?;
                Ok(bytes.map(|bytes| Self::One { is_taken: done > 0 || bytes.trim_ascii().is_empty(), bytes, format }))
            }
        }
    }

    /// Whether the file has nothing in it but blanks.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            // No line of it was any, or there would be a part.
            Self::Lines { .. } => true,
            Self::Messages { ends, .. } => ends.is_empty(),
            Self::One { bytes, .. } => bytes.trim_ascii().is_empty(),
        }
    }

    /// The next group; `None` at the end.
    ///
    /// - **Input** `n`: the number of the last part before it. `at`: when it is read, log time.
    pub(super) fn next(&mut self, intake: &Intake, feed: &str, (n, at): (u32, Timestamp)) -> io::Result<Option<Group>> {
        match self {
            Self::Lines { file, pending } => {
                let Some(piece) = next_piece(file, pending)? else { return Ok(None) };
                let reading = match &piece {
                    Piece::Lines(lines) => {
                        intake.events(feed, Shape::Lines, lines, at).unwrap_or_else(|_| intake.unread(feed, lines, at))
                    }
                    Piece::Cut(bytes) => intake.unread(feed, bytes, at),
                };
                let raw = piece.into_bytes();
                pending.offset += u64::try_from(raw.len()).unwrap_or(0);
                let ends = raw.iter().filter(|byte| **byte == b'\n').count();
                let parts = u32::try_from(ends).unwrap_or(u32::MAX);
                Ok(Some(Group { reading: numbered(reading, n), upto: pending.offset, n: n.saturating_add(parts), raw }))
            }
            Self::Messages { bytes, ends, next, notes } => {
                let mut group = Group { reading: Reading::default(), raw: Vec::new(), upto: 0, n };
                let from = *next;
                while let Some(message) = ends.get(*next).and_then(|(begin, end)| bytes.get(*begin..*end)) {
                    let is_large = group.raw.len() + message.len() > COMMIT_BYTES;
                    if *next > from && (is_large || *next - from >= FOLDER_MESSAGES_PER_GROUP) {
                        break;
                    }
                    *next += 1;
                    group.take(message, intake.message(feed, Format::Hl7, message, at));
                }
                if *next == ends.len() {
                    group.reading.note(core::mem::take(notes));
                }
                group.upto = u64::try_from(*next).unwrap_or(u64::MAX);
                Ok((*next > from).then_some(group))
            }
            Self::One { bytes, format, is_taken } => {
                if core::mem::replace(is_taken, true) {
                    return Ok(None);
                }
                let reading = numbered(intake.message(feed, *format, bytes, at), n);
                let last = reading.lines.last().map_or(n, |line| line.n);
                Ok(Some(Group { reading, raw: bytes.clone(), upto: 1, n: last }))
            }
        }
    }
}

fn numbered(mut reading: Reading, before: u32) -> Reading {
    for line in &mut reading.lines {
        line.n = line.n.saturating_add(before);
    }
    reading
}

/// Whole lines, or what is left at the end of the file.
fn next_piece(file: &mut File, pending: &mut Pending) -> io::Result<Option<Piece>> {
    let mut chunk = vec![0; SOURCE_CHUNK_BYTES];
    loop {
        if let Some(piece) = pending.next(false) {
            return Ok(Some(piece));
        }
        let length = file.read(&mut chunk)?;
        if length == 0 {
            return Ok(pending.next(true));
        }
        pending.push(chunk.get(..length).unwrap_or_default());
    }
}

/// All of a file that nobody writes to any more.
fn whole(file: &mut File, most: usize, pause: &impl Fn()) -> io::Result<Result<Vec<u8>, Reason>> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    loop {
        if file.metadata()?.len() > most {
            return Ok(Err(Reason::TooLarge));
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        Read::take(&mut *file, most + 1).read_to_end(&mut bytes)?;
        if file.metadata()?.len() == u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
            return Ok(Ok(bytes));
        }
        pause();
    }
}
