//! Stops: how does the engine die, what does the machine leave, and what must the next start find?

use wardline::runtime::{log::Ended, recovery::Error};
use wardline_rules::time::Span;
use wardline_store::{
    codes::Code,
    disk::{
        Call, SimDisk,
        sim::{Fault, Injection},
    },
    store::Options,
    verify::verify,
};

use super::{
    node::{Node, options},
    outside::state_hash,
    run::{Deed, Run},
    trace::{Held, broken, hold},
};

/// What the end of an engine leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Left {
    /// The page cache lives on.
    Cache,
    /// Only what is durable, and some of the rest.
    Disk,
}

impl Run {
    /// Lets the engine stop in one of its ways, now or at some call of the disk to come.
    pub(crate) fn stop(&mut self) -> Held {
        if self.node.is_none() || self.is_calm {
            return Ok(());
        }
        let kinds = self.plan.kinds;
        let total = kinds.iter().map(|kind| usize::from(*kind)).sum();
        let mut drawn = self.random.below(total);
        let kind = kinds.iter().position(|kind| {
            let is_it = drawn < usize::from(*kind);
            drawn = drawn.saturating_sub(usize::from(*kind));
            is_it
        });
        match kind {
            Some(0) => self.die(Left::Cache),
            Some(1) if self.random.percent(30) => self.die(Left::Disk),
            Some(1) => self.fail_some_call(),
            Some(2) => self.fail_some_sync(),
            Some(_) => self.ask_to_stop(),
            None => {}
        }
        Ok(())
    }

    fn ask_to_stop(&mut self) {
        self.note("a stop is asked for");
        self.tally.fault("clean stop");
        if let Some(node) = &self.node {
            node.engine.stop();
        }
    }

    /// The power fails in some call to come.
    fn fail_some_call(&mut self) {
        let nth = u64::try_from(1 + self.random.below(60)).unwrap_or(1);
        let calls = [
            None,
            None,
            Some(Call::Pwrite),
            Some(Call::Fdatasync),
            Some(Call::Rename),
            Some(Call::SyncDirectory),
            Some(Call::Fsync),
        ];
        let call = self.random.pick(&calls).copied().flatten();
        let nth = if call.is_none() { nth } else { nth.div_ceil(12) };
        self.arm(call, nth, Fault::PowerOff);
        self.tally.fault("power off in a call");
    }

    /// The power fails in the next flush.
    pub(crate) fn fail_next_sync(&mut self) {
        self.arm(Some(Call::Fdatasync), 1, Fault::PowerOff);
        self.tally.fault("power off in a call");
    }

    /// The device fails in some sync or write to come.
    fn fail_some_sync(&mut self) {
        let calls = [Call::Fdatasync, Call::Fdatasync, Call::Fsync, Call::Pwrite];
        let call = self.random.pick(&calls).copied();
        let nth = u64::try_from(1 + self.random.below(4)).unwrap_or(1);
        self.arm(call, nth, Fault::Eio);
        self.tally.fault("failing device");
    }

    fn arm(&mut self, call: Option<Call>, nth: u64, fault: Fault) {
        self.is_armed = true;
        self.disk.inject(Injection { call, nth, fault });
        self.note(&format!("the next but {nth} of {call:?} will end in {fault:?}"));
    }

    /// The disk as it is, without the faults that wait: whoever looks at it from outside strikes none.
    pub(crate) fn copy(&self) -> SimDisk {
        let copy = self.disk.fork();
        copy.heal();
        copy
    }

    /// The engine ended by itself.
    pub(crate) fn ended(&mut self, ended: Ended) -> Held {
        self.note(&format!("the engine ended: {ended:?}"));
        hold(ended == Ended::Cleanly || self.is_armed, "O18", || {
            "the engine ended, and nothing had failed".to_owned()
        })?;
        if ended == Ended::Cleanly {
            // Upkeep ends when the log does, after its last order.
            while self.upkeep()? {}
            let report = verify(&self.copy());
            let exit = report.as_ref().map_or(4, |report| report.exit());
            // A device that failed beside the log may have left a file behind.
            hold(exit <= u8::from(self.is_armed), "verify", || format!("after a clean stop: {report:?}"))?;
        }
        let left = if self.random.percent(50) { Left::Cache } else { Left::Disk };
        self.die(left);
        Ok(())
    }

