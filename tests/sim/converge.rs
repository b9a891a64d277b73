//! Converge: once nothing fails any more, does everything come to its end?

use wardline::runtime::kernel::Kernel;
use wardline_core::output::NoticeState;
use wardline_rules::time::Span;
use wardline_store::verify::verify;

use super::{
    run::{Deed, Run},
    trace::{Held, hold},
};

/// States in which something is still owed to somebody.
const OWED: [NoticeState; 5] =
    [NoticeState::Held, NoticeState::Ready, NoticeState::Started, NoticeState::Waiting, NoticeState::Unsure];

impl Run {
    /// Both phases, and everything that must hold in the end.
    pub(crate) fn whole(&mut self) -> Held {
        let faults_end = self.until.plus(Span::from_minutes(-5 * 60));
        self.go_until(faults_end)?;
        self.calm()?;
        self.go_until(self.until)?;
        self.settle_all()?;
        self.check_end()
    }

    fn calm(&mut self) -> Held {
        self.is_calm = true;
        self.is_armed = false;
        self.disk.heal();
        self.clock.set_wrong(Span::ZERO, true);
        self.note("from here on nothing fails");
        // An engine that met a failing disk a moment ago ends; the one after it stays.
        if self.node.is_none() {
            self.add(self.now, Deed::Start);
        }
        Ok(())
    }

    /// Every request is acknowledged, every notice has ended [O8] [O18].
    fn settle_all(&mut self) -> Held {
        let latest = self.now.plus(Span::from_minutes(40 * 60));
        while self.now < latest && !self.is_settled() {
            self.go_until(self.now.plus(Span::from_minutes(30)))?;
        }
        let waiting: usize = self.clients.iter().map(super::clients::Client::waiting).sum();
        let owed = self.owed();
        hold(self.is_settled(), "O18", || {
            format!("after {} h without faults {waiting} messages wait and notices are owed: {owed:?}", 40)
        })
    }

    fn is_settled(&self) -> bool {
        self.clients.iter().all(super::clients::Client::is_done)
            && self.node.is_some()
            && self.owed().iter().all(|owed| *owed == 0)
    }

    fn owed(&self) -> [usize; 5] {
        let Some(node) = &self.node else { return [0; 5] };
        let gauges = Kernel::gauges(node.parts.kernel());
        OWED.map(|state| gauges.notices_in(state))
    }

    fn check_end(&mut self) -> Held {
        self.outside.read(&self.copy(), self.now)?;
        self.ledger.check(&self.outside)?;
        self.check_state()?;
        if let Some(node) = &self.node {
            node.engine.stop();
        }
        // The stop, the start after it, and what follows from the checkpoint.
        self.go_until(self.now.plus(Span::from_minutes(10)))?;
        hold(self.node.is_some(), "O18", || "the engine did not start after a clean stop".to_owned())?;
        let report = verify(&self.copy());
        let exit = report.as_ref().map_or(4, |report| report.exit());
        hold(exit == 0, "verify", || format!("{report:?}"))?;
        let (told, twice) = self.receivers.counts();
        self.tally.add("notices told", u64::try_from(told).unwrap_or(0));
        self.tally.add("told twice, marked", u64::try_from(twice).unwrap_or(0));
        self.tally.add("ledger entries", u64::try_from(self.ledger.len()).unwrap_or(0));
        self.tally.add("records", self.outside.position.sequence);
        self.look_at_calls();
        let text = format!("the end: record {}, state {}", self.outside.position.sequence, self.outside.state_hash());
        self.note(&text);
        Ok(())
    }

    /// At which calls of the disk the machine was stopped, of all that were made.
    fn look_at_calls(&mut self) {
        let mut was_off = false;
        for operation in self.disk.operations() {
            let name = format!("{} {}", operation.call, file_kind(&operation.path));
            let is_off = operation.fault == Some(wardline_store::disk::sim::Fault::PowerOff);
            if is_off && !was_off {
                self.tally.stopped_at.insert(name.clone());
            }
            if !is_off {
                self.tally.called.insert(name);
            }
            was_off = is_off;
        }
    }
}

/// What sort of file a path names.
fn file_kind(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    match name.rsplit_once('.') {
        Some((_, ending)) => ending,
        None if name.chars().all(char::is_uppercase) && !name.is_empty() => name,
        None => "directory",
    }
}
