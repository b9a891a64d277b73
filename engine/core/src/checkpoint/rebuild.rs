//! Rebuild: what follows from the owners, once they are there again?
//!
//! Ways to reports, notices by id and by code, what is ready and in flight, remembered sums, and all timers. Each list comes
//! out in the order that live operation keeps it in: reports under one key by place, notices under one code by birth.
//!
//! - **Not here**: what is written.

use wardline_rules::{map::FastMap, token::Token};

use super::Error;
use crate::{
    alerts::{Alert, absence::wait_class},
    clocks::Clock,
    escalation::EDGE,
    feeds::silence_timer,
    identity::patient_key,
    ids::Code,
    mute::{gather::gather_timer, held_timer},
    output::NoticeState,
    partition::Partition,
    report::{Report, ReportSlot},
    step::silence::mute_timer,
    timers::{Armed, Class, Inclusive, Timer, TimerId, Timers},
    tuple::SAYS_NOTHING,
    ward::Ward,
    watch::{counts::gauge_timer, standing::standing_timer},
    windows::look_timer,
};

impl Partition {
    /// Refuses what would not end or would lead astray; a reference that leads nowhere is asked for everywhere and does no harm.
    pub(super) fn check(&self) -> Result<(), Error> {
        let tuples = self.tuples.all().len();
        let is_known = |tuple: u32| (tuple as usize) < tuples;
        let is_sound =
            |report: &Report| is_known(report.effective) && report.records.iter().all(|record| is_known(record.tuple));
        if !self.reports.iter().all(|(_, report)| is_sound(report)) {
            return Err(Error::Inconsistent("reports"));
        }
        if self.active.is_some_and(|active| active as usize >= self.wards.len()) {
            return Err(Error::Inconsistent("partition"));
        }
        if self.goes_in_circles() { Err(Error::Inconsistent("people")) } else { Ok(()) }
    }

    /// Whether following merges would never end.
    fn goes_in_circles(&self) -> bool {
        let mut ending: FastMap<Token, ()> = FastMap::default();
        for first in self.aliases.keys() {
            let mut path = vec![*first];
            let mut at = *first;
            while let Some(next) = self.aliases.get(&at).filter(|_| ending.get(&at).is_none()) {
                path.push(*next);
                at = *next;
                if path.len() > self.aliases.len() + 1 {
                    return true;
                }
            }
            path.into_iter().for_each(|token| {
                ending.insert(token, ());
            });
        }
        false
    }

    pub(super) fn rebuild(&mut self) {
        self.rebuild_index();
        self.rebuild_outbox();
        self.rebuild_sums();
        // An empty wheel's hand is moved for nothing; arming then puts each timer where it belongs.
        self.timers.pop_due(self.at, Inclusive::Before);
        self.arm_reports();
        self.arm_alerts();
        self.arm_rest();
        self.arm_watching();
        self.arm_gathers();
    }

    fn rebuild_index(&mut self) {
        for (slot, report) in self.reports.iter() {
            self.index.link(u128::from_le_bytes(report.id.0), slot);
            for name in &report.keys {
                self.index.link(name.bare, slot);
            }
            if let Some(patient) = report.patient {
                self.index.link(patient_key(patient), slot);
            }
            if let Some(encounter) = report.cold.encounter {
                self.index.link_encounter(encounter, slot);
            }
        }
        self.note_looking_back();
    }

    fn rebuild_outbox(&mut self) {
        let mut by_birth: Vec<(u64, u32)> = self.notices.iter().map(|(place, notice)| (notice.born, place)).collect();
        by_birth.sort_unstable();
        self.codes = FastMap::<Code, Vec<u32>>::default();
        for (_, place) in by_birth {
            let Some(notice) = self.notices.get(place) else { continue };
            let nid = notice.head.nid;
            self.nids.insert(nid, place);
            self.codes.get_or_insert_with(nid.code(), Vec::new).push(place);
            if notice.state == NoticeState::Ready {
                self.ready.insert(notice.head.channel, (notice.level, notice.created, nid));
            }
            self.in_flight += usize::from(notice.state == NoticeState::Started);
        }
    }

    fn rebuild_sums(&mut self) {
        let Self { reports, tuples, .. } = self;
        for (_, report) in reports.iter() {
            report.records.iter().fold(SAYS_NOTHING, |sum, record| tuples.recall(sum, record.tuple));
        }
    }

    fn arm_reports(&mut self) {
        let Self { reports, wards, timers, .. } = self;
        for (slot, report) in reports.iter_mut() {
            let born = report.born;
            arm_clocks(&mut report.clocks, (slot, born), wards, timers);
            for wait in report.waits.iter_mut().filter(|wait| wait.armed.is_some()) {
                let ward = wards.get(wait.ward as usize);
                let rule = ward.and_then(|ward| ward.alert(wait.index)).map_or(0, |found| found.1.rank);
                let class = ward.map_or(Class::Absence, |ward| wait_class(ward, wait.index));
                let id = TimerId { class, rule, subject: born, part: 0 };
                wait.armed = Some(timers.arm(Timer { due: wait.due, id, owner: slot }));
            }
        }
    }

