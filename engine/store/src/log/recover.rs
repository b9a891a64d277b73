//! Recovery: where does the log end, and is that an end, an interrupted write, or damage?
//!
//! ```text
//!  … 41 42 43 │ 44 45 │ s ? ? 48 ?      the walk stops before s, the scan looks behind it
//!  known durable F ─┘
//!  F ≥ s   s had been durable: damage, nothing is touched
//!  F < s   nothing from s on was ever acknowledged: zeros over it, and on we go
//! ```
//! F is the highest of every `floor` in sight, every checkpoint, the number before each later segment, because a segment
//! is begun only when the one before is durable, and the first record of the newest segment that `EPOCH` names, because it
//! is named only when that record is. Records behind F are real but unproven: they may exist in the page cache
//! alone. They are written again, byte for byte, and synced before anybody applies them.
//! - **How it fits**: [`Store::open`](crate::store::Store::open) calls it once, with the position of the checkpoint it chose.
//! - LIMIT: `EXCLUSIONS_MAX`; one more stops the start.
//! - **Not here**: choosing the checkpoint, reading payloads.
//! - **Source**: Alagappan et al., *Protocol-Aware Recovery for Consensus-Based Storage*, FAST '18, for the distinction.

use std::collections::VecDeque;
use std::sync::Arc;

use super::inventory::{HeaderState, Segment};
use super::reader::Expect;
use super::scan::scan;
use super::{Bookmark, Error, LogReader, Position, Result, Stop};
use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile};
use crate::finding::Finding;
use crate::limits::{BLOCK_BYTES, CHUNK_BYTES, EXCLUSIONS_MAX};
use crate::record::{Chain, Kind, Record};
use crate::segment::{self, Identity};

/// What is known to be durable from outside the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// Last sequence of the newest sound checkpoint.
    pub(crate) checkpoint: u64,
    /// First sequence of the newest segment the file `EPOCH` speaks of, which was durable then; 0 for none.
    pub(crate) newest_segment: u64,
}

impl Known {
    /// Highest sequence that had been durable.
    pub(crate) fn floor(&self) -> u64 {
        self.checkpoint.max(self.newest_segment)
    }
}

/// Where the replay begins.
pub(crate) type Start = Position;

/// An input that replays leave out: payload of an `exclude` record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// Sequence of the `exclude` record.
    pub sequence: u64,
    /// What it says.
    pub payload: Vec<u8>,
}

/// The file the writer goes on in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// There is none: the first append begins one.
    Nothing,
    /// It has its name and nothing else.
    Blank { path: String, size: u64 },
    /// It has a header; the next flush goes to `offset`.
    Begun { path: String, first: u64, size: u64, offset: u64 },
}

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) position: Position,
    pub(crate) epoch: u32,
    pub(crate) batch_at: Option<u64>,
    pub(crate) tail: Tail,
}

/// What recovery found.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) suffix: Bookmark,
    pub(crate) end: End,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) findings: Vec<Finding>,
    /// Records written again because nothing proved them durable.
    pub(crate) rewritten: u64,
}

/// Judges one log.
#[derive(Debug)]
pub(crate) struct Recovery<D: Disk> {
    pub(crate) disk: D,
    pub(crate) identity: Identity,
    pub(crate) segments: Arc<[Segment]>,
    pub(crate) known: Known,
}

/// What walking the log brought.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) suffix: Option<Bookmark>,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) stop: Stop,
    floor: u64,
    /// Sequence and offset of each record above `floor`, ascending; all in the last segment that has records.
    unproven: VecDeque<(u64, u64)>,
}

/// What the place where the log stops means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing follows.
    End,
    /// An interrupted write follows, up to this byte of the last segment.
    Torn(u64),
    /// What follows had been durable.
    Damaged(Finding),
}

/// What lies behind the place where the log stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind {
    /// Highest sequence known to have been durable.
    pub(crate) floor: u64,
    /// First byte behind the last that is not zero in the segment of the stop; 0 if all are.
    here: u64,
    /// The same in the last segment.
    torn: u64,
}

