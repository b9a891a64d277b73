//! Walker: what is wrong with the log, from its first segment to its last?
//!
//! Recovery stops at the first damage; the walker names it and goes on in the next segment, so that one run shows all of it.
//! - **How it fits**: [`verify`](super) drives it; it asks the same judge as recovery what a stop means.
//! - **Not here**: checkpoints by themselves, dead letters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Observer, Report};
use crate::checkpoint::{Generation, Mark};
use crate::codes::Code;
use crate::disk::{self, Disk};
use crate::finding::Finding;
use crate::limits::GENERATIONS;
use crate::log::{self, LogReader, Position, Recovery, Segment, Verdict, Walk, bookmark_at};
use crate::record::{Chain, Kind, Record};
use crate::segment::Identity;

/// How often the end of the log is judged again because an engine wrote on meanwhile.
const ROUNDS_BESIDE_AN_ENGINE: usize = 4;

/// The checkpoints whose every byte is sound, newest first, and the hashes the log turned out to have there.
#[derive(Debug, Default)]
pub(super) struct Sound {
    pub(super) sound: Vec<(Generation, Position)>,
    chains: BTreeMap<u64, Chain>,
    /// The newest that the log says were complete, by their last records, ascending; as many as are kept.
    pub(super) marked: BTreeSet<u64>,
}

impl Sound {
    /// Takes note of the hash of a record, if a checkpoint ends there.
    fn note(&mut self, sequence: u64, chain: Chain) {
        if self.sound.iter().any(|(_, position)| position.sequence == sequence) {
            self.chains.insert(sequence, chain);
        }
    }

    /// Takes note of a record that says that a checkpoint is complete.
    fn mark(&mut self, record: &Record<'_>) {
        if record.header.kind == Kind::Mark {
            self.marked.extend(Mark::decode(record.payload).map(|mark| mark.sequence));
            if self.marked.len() > GENERATIONS {
                self.marked.pop_first();
            }
        }
    }

    /// Compares each with the log, and says if none is left to start from.
    pub(super) fn judge(&self, first: u64, identity: &Identity, report: &mut Report) {
        let mut fit = 0;
        for (generation, position) in &self.sound {
            match self.chains.get(&position.sequence) {
                Some(chain) if *chain == position.chain => fit += 1,
                Some(_) => {
                    let cause = "the log has another hash at its last sequence";
                    report.add(Finding::new(Code::CheckpointForeign, &generation.path, cause));
                }
                None => {
                    let cause = format!("the log has no sound record {}", position.sequence);
                    report.add(Finding::new(Code::CheckpointForeign, &generation.path, cause));
                }
            }
        }
        report.checkpoints = fit;
        if fit == 0 && first > 1 {
            let cause = format!("the log begins with record {first}");
            report.add(Finding::new(Code::NoCheckpoint, &identity.checkpoint_directory(), cause));
        }
    }
}

/// Walks the log from its first segment, over whatever is wrong.
pub(super) struct Walker<'a, D: Disk> {
    pub(super) recovery: Recovery<D>,
    pub(super) report: &'a mut Report,
    pub(super) checkpoints: &'a mut Sound,
    pub(super) floor: u64,
}

