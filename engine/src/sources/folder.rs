//! Folder: which files were put into a watched folder, and what became of each?
//!
//! ```text
//!  NAME ─ unchanged for three looks ─► work/NAME ─ part by part ─► log ─ durable ─► mark ─┬─► done/NAME
//!   │                                                                                     └─► refused/NAME, with a reason
//!   └─ a link, empty, too large: refused/ at once
//! ```
//! A file is claimed by renaming it, so that two readers never have the same one, and it leaves `work/` when the last of it
//! is durable [ACK-5]. A restart goes on in `work/` behind the last part that the mark covers; what is read twice is
//! recognised by its ids. If the log was restored and does not have what the mark covers, the file is read from its start.
//!
//! - **How it fits**: one blocking thread per folder feed, beside [`lines`](super::lines) for single files that grow.
//! - INVARIANT: no file is in `done/` unless all of it is on disk. No file is removed but old ones in `done/`.
//! - INVARIANT: names of files may name patients, so no log line shows one.
//! - LIMIT: `FOLDER_FILES_SEEN_MAX`, `FOLDER_FILE_BYTES_MAX`; lines as in [`lines`](super::lines).
//! - **Not here**: what the bytes say ([`Intake`]).

mod cut;
mod mark;
mod places;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{runtime::Handle, sync::watch};
use wardline_rules::{Text, time::Span};

use self::{
    cut::{Cut, Group},
    mark::Mark,
    places::{Looked, Places, Reason},
};
use super::health::Health;
use crate::{
    codes::Code,
    config::Watched,
    engine::{Accepted, Engine},
    intake::{Intake, Reading},
    limits::{FOLDER_SWEEP_EVERY, OUTCOME_WAIT, RETRY_OFFER_EVERY, SOURCE_RETRY_MAX, WATCH_EVERY},
    metrics::Metric,
    runtime::admission::Refusal,
};

/// One folder feed.
#[derive(Debug)]
pub struct Folder {
    /// The engine that takes what is in its files.
    pub engine: Engine,
    /// The codecs.
    pub intake: Arc<Intake>,
    /// The feed's name.
    pub feed: Text,
    /// Which folder, how its files are written, how long they are kept.
    pub watched: Watched,
    /// Where the mark stands.
    pub mark: PathBuf,
    /// How the feed is.
    pub health: Health,
    /// Waits and offers run on it.
    pub tokio: Handle,
    /// True when it is time to end.
    pub stop: watch::Receiver<bool>,
}

impl Folder {
    /// Reads what is there and what comes, until the stop; after an error it waits and begins again at the mark.
    pub fn run(self) {
        let mut wait = WATCH_EVERY;
        while !self.is_over() {
            let begun = self.engine.boot();
            let Err(error) = self.watch() else { return };
            self.health.lost();
            tracing::warn!(feed = %self.feed, %error, code = %Code::FeedLost, "feed.read: tried again");
            let went_well = self.engine.boot().minus(begun) > Span::from_seconds(60);
            wait = if went_well { WATCH_EVERY } else { wait.saturating_mul(2).min(SOURCE_RETRY_MAX) };
            self.pause(wait);
        }
    }

    fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    fn pause(&self, wait: core::time::Duration) {
        let mut stop = self.stop.clone();
        self.tokio.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    }

    fn watch(&self) -> io::Result<()> {
        let places = Places::open(&self.watched.path)?;
        let mut looked = Looked::default();
        let mut swept = None;
        self.health.lost();
        self.health.connected();
        while !self.is_over() {
            for name in places.claimed()? {
                if self.read(&places, &name)? == Ended::Stopped {
                    return Ok(());
                }
            }
            let found = looked.look(&places)?;
            for name in &found.odd {
                self.refuse(&places, name, Reason::NotAFile)?;
            }
            for name in &found.settled {
                let Some(claimed) = places.claim(name)? else { continue };
                if self.read(&places, &claimed)? == Ended::Stopped {
                    return Ok(());
                }
            }
            let now = self.engine.boot();
            if swept.is_none_or(|swept| now.minus(swept) > FOLDER_SWEEP_EVERY) {
                swept = Some(now);
                places.sweep(self.engine.log_now(), self.watched.keep)?;
            }
            self.pause(WATCH_EVERY);
        }
        Ok(())
    }