impl<D: Disk> Recovery<D> {
    /// Walks, judges and mends the log.
    ///
    /// - **Output**: `None` if the log does not contain `start`: the checkpoint belongs to another one.
    /// - **Errors**: [`Error::Damaged`], and then nothing on disk was changed; [`Error::Disk`].
    pub(crate) fn run(&self, start: Start) -> Result<Option<Recovered>> {
        let Some(walk) = self.walk(start)? else {
            return Ok(None);
        };
        let torn = match self.verdict(&walk)? {
            Verdict::End => 0,
            Verdict::Torn(end) => end,
            Verdict::Damaged(finding) => return Err(Error::Damaged(finding)),
        };
        let Some(suffix) = walk.suffix else {
            return Ok(None);
        };
        let rewritten = self.mend(&walk, torn)?;
        Ok(Some(Recovered {
            suffix,
            end: self.end(&walk),
            findings: self.torn_finding(&walk, torn).into_iter().collect(),
            exclusions: walk.exclusions,
            rewritten,
        }))
    }

    /// Reads every record from the segment that holds `start` on; `None` if the hash at `start` is another.
    pub(crate) fn walk(&self, start: Start) -> Result<Option<Walk>> {
        let Some(mark) = self.first_mark(start)? else {
            return Ok(None);
        };
        let mut reader = LogReader::new(self.disk.clone(), self.identity, Arc::clone(&self.segments), mark);
        let mut walk = Walk {
            suffix: None,
            exclusions: Vec::new(),
            stop: reader.stop(),
            floor: self.known.floor(),
            unproven: VecDeque::new(),
        };
        loop {
            let before = reader.bookmark();
            if before.expect.sequence == start.sequence + 1 {
                if start.sequence > 0 && before.expect.chain != start.chain {
                    return Ok(None);
                }
                walk.suffix = Some(before);
            }
            let Some(record) = reader.next_record()? else {
                break;
            };
            if record.header.sequence > start.sequence {
                walk.keep_exclusion(&record, self.identity)?;
            }
            let header = record.header;
            walk.note(header.sequence, header.floor, reader.last_offset());
        }
        walk.stop = reader.stop();
        Ok(Some(walk))
    }

    /// Where to begin reading so as to come past `start`.
    fn first_mark(&self, start: Start) -> Result<Option<Bookmark>> {
        let next_sequence = start.sequence + 1;
        let mut expect = Expect::after(start);
        let begun =
            self.segments.iter().rposition(|segment| segment.first <= next_sequence && segment.valid().is_some());
        if let Some((header, _)) = begun.and_then(|index| self.segments.get(index)).and_then(Segment::valid) {
            if header.first == next_sequence && start.sequence > 0 && header.chain != start.chain {
                return Ok(None);
            }
            expect = Expect::after(Position { sequence: header.first - 1, at: 0, chain: header.chain });
        } else if let Some(first) = self.segments.first().filter(|segment| segment.first > next_sequence) {
            let cause = format!("it should follow record {}, and nothing between is there", start.sequence);
            return Err(Error::Damaged(Finding::new(Code::SegmentMissing, &first.path, cause)));
        }
        Ok(Some(Bookmark { segment: None, next: begun.unwrap_or_default(), offset: 0, expect }))
    }

    /// Compares what is missing with what had been durable.
    pub(crate) fn verdict(&self, walk: &Walk) -> Result<Verdict> {
        let stop = walk.stop;
        let behind = self.look_behind(walk)?;
        if let Some(finding) = self.newest_missing(&stop) {
            return Ok(Verdict::Damaged(finding));
        }
        let following = self.segments.get(stop.next);
        let is_foreign =
            following.is_some_and(|segment| segment.valid().is_some() || segment.first < stop.expect.sequence);
        if behind.floor >= stop.expect.sequence || is_foreign {
            return Ok(Verdict::Damaged(self.damage(&stop, &behind)));
        }
        Ok(match behind.torn {
            0 => Verdict::End,
            torn => Verdict::Torn(torn),
        })
    }

