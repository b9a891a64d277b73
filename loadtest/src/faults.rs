//! Faults: what goes wrong between a fact and the engine?
//!
//! A life says what happened; delivery says what is heard of it: late, twice, out of order, under another's id, from a wrong clock, or as garbage.
//! Chance comes from a stream of its own, so the lives of two fault sets are the same.
//!
//! - **How it fits**: the [`Generator`](crate::generator::Generator) turns each [`Group`] into [`Delivery`]s and sorts them by arrival.
//! - **Not here**: how a delivery is written ([`line`](crate::line)); large disturbances ([`scenario`](crate::scenario)).

use crate::life::{Act, Fact, Group, Moment, Report};
use crate::profile::FaultFigures;
use crate::random::{Domain, Stream};
use crate::scenario::Scenario;
use crate::vocabulary::{Kind, Step};
use crate::world::{FeedRole, World};

/// How a line is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garble {
    /// Cut off in the middle.
    Cut,
    /// Another version of the format.
    Version,
    /// No JSON object.
    NoObject,
    /// The same key twice.
    RepeatedKey,
    /// A step that does not exist.
    UnknownStep,
}

/// In which form a fact is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it should be.
    Plain,
    /// The same facts under a new id.
    NewId,
    /// Under the id of the report's event before.
    ReusedId,
    /// Without one of its identifiers.
    MissingIdentifier,
    /// Not readable.
    Garbled(Garble),
}

/// One line on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// When it arrives, UTC microseconds, whole seconds.
    pub arrival: i64,
    /// How far the sender's clock is ahead, in microseconds.
    pub ahead: i64,
    /// Index of the feed.
    pub feed: u32,
    /// Index of the report in its group.
    pub report: u16,
    /// Index of the moment in its report.
    pub moment: u16,
    /// In which form.
    pub form: Form,
}

/// All deliveries of a group, by report and moment, and where its patient was known by another token until.
pub fn deliver(world: &World, scenario: &Scenario, group: &mut Group, into: &mut Vec<Delivery>) {
    let mut courier = Courier { world, scenario, stream: None, site: group.site };
    courier.merge(group);
    for (number, report) in (0_u16..).zip(&group.reports) {
        courier.report(number, report, into);
    }
}

struct Courier<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    /// Made on first use: a clean world never asks.
    stream: Option<Stream>,
    site: u32,
}

impl Courier<'_> {
    /// A patient is merged somewhere in the requisition's life.
    fn merge(&mut self, group: &mut Group) {
        self.stream = self.has_faults().then(|| Stream::new(self.world.seed, Domain::Fault, group.number));
        let share = self.world.faults.merged * group.reports.len() as f64;
        if !self.chance(share) {
            return;
        }
        let all = group.reports.iter().flat_map(|report| &report.moments).map(|moment| moment.at);
        let (first, last) = all.fold((i64::MAX, i64::MIN), |(first, last), at| (first.min(at), last.max(at)));
        let unit = self.stream.as_mut().map_or(0.0, Stream::unit);
        let at = first + crate::draw::whole((last - first).max(0) as f64 * unit);
        let at = at - at.rem_euclid(1_000_000);
        if let Some(report) = group.reports.first_mut() {
            let place = report.moments.partition_point(|moment| moment.at <= at);
            report.moments.insert(place, Moment { at, fact: Fact::Merged });
            group.merged_at = Some(at);
        }
    }

    fn has_faults(&self) -> bool {
        let FaultFigures {
            resent, same_content, late, swapped, reused_id, malformed, merged, identifiers_missing, ..
        } = self.world.faults;
        resent + same_content + late + swapped + reused_id + malformed + merged + identifiers_missing > 0.0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.stream.as_mut().is_some_and(|stream| stream.chance(share))
    }

    fn report(&mut self, number: u16, report: &Report, into: &mut Vec<Delivery>) {
        for (index, moment) in (0_u16..).zip(&report.moments) {
            let next = report.moments.get(usize::from(index) + 1).map(|moment| moment.at);
            let feed = self.world.feed(self.site, speaker(report.kind, moment.fact));
            let sent = self.sent(moment.at, next);
            let ahead = self.world.feed_clocks[feed] + self.scenario.clock_ahead(feed, moment.at);
            let delivery = Delivery {
                arrival: whole_seconds(self.scenario.delivered(feed, self.site, sent)),
                ahead,
                feed: u32::try_from(feed).unwrap_or(0),
                report: number,
                moment: index,
                form: self.form(index),
            };
            into.push(delivery);
            self.again(delivery, into);
        }
    }

    /// When a fact of `at` is sent; `next` is the report's next fact.
    fn sent(&mut self, at: i64, next: Option<i64>) -> i64 {
        let (faults, spans) = (&self.world.faults, &self.world.profile.fault_span);
        let Some(stream) = self.stream.as_mut() else {
            return at;
        };
        let calendar = &self.world.calendars[0];
        if stream.chance(faults.late) {
            return spans.late.end(at, calendar, stream);
        }
        match next {
            Some(next) if stream.chance(faults.swapped) => spans.swapped.end(next, calendar, stream),
            Some(_) | None => at,
        }
    }

    fn form(&mut self, index: u16) -> Form {
        let faults = &self.world.faults;
        let Some(stream) = self.stream.as_mut() else {
            return Form::Plain;
        };
        let unit = stream.unit();
        let [garbled, reused] = [faults.malformed, faults.malformed + faults.reused_id];
        match unit {
            _ if unit < garbled => Form::Garbled(garble(stream)),
            _ if unit < reused && index > 0 => Form::ReusedId,
            _ if unit >= reused && unit < reused + faults.identifiers_missing => Form::MissingIdentifier,
            _ => Form::Plain,
        }
    }

    /// Copies of a delivery: resent as it was, told again under a new id, or flooded by a scenario.
    fn again(&mut self, first: Delivery, into: &mut Vec<Delivery>) {
        let (faults, spans) = (&self.world.faults, &self.world.profile.fault_span);
        if let Some(stream) = self.stream.as_mut() {
            let unit = stream.unit();
            if unit < faults.resent + faults.same_content {
                let at = spans.resent.end(first.arrival, &self.world.calendars[0], stream);
                let form = if unit < faults.resent { first.form } else { Form::NewId };
                into.push(Delivery { arrival: whole_seconds(at), form, ..first });
            }
        }
        if let Some(at) = self.scenario.flood(usize::try_from(first.feed).unwrap_or(0), first.arrival) {
            into.push(Delivery { arrival: whole_seconds(at), ..first });
        }
    }
}

const fn whole_seconds(at: i64) -> i64 {
    at - at.rem_euclid(1_000_000)
}

fn garble(stream: &mut Stream) -> Garble {
    match stream.below(5) {
        0 => Garble::Cut,
        1 => Garble::Version,
        2 => Garble::NoObject,
        3 => Garble::RepeatedKey,
        _ => Garble::UnknownStep,
    }
}

/// Who tells a fact.
fn speaker(kind: Kind, fact: Fact) -> FeedRole {
    match fact {
        Fact::Step(Step::Ordered | Step::Delivered | Step::Reviewed | Step::Released) | Fact::Moved | Fact::Merged => {
            FeedRole::Record
        }
        Fact::Step(Step::PatientNotified | Step::PatientViewed) => FeedRole::Portal,
        Fact::Step(Step::Acknowledged) | Fact::Answer(Act::ReadBack | Act::Declined) => FeedRole::Calls,
        Fact::Step(_) | Fact::WaitBegun | Fact::WaitEnded => FeedRole::Department(kind),
    }
}
