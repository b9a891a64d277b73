//! Faults: which call fails, how, and what was called before?
//!
//! Each call has a number, from 1. An [`Injection`] waits for the n-th call of its kind and strikes once; [`Fault::PowerOff`] stays.
//! - **How it fits**: [`SimDisk`](super::SimDisk) asks before each call and writes down how it ended.
//! - LIMIT: `SIM_OPERATIONS_MAX` operations are kept, the newest.
//! - **Not here**: what a crash leaves ([`inode`](super::inode), [`names`](super::names)).

use std::collections::VecDeque;

use crate::disk::Call;
use crate::limits::SIM_OPERATIONS_MAX;

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device fails. In a sync: some blocks reach the disk, all are called clean.
    Eio,
    /// The volume is full.
    Enospc,
    /// A signal comes first; nothing is done.
    Eintr,
    /// A write or read stops after this many bytes.
    Short(usize),
    /// A write lands this many bytes further on, and nobody is told.
    Misdirected(u64),
    /// The machine is off: this call and all that follow fail without effect.
    PowerOff,
}

/// One fault in waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Kind of call that counts; `None` for any.
    pub call: Option<Call>,
    /// Which of them, counted from now: 1 is the next.
    pub nth: u64,
    /// What then happens.
    pub fault: Fault,
}

/// One call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Number of the call, from 1.
    pub number: u64,
    /// What was called.
    pub call: Call,
    /// On what.
    pub path: String,
    /// From where; 0 where it has no meaning.
    pub offset: u64,
    /// How many bytes; 0 where it has no meaning.
    pub length: u64,
    /// What struck it, if anything.
    pub fault: Option<Fault>,
}

/// Counts calls, holds what waits, and remembers what was.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Injection>,
    pub(super) calls: u64,
    operations: VecDeque<Operation>,
    is_off: bool,
}

impl Faults {
    pub(super) fn inject(&mut self, injection: Injection) {
        self.waiting.push(injection);
    }

    /// Counts a call and says what strikes it.
    pub(super) fn strike(&mut self, call: Call, path: &str, offset: u64, length: u64) -> Option<Fault> {
        self.calls += 1;
        let fault = if self.is_off { Some(Fault::PowerOff) } else { self.take(call) };
        self.is_off |= fault == Some(Fault::PowerOff);
        if self.operations.len() == SIM_OPERATIONS_MAX {
            self.operations.pop_front();
        }
        self.operations.push_back(Operation { number: self.calls, call, path: path.to_owned(), offset, length, fault });
        fault
    }

    fn take(&mut self, call: Call) -> Option<Fault> {
        let mut struck = None;
        for injection in &mut self.waiting {
            if injection.call.is_none_or(|kind| kind == call) {
                injection.nth = injection.nth.saturating_sub(1);
                if injection.nth == 0 && struck.is_none() {
                    struck = Some(injection.fault);
                }
            }
        }
        self.waiting.retain(|injection| injection.nth > 0);
        struck
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.operations.iter().cloned().collect()
    }

    /// After a restart: the count and the memory go on, the faults are over.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.is_off = false;
    }
}