    /// Scans everything from the stop on.
    pub(crate) fn look_behind(&self, walk: &Walk) -> Result<Behind> {
        let stop = walk.stop;
        let mut behind = Behind { floor: walk.floor, here: 0, torn: 0 };
        if let Some(segment) = stop.segment.and_then(|index| self.segments.get(index)) {
            let seen = scan(&self.disk, &self.identity, segment, stop.offset)?;
            behind.floor = behind.floor.max(seen.floor);
            behind.here = seen.end;
            behind.torn = seen.end;
        }
        for segment in self.segments.iter().skip(stop.next) {
            let seen = scan(&self.disk, &self.identity, segment, 0)?;
            let before = segment.first.saturating_sub(1);
            behind.floor = behind.floor.max(seen.floor).max(before);
            behind.torn = seen.end;
        }
        Ok(behind)
    }

    fn damage(&self, stop: &Stop, behind: &Behind) -> Finding {
        let sequence = stop.expect.sequence;
        let floor = behind.floor;
        let proof = format!(
            "record {sequence} is not there or not sound, though records up to {floor} are known to have been durable"
        );
        let following = self.segments.get(stop.next);
        match (stop.segment.and_then(|index| self.segments.get(index)), following) {
            (_, Some(next)) if next.first == sequence && next.valid().is_none() => {
                Finding::new(Code::SegmentDamaged, &next.path, proof).at(0, sequence)
            }
            (_, Some(next)) if next.first == sequence => {
                let cause = format!("it does not continue the log: its header names another record {}", sequence - 1);
                Finding::new(Code::SegmentMissing, &next.path, cause).at(0, sequence)
            }
            (Some(segment), Some(_)) if behind.here == 0 => {
                Finding::new(Code::SegmentMissing, &segment.path, proof).at(stop.offset, sequence)
            }
            (Some(segment), _) => Finding::new(Code::RecordDamaged, &segment.path, proof).at(stop.offset, sequence),
            (None, Some(next)) => Finding::new(Code::SegmentMissing, &next.path, proof).at(0, sequence),
            (None, None) => Finding::new(Code::SegmentMissing, &self.identity.log_directory(), proof),
        }
    }

    /// The newest segment is never cut; if `EPOCH` knows a newer one than there is, it was taken away. Where a person accepted
    /// that loss, an older segment holds what stands for it.
    fn newest_missing(&self, stop: &Stop) -> Option<Finding> {
        let newest = self.known.newest_segment;
        let last = self.segments.last().map_or(0, |segment| segment.first);
        let path = self.identity.segment_path(newest);
        let is_missing = newest > last && stop.expect.sequence <= newest;
        is_missing.then(|| Finding::new(Code::SegmentMissing, &path, "it was begun, and is not there"))
    }

    fn torn_finding(&self, walk: &Walk, torn: u64) -> Option<Finding> {
        let segment = self.segments.last().filter(|_| torn > 0)?;
        let offset = if walk.stop.next < self.segments.len() { 0 } else { walk.stop.offset };
        let cause = format!("bytes up to {torn} were written and never acknowledged; they were cleared");
        Some(Finding::new(Code::TornTail, &segment.path, cause).at(offset, walk.stop.expect.sequence))
    }

    /// Writes unproven records again and zeros over an interrupted write.
    fn mend(&self, walk: &Walk, torn: u64) -> Result<u64> {
        let stop = walk.stop;
        if let Some(blank) = self.segments.get(stop.next) {
            self.rewrite(&blank.path, 0, 0, torn)?;
            return Ok(0);
        }
        let Some(segment) = stop.segment.and_then(|index| self.segments.get(index)) else {
            return Ok(0);
        };
        let from = match walk.unproven.front() {
            // The first record of a segment proves its header, and shares its fate.
            Some(&(sequence, _)) if sequence == segment.first => 0,
            Some(&(_, offset)) => offset,
            None if stop.expect.sequence == segment.first => 0,
            None => stop.offset,
        };
        self.rewrite(&segment.path, from, stop.offset, torn)?;
        Ok(walk.unproven.len() as u64)
    }