    /// Takes one claimed file to its end, or as far as the engine goes on.
    fn read(&self, places: &Places, name: &Path) -> io::Result<Ended> {
        let path = places.work.join(name);
        let identity = mark::identity(&path)?;
        let mut mark = Mark::read(&self.mark, identity, self.engine.status().position(), &self.feed);
        let (results, kept) = places.results(name, mark.results)?;
        mark.results = kept;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.refuse(places, name, Reason::NotAllowed)?;
                return Ok(Ended::Whole);
            }
            Err(error) => return Err(error),
        };
        let mut cut = match Cut::of(file, self.watched.format, mark.upto, || self.pause(WATCH_EVERY))? {
            Ok(cut) => cut,
            Err(reason) => {
                self.say_oversize(&path, reason)?;
                self.refuse(places, name, reason)?;
                return Ok(Ended::Whole);
            }
        };
        while let Some(group) = cut.next(&self.intake, &self.feed, (mark.n, self.engine.log_now()))? {
            if self.is_over() || self.take(group, &mut mark, &results)? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        match (mark.readable, mark.unreadable) {
            (0, 0) if cut.is_blank() => self.refuse(places, name, Reason::Empty)?,
            (0, 1..) => self.refuse(places, name, Reason::Unreadable)?,
            _ => places.done(name)?,
        }
        Mark::forget(&self.mark)?;
        Ok(Ended::Whole)
    }

    /// Makes one group durable, then moves the mark behind it.
    fn take(&self, group: Group, mark: &mut Mark, mut results: &File) -> io::Result<Ended> {
        let Group { reading, raw, upto, n } = group;
        let begun = self.engine.boot();
        let whole = || self.intake.unread(&self.feed, &raw, self.engine.log_now());
        let (lines, accepted) = match self.offer(reading) {
            Err(Refusal::TooLarge) => match self.offer(whole()) {
                Ok(taken) => taken,
                Err(_) => return Ok(Ended::Stopped),
            },
            Ok(taken) => taken,
            Err(Refusal::Busy | Refusal::FeedBusy | Refusal::Closed) => return Ok(Ended::Stopped),
        };
        self.engine.metrics().observe(Metric::AckDuration, &["folder"], self.engine.boot().minus(begun));
        let Some(accepted) = accepted else {
            (mark.upto, mark.n) = (upto, n);
            return Ok(Ended::Whole);
        };
        let position = accepted.receipt.position;
        let outcome = self.tokio.block_on(async { tokio::time::timeout(OUTCOME_WAIT, accepted.outcome()).await });
        let outcome = outcome.ok().and_then(Result::ok).unwrap_or_default();
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            text += &format!("{}\n", line.receipt(position, outcome.of(index)));
            *if line.refused.is_some() { &mut mark.unreadable } else { &mut mark.readable } += 1;
        }
        io::Write::write_all(&mut results, text.as_bytes())?;
        (mark.upto, mark.n, mark.record) = (upto, n, mark.record.max(position));
        mark.results += u64::try_from(text.len()).unwrap_or(0);
        mark.write(&self.mark)?;
        Ok(Ended::Whole)
    }

    /// Offers again and again until it is taken; a folder is patient.
    fn offer(&self, reading: Reading) -> Result<(Vec<crate::intake::Line>, Option<Accepted>), Refusal> {
        let Reading { mut parcel, lines } = reading;
        if parcel.inputs.is_empty() {
            return Ok((lines, None));
        }
        let lane = self.intake.lane(&self.feed, &parcel.inputs);
        let offered = loop {
            match self.engine.offer(lane, parcel) {
                Ok(offered) => break offered,
                Err((Refusal::Busy | Refusal::FeedBusy, back)) if !self.is_over() => parcel = back,
                Err((refusal, _)) => return Err(refusal),
            }
            self.pause(RETRY_OFFER_EVERY);
        };
        let accepted = self.tokio.block_on(offered.durable())?;
        Ok((lines, Some(accepted)))
    }

    /// A file that is too long to be read leaves its fault in the books of the feed.
    fn say_oversize(&self, path: &Path, reason: Reason) -> io::Result<()> {
        if reason != Reason::TooLarge {
            return Ok(());
        }
        let head = cut::head(&File::open(path)?)?;
        let (reading, _) = self.intake.oversize(&self.feed, &head, self.engine.log_now());
        drop(self.offer(reading));
        Ok(())
    }

    fn refuse(&self, places: &Places, name: &Path, reason: Reason) -> io::Result<()> {
        tracing::warn!(feed = %self.feed, code = %Code::FileRefused, reason = reason.word(), "feed.refuse");
        self.engine.metrics().count_named(Metric::FeedRefusals, &[self.feed.as_str(), reason.word()], 1);
        places.refuse(name, reason, self.engine.log_now())
    }
}

/// How far a file was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    /// To its end.
    Whole,
    /// The engine stops; the mark says how far.
    Stopped,
}

#[cfg(test)]
mod tests;