impl<D: Disk> Walker<'_, D> {
    pub(super) fn walk(&mut self, observer: &mut Observer<'_>) -> disk::Result<()> {
        let mut next = 0;
        if self.recovery.segments.is_empty() {
            return self.end_of_nothing();
        }
        while next < self.recovery.segments.len() {
            let Some(after) = self.walk_from(next, observer)? else {
                break;
            };
            next = after.max(next + 1);
        }
        Ok(())
    }

    /// No segment at all is right only if none was ever begun.
    fn end_of_nothing(&mut self) -> disk::Result<()> {
        let reader = self.reader(0, Position::default());
        self.judge(&reader).map(|_| ())
    }

    fn reader(&self, next: usize, position: Position) -> LogReader<D> {
        let mut mark = bookmark_at(position);
        mark.next = next;
        let recovery = &self.recovery;
        LogReader::new(recovery.disk.clone(), recovery.identity, Arc::clone(&recovery.segments), mark).thorough()
    }

    /// Reads on from the beginning of one segment; gives the next to try if the walk ended before the log did.
    fn walk_from(&mut self, index: usize, observer: &mut Observer<'_>) -> disk::Result<Option<usize>> {
        let Some(segment) = self.recovery.segments.get(index).cloned() else {
            return Ok(None);
        };
        let Some((header, _)) = segment.valid() else {
            return self.pass_over_header(index, &segment);
        };
        let before = Position { sequence: segment.first.saturating_sub(1), at: 0, chain: header.chain };
        self.checkpoints.note(before.sequence, before.chain);
        let mut reader = self.reader(index, before);
        for _ in 0..ROUNDS_BESIDE_AN_ENGINE {
            self.read(&mut reader, observer)?;
            let verdict = self.verdict(&reader)?;
            // A running engine may have written what was missing while we looked behind it.
            reader.forget();
            let reached = reader.reached();
            self.read(&mut reader, observer)?;
            if reader.reached() > reached {
                continue;
            }
            return Ok(match verdict {
                // Its next flush, half way.
                Verdict::Torn(_) if observer.is_running => None,
                verdict => self.report_verdict(&reader, verdict),
            });
        }
        // It writes faster than we judge: each time what was missing came. All that was there when we began is looked at.
        Ok(None)
    }

    /// A segment without a header is right only as the last, before its first flush.
    fn pass_over_header(&mut self, index: usize, segment: &Segment) -> disk::Result<Option<usize>> {
        if index + 1 < self.recovery.segments.len() {
            let finding = log::misplaced_header(&self.recovery.segments);
            finding.into_iter().for_each(|finding| self.report.add(finding));
            return Ok(Some(index + 1));
        }
        let before = Position { sequence: segment.first.saturating_sub(1), ..Position::default() };
        let reader = self.reader(index, before);
        self.judge(&reader)
    }

    fn read(&mut self, reader: &mut LogReader<D>, observer: &mut Observer<'_>) -> disk::Result<()> {
        loop {
            match reader.next_record() {
                Ok(Some(record)) => {
                    self.report.records += 1;
                    self.report.last =
                        Position { sequence: record.header.sequence, at: record.header.at, chain: record.chain };
                    self.floor = self.floor.max(record.header.floor);
                    self.checkpoints.note(record.header.sequence, record.chain);
                    self.checkpoints.mark(&record);
                    (observer.pace)(record.payload.len() as u64);
                    (observer.audit)(&record).into_iter().for_each(|finding| self.report.add(finding));
                }
                Ok(None) => break,
                Err(log::Error::Disk(error)) => return Err(error),
                Err(log::Error::Damaged(finding)) => {
                    self.report.add(finding);
                    break;
                }
                Err(_) => break,
            }
        }
        reader.take_padding().into_iter().for_each(|finding| self.report.add(finding));
        Ok(())
    }

    fn verdict(&self, reader: &LogReader<D>) -> disk::Result<Verdict> {
        match self.recovery.verdict(&Walk::stopped(reader.stop(), self.floor)) {
            Ok(verdict) => Ok(verdict),
            Err(log::Error::Disk(error)) => Err(error),
            Err(other) => Ok(Verdict::Damaged(Finding::new(
                other.code(),
                &self.recovery.identity.log_directory(),
                other.to_string(),
            ))),
        }
    }

    fn judge(&mut self, reader: &LogReader<D>) -> disk::Result<Option<usize>> {
        let verdict = self.verdict(reader)?;
        Ok(self.report_verdict(reader, verdict))
    }

    fn report_verdict(&mut self, reader: &LogReader<D>, verdict: Verdict) -> Option<usize> {
        let stop = reader.stop();
        let following = self.recovery.segments.get(stop.next).map(|segment| segment.first);
        match (verdict, following) {
            (Verdict::End, _) => return None,
            (Verdict::Torn(end), _) => {
                let path = self.recovery.segments.last().map_or("log", |segment| segment.path.as_str());
                let cause = format!("bytes up to {end} were written and never acknowledged");
                let finding = Finding::new(Code::TornTail, path, cause).at(stop.offset, stop.expect.sequence);
                self.report.add(finding);
                return None;
            }
            (Verdict::Damaged(_), Some(first)) if self.is_cut(stop.expect.sequence, first) => {
                let earlier = self.recovery.segments.iter().take(stop.next);
                let findings = earlier
                    .map(|segment| Finding::new(Code::CutLeftover, &segment.path, "the segment after it is gone"));
                findings.collect::<Vec<_>>().into_iter().for_each(|finding| self.report.add(finding));
            }
            (Verdict::Damaged(finding), _) => self.report.add(finding),
        }
        following.map(|_| stop.next)
    }

    /// Whether the records that are missing lie behind every checkpoint, where a cut takes them.
    fn is_cut(&self, from: u64, next: u64) -> bool {
        let oldest = self.checkpoints.sound.last().map_or(0, |(_, position)| position.sequence);
        from < next && next - 1 <= oldest && self.checkpoints.sound.len() >= GENERATIONS
    }
}