    /// Writes the file again from `from` to `end`, and zeros from there to `torn`, in whole blocks.
    fn rewrite(&self, path: &str, from: u64, end: u64, torn: u64) -> Result<()> {
        let block = BLOCK_BYTES as u64;
        let mut at = from - from % block;
        let stop = end.max(torn).next_multiple_of(block);
        if from >= end.max(torn) {
            return Ok(());
        }
        let file = disk::open(&self.disk, path, Access::Write)?;
        while at < stop {
            let length = (stop - at).min(CHUNK_BYTES as u64);
            let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
            file.read_full(&mut bytes, at)?;
            let sound = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            if let Some(rest) = bytes.get_mut(sound..) {
                rest.fill(0);
            }
            file.write_all(&bytes, at)?;
            at += length;
        }
        Ok(file.fdatasync()?)
    }

    fn end(&self, walk: &Walk) -> End {
        let stop = walk.stop;
        let tail = match (self.segments.get(stop.next), stop.segment.and_then(|index| self.segments.get(index))) {
            (Some(blank), _) => Tail::Blank { path: blank.path.clone(), size: blank.length },
            (None, Some(segment)) => Tail::Begun {
                path: segment.path.clone(),
                first: segment.first,
                size: segment.length,
                offset: stop.offset.next_multiple_of(BLOCK_BYTES as u64).max(segment::HEADER_BYTES as u64),
            },
            (None, None) => Tail::Nothing,
        };
        let position = stop.expect.position();
        End {
            position,
            epoch: stop.expect.epoch,
            // Where no batch was read, none may repeat the last log time either.
            batch_at: stop.expect.batch_at.or((position.sequence > 0).then_some(position.at)),
            tail,
        }
    }
}

impl Walk {
    /// A walk that ended at `stop`, having seen `floor`.
    pub(crate) fn stopped(stop: Stop, floor: u64) -> Self {
        Self { suffix: None, exclusions: Vec::new(), stop, floor, unproven: VecDeque::new() }
    }

    fn keep_exclusion(&mut self, record: &Record<'_>, identity: Identity) -> Result<()> {
        if record.header.kind != Kind::Exclude {
            return Ok(());
        }
        if self.exclusions.len() == EXCLUSIONS_MAX {
            let cause = format!("more than {EXCLUSIONS_MAX} inputs are excluded");
            return Err(Error::Damaged(Finding::new(Code::Refused, &identity.log_directory(), cause)));
        }
        self.exclusions.push(Exclusion { sequence: record.header.sequence, payload: record.payload.to_vec() });
        Ok(())
    }

    fn note(&mut self, sequence: u64, floor: u64, offset: u64) {
        self.floor = self.floor.max(floor);
        self.unproven.push_back((sequence, offset));
        while self.unproven.front().is_some_and(|&(sequence, _)| sequence <= self.floor) {
            self.unproven.pop_front();
        }
    }
}

/// A header that is neither sound nor the last: nothing recovery may pass over.
pub(crate) fn misplaced_header(segments: &[Segment]) -> Option<Finding> {
    let (_, earlier) = segments.split_last()?;
    let damaged = earlier.iter().find(|segment| segment.valid().is_none())?;
    let cause = match damaged.state {
        HeaderState::Blank => "its header is zeros, and a later segment exists",
        HeaderState::Damaged | HeaderState::Valid(..) => "its header is not sound",
    };
    Some(Finding::new(Code::SegmentDamaged, &damaged.path, cause).at(0, damaged.first))
}

/// The hash before sequence 1.
pub(crate) const NO_CHAIN: Chain = Chain([0; 16]);
