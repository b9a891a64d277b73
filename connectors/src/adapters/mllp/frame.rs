//! Frame: where does a message begin and end in a stream of bytes?
//!
//! `VT message FS CR`. Line ends between frames are tolerated, because old senders write them; any other byte there ends
//! the connection. VT or FS inside a message is content that no HL7 message may have: the frame still ends at the next
//! `FS CR`, and says that it is not clean, so that two messages glued by a lost end block are refused as one and neither
//! is taken by mistake.
//!
//! - **How it fits**: pure; the connection feeds it what the socket gives.
//! - INVARIANT: holds at most `MESSAGE_BYTES_MAX` + 1 bytes, whatever comes.
//! - **Source**: HL7 Minimal Lower Layer Protocol, release 2; guarantees page 5.3.

/// Begins a frame.
const START: u8 = 0x0b;
/// With a CR behind it, ends a frame.
const END: u8 = 0x1c;
const RETURN: u8 = b'\r';

/// A message as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The bytes between the marks.
    pub bytes: Vec<u8>,
    /// What is wrong with it as a frame.
    pub flaw: Option<Flaw>,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// VT or FS stands inside the message.
    MarkInside,
    /// It is longer than `MESSAGE_BYTES_MAX`; only its beginning is here, and the connection ends.
    TooLong,
}

/// Something else than a frame came: there is nothing to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotFramed;

/// Finds frames.
#[derive(Debug)]
pub struct Frames {
    place: Place,
    bytes: Vec<u8>,
    is_clean: bool,
    bytes_max: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Between,
    Inside,
    /// Behind an FS that may be the end.
    AfterEnd,
}

impl Frames {
    /// At most `bytes_max` bytes per frame.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self { place: Place::Between, bytes: Vec::new(), is_clean: true, bytes_max }
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.place != Place::Between
    }

    /// How many bytes of the open frame are held.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Takes bytes from the front of `chunk` up to the end of a frame, or all of them.
    ///
    /// - **Output**: the frame that ended, if one did; what is left of `chunk` comes behind it.
    ///
    /// # Errors
    /// [`NotFramed`].
    pub fn take(&mut self, chunk: &mut &[u8]) -> Result<Option<Frame>, NotFramed> {
        while let Some((first, rest)) = chunk.split_first() {
            match (self.place, *first) {
                (Place::Between, START) => {
                    *chunk = rest;
                    self.place = Place::Inside;
                }
                (Place::Between, b'\r' | b'\n') => *chunk = rest,
                (Place::Between, _) => return Err(NotFramed),
                (Place::AfterEnd, RETURN) => {
                    *chunk = rest;
                    return Ok(Some(self.end((!self.is_clean).then_some(Flaw::MarkInside))));
                }
                (Place::AfterEnd, _) => {
                    self.bytes.push(END);
                    self.is_clean = false;
                    self.place = Place::Inside;
                }
                (Place::Inside, END) => {
                    *chunk = rest;
                    self.place = Place::AfterEnd;
                }
                (Place::Inside, START) => {
                    *chunk = rest;
                    self.bytes.push(START);
                    self.is_clean = false;
                }
                (Place::Inside, _) => self.take_content(chunk),
            }
            if self.bytes.len() > self.bytes_max {
                self.bytes.truncate(self.bytes_max.saturating_add(1));
                return Ok(Some(self.end(Some(Flaw::TooLong))));
            }
        }
        Ok(None)
    }

    fn take_content(&mut self, chunk: &mut &[u8]) {
        let is_mark = |byte: &u8| matches!(*byte, START | END);
        let length = chunk.iter().position(is_mark).unwrap_or(chunk.len());
        let (content, rest) = chunk.split_at(length);
        self.bytes.extend_from_slice(content);
        *chunk = rest;
    }

    fn end(&mut self, flaw: Option<Flaw>) -> Frame {
        self.place = Place::Between;
        self.is_clean = true;
        Frame { bytes: core::mem::take(&mut self.bytes), flaw }
    }
}

/// `message` in its frame.
#[must_use]
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len().saturating_add(3));
    bytes.push(START);
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(&[END, RETURN]);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(stream: &[u8], bytes_max: usize, piece: usize) -> (Vec<Frame>, Option<NotFramed>) {
        let mut frames = Frames::new(bytes_max);
        let mut found = Vec::new();
        let mut chunks = stream.chunks(piece);
        let mut chunk: &[u8] = &[];
        loop {
            match frames.take(&mut chunk) {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => match chunks.next() {
                    Some(next) => chunk = next,
                    None => return (found, None),
                },
                Err(fault) => return (found, Some(fault)),
            }
            if found.last().is_some_and(|frame| frame.flaw == Some(Flaw::TooLong)) {
                return (found, None);
            }
        }
    }

    fn clean(text: &str) -> Frame {
        Frame { bytes: text.as_bytes().to_vec(), flaw: None }
    }

    #[test]
    fn frames_end_at_their_end_block_however_the_bytes_arrive() {
        let stream = b"\x0bMSH|1\rPID\x1c\r\r\n\x0bMSH|2\x1c\r\x0bcut";
        for piece in 1..=stream.len() {
            assert_eq!(all(stream, 100, piece), (vec![clean("MSH|1\rPID"), clean("MSH|2")], None));
        }
    }

    #[test]
    fn what_is_no_frame_has_no_answer() {
        assert_eq!(all(b"GET / HTTP/1.1\r\n", 100, 4), (vec![], Some(NotFramed)));
        assert_eq!(all(b"\x0ba\x1c\rb", 100, 64), (vec![clean("a")], Some(NotFramed)));
    }

    #[test]
    fn a_lost_end_block_makes_one_flawed_message_of_two() {
        let glued = Frame { bytes: b"MSH|1\x0bMSH|2".to_vec(), flaw: Some(Flaw::MarkInside) };
        assert_eq!(all(b"\x0bMSH|1\x0bMSH|2\x1c\r\x0bMSH|3\x1c\r", 100, 3), (vec![glued, clean("MSH|3")], None));
        let inside = Frame { bytes: b"a\x1cb\x1c\x1cc".to_vec(), flaw: Some(Flaw::MarkInside) };
        assert_eq!(all(b"\x0ba\x1cb\x1c\x1cc\x1c\r", 100, 1), (vec![inside], None));
    }

    #[test]
    fn an_endless_frame_is_cut_at_its_limit() {
        let (found, _) = all(&[b"\x0b".as_slice(), &[b'x'; 5_000]].concat(), 1_000, 64);
        assert_eq!((found[0].bytes.len(), found[0].flaw), (1_001, Some(Flaw::TooLong)));
        let (found, _) = all(&framed(&[b'x'; 1_000]), 1_000, 64);
        assert_eq!((found[0].bytes.len(), found[0].flaw), (1_000, None));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_bounded_and_frames_without_marks_come_back(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            piece in 1_usize..50,
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
            let (found, _) = all(&stream, 200, piece);
            prop_assert!(found.iter().all(|frame| frame.bytes.len() <= 201));
            if messages.iter().flatten().all(|byte| !matches!(*byte, START | END)) {
                let bytes: Vec<Vec<u8>> = found.into_iter().map(|frame| frame.bytes).collect();
                prop_assert_eq!(bytes, messages);
            }
        }
    }
}