    /// The engine is gone.
    fn die(&mut self, left: Left) {
        self.node = None;
        self.is_armed = false;
        self.disk = match left {
            Left::Cache => self.disk.kill(),
            Left::Disk => {
                self.clock.boot();
                self.disk.crash(self.random.word())
            }
        };
        self.tally.fault(if left == Left::Cache { "kill" } else { "power failure" });
        self.note(&format!("the engine is gone, what is left: {left:?}"));
        let pause = if !self.is_calm && self.random.percent(15) {
            self.random.minutes(30, 150)
        } else {
            self.some_micros(120_000_000)
        };
        self.add(self.now.plus(pause), Deed::Start);
    }

    /// What every start of this seed is given.
    pub(crate) fn options(&self) -> (Options, Option<Span>) {
        let kept = (self.plan.kept_minutes > 0).then(|| Span::from_minutes(i64::from(self.plan.kept_minutes)));
        (options(self.instance, self.plan.segment_bytes), kept)
    }

    /// A new process takes over what is there.
    pub(crate) fn start(&mut self) -> Held {
        if self.node.is_some() {
            return Ok(());
        }
        self.life += 1;
        self.check_disk()?;
        let before = self.copy();
        let is_stumbling = !self.is_calm && self.random.percent(self.plan.stumbles);
        if is_stumbling {
            let nth = u64::try_from(1 + self.random.below(90)).unwrap_or(1);
            self.arm(None, nth, Fault::PowerOff);
        }
        match Node::start(&self.disk, &self.clock, self.options()) {
            Ok(node) => self.node = Some(node),
            Err(error) if self.is_armed && is_of_the_disk(&error) => {
                self.tally.fault("power off in a start");
                self.note("the start failed");
                self.die(Left::Disk);
                return Ok(());
            }
            Err(error) => return broken("O18", format!("the engine does not start: {error}")),
        }
        self.tally.count("starts");
        self.check_start()?;
        if self.random.percent(self.plan.damage) && !self.is_calm {
            self.try_damage(&before)?;
        }
        self.activate_first()
    }

    /// Whatever a crash leaves is no damage.
    fn check_disk(&self) -> Held {
        if self.outside.position.sequence == 0 {
            return Ok(());
        }
        let report = match verify(&self.copy()) {
            Ok(report) => report,
            Err(error) => return broken("verify", error.to_string()),
        };
        let worse = report.findings.iter().find(|finding| !matches!(finding.code, Code::TornTail | Code::Leftover));
        hold(worse.is_none(), "O17", || {
            format!("after a crash, without damage: {}", worse.map(ToString::to_string).unwrap_or_default())
        })
    }

    /// The state is what follows from the log, and the log has all that was acknowledged [O1] [O3] [O4].
    fn check_start(&mut self) -> Held {
        let Some(node) = &self.node else { return Ok(()) };
        let epoch = node.parts.epoch();
        hold(epoch > self.epoch, "O11", || format!("epoch {epoch} follows {}", self.epoch))?;
        self.epoch = epoch;
        self.outside.read(&self.copy(), self.now)?;
        self.ledger.check(&self.outside)?;
        self.check_state()?;
        let text = format!(
            "epoch {epoch} begins behind record {}, state {}",
            self.outside.position.sequence,
            self.outside.state_hash()
        );
        self.note(&text);
        Ok(())
    }

    /// The engine's state is the one that follows from the log alone.
    pub(crate) fn check_state(&self) -> Held {
        let Some(node) = &self.node else { return Ok(()) };
        let (applied, known) = (node.parts.applied(), self.outside.applied);
        hold(applied == known, "O3", || format!("the engine has applied {applied}, the log holds {known}"))?;
        let (found, expected) = (state_hash(node.parts.kernel()), self.outside.state_hash());
        hold(found == expected, "O4", || format!("behind batch {applied} the state is {found}, by the log {expected}"))
    }
}

fn is_of_the_disk(error: &Error) -> bool {
    error.to_string().contains("WL1401") || format!("{error:?}").contains("the power is off")
}