    fn arm_alerts(&mut self) {
        let Self { alerts, timers, .. } = self;
        for (slot, alert) in alerts.iter_mut() {
            arm_course(alert, slot, timers);
        }
    }

    fn arm_watching(&mut self) {
        let Self { watching, wards, timers, alerts, .. } = self;
        for (_, alert) in alerts.iter().filter(|(_, alert)| alert.is_open()) {
            *watching.open.entry(alert.rule).or_default() += 1;
        }
        let rank = |ward: u32, index: u32| {
            wards.get(ward as usize).and_then(|ward| ward.alert(index)).map_or(0, |found| found.1.rank)
        };
        for (key, gauge) in &mut watching.gauges {
            let rank = rank(gauge.ward, gauge.index);
            gauge.armed = gauge.armed.map(|(due, _)| (due, timers.arm(gauge_timer(rank, *key, due))));
        }
        for standing in &mut watching.standing {
            let rank = wards.get(standing.ward as usize).map_or(0, |ward| ward.watcher_rank(standing.watcher));
            let rule = standing.rule;
            standing.armed = standing.armed.map(|(due, _)| (due, timers.arm(standing_timer(rank, rule, due))));
        }
        for looks in &mut watching.windows.looks {
            let due = looks.armed.0;
            looks.armed = (due, timers.arm(look_timer(rank(looks.ward, looks.index), looks.rule, due)));
        }
    }

    fn arm_gathers(&mut self) {
        let Self { gathers, timers, .. } = self;
        for (place, gather) in gathers.all.iter_mut() {
            gathers.places.insert(gather.key, place);
            let born = gather.born;
            gather.armed = gather.armed.map(|(due, _)| (due, timers.arm(gather_timer(place, born, due))));
        }
    }

    fn arm_rest(&mut self) {
        let Self { notices, feeds, feed_waits, silences, wards, timers, .. } = self;
        for (place, notice) in notices.iter_mut() {
            let born = notice.born;
            let mut arm = |class, due| {
                let id = TimerId { class, rule: 0, subject: born, part: 0 };
                timers.arm(Timer { due, id, owner: place })
            };
            notice.retry = notice.retry.map(|(due, _)| (due, arm(Class::Retry, due)));
            notice.deadline = notice.deadline.map(|(due, _)| (due, arm(Class::Deadline, due)));
            notice.held = notice.held.map(|(due, _)| (due, timers.arm(held_timer(place, born, due))));
        }
        for known in feed_waits.iter_mut().filter(|known| known.wait.armed.is_some()) {
            let rule = wards.get(known.wait.ward as usize).and_then(|ward| ward.alert(known.wait.index));
            let rule = rule.map_or(0, |found| found.1.rank);
            let id = TimerId { class: Class::Absence, rule, subject: u64::from(known.feed), part: 1 };
            known.wait.armed = Some(timers.arm(Timer { due: known.wait.due, id, owner: known.feed }));
        }
        for (feed, life) in feeds {
            life.armed = life.armed.map(|(due, _)| (due, timers.arm(silence_timer(*feed, due))));
        }
        for (silence, armed) in silences {
            *armed = timers.arm(mute_timer(silence.id, silence.until));
        }
    }
}

fn arm_clocks(clocks: &mut [Clock], (slot, born): (ReportSlot, u64), wards: &[Ward], timers: &mut Timers) {
    for clock in clocks {
        let Some((_, due)) = clock.armed else { continue };
        let rule = wards.get(clock.ward as usize).and_then(|ward| ward.family(clock.index));
        let rule = rule.map_or(0, |found| found.1.rank);
        let id = TimerId { class: Class::Clock, rule, subject: born, part: clock.cycle };
        clock.armed = Some((timers.arm(Timer { due, id, owner: slot }), due));
    }
}

fn arm_course(alert: &mut Alert, slot: u32, timers: &mut Timers) {
    let (rule, subject) = (alert.rank, alert.born);
    let mut arm = |class, part, due| -> Armed {
        timers.arm(Timer { due, id: TimerId { class, rule, subject, part }, owner: slot })
    };
    let course = &mut alert.course;
    course.wait = course.wait.map(|(due, _)| (due, arm(Class::Wait, 0, due)));
    course.lapse = course.lapse.map(|(due, _)| (due, arm(Class::Lapse, 0, due)));
    course.edge = course.edge.map(|(due, _)| (due, arm(Class::Mute, EDGE, due)));
    for (due, part, armed) in &mut course.reminders {
        *armed = arm(Class::Reminder, *part, *due);
    }
}
