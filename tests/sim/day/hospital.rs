//! Hospital: what is said on this day, and what goes wrong?
//!
//! - **Not here**: the engine that hears it ([`life`](super::life)).

use std::collections::BTreeMap;

use wardline_reference::generate::Random;
use wardline_rules::time::{Span, Timestamp};

/// The ward of the day.
pub(super) const WARD: &str = include_str!("../../wards/board.ward");

/// Something that goes wrong, and who should say so.
pub(super) struct Incident {
    pub(super) name: &'static str,
    /// The first letters of the alert that must fire.
    pub(super) alert: &'static str,
    /// Others that it explains.
    pub(super) follows: &'static [&'static str],
    /// Minutes from the begin.
    pub(super) from: i64,
    pub(super) until: i64,
}

const fn hour(day: i64, hour: i64, minute: i64) -> i64 {
    (day * 24 + hour) * 60 + minute
}

pub(super) const OUTAGE: Incident = Incident {
    name: "imaging says nothing",
    alert: "WardlineFeedSilent",
    follows: &["WardlineTargetBurn"],
    from: hour(1, 7, 0),
    until: hour(1, 9, 0),
};
pub(super) const SLOW: Incident = Incident {
    name: "a slow analyser",
    alert: "WardlineTargetBurn",
    follows: &[],
    from: hour(1, 10, 0),
    until: hour(1, 12, 0),
};
pub(super) const BROKEN: Incident = Incident {
    name: "three messages that nobody can read",
    alert: "WardlineDeadLetters",
    follows: &[],
    from: hour(1, 12, 30),
    until: hour(1, 12, 33),
};
pub(super) const BATCH: Incident = Incident {
    name: "imaging reports held back and released at once",
    alert: "WardlineTargetBurn",
    follows: &[],
    from: hour(1, 14, 0),
    until: hour(1, 17, 0),
};
pub(super) const GATEWAY: Incident = Incident {
    name: "the gateway for SMS fails",
    alert: "WardlineChannelFailing",
    follows: &["WardlineSendSlow"],
    from: hour(1, 15, 30),
    until: hour(1, 17, 0),
};
pub(super) const SKEW: Incident = Incident {
    name: "the clock of the laboratory is ten minutes ahead",
    alert: "WardlineFeedSkewed",
    follows: &[],
    from: hour(1, 20, 0),
    until: hour(1, 21, 0),
};
pub(super) const NIGHT: Incident = Incident {
    name: "a night with a missing clinician",
    alert: "WardlineRedUnanswered",
    follows: &["WardlineEscalationUnresolved"],
    from: hour(2, 2, 0),
    until: hour(2, 4, 0),
};
/// All, by time.
pub(super) const INCIDENTS: &[&Incident] = &[&OUTAGE, &SLOW, &BROKEN, &BATCH, &GATEWAY, &SKEW, &NIGHT];

/// How many minutes the engine lives: a quiet day, the day, and the night after it.
const MINUTES: i64 = hour(2, 6, 0);

/// Midnight before a Monday.
pub(super) fn begin() -> Timestamp {
    Timestamp::from_micros(1_768_176_000_000_000)
}

/// When the last metrics are read.
pub(super) fn end() -> Timestamp {
    begin().plus(Span::from_minutes(MINUTES))
}

impl Incident {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let from = begin().plus(Span::from_minutes(self.from));
        let until = begin().plus(Span::from_minutes(self.until));
        at >= from && at < until
    }
}

/// One line of one feed.
pub(super) struct Told {
    pub(super) feed: &'static str,
    pub(super) line: String,
}

/// Everything that feeds say, by when it comes.
pub(super) struct Plan {
    pub(super) told: BTreeMap<(Timestamp, u64), Told>,
    random: Random,
    serial: u64,
}

impl Plan {
    pub(super) fn new(begin: Timestamp) -> Self {
        let mut plan = Self { told: BTreeMap::new(), random: Random::new(11), serial: 0 };
        for minute in 0..MINUTES {
            let at = begin.plus(Span::from_minutes(minute));
            let is_day = (420..1_200).contains(&(minute % 1_440));
            let (lab, imaging) = if is_day { (50, 30) } else { (15, 12) };
            if plan.random.percent(lab) {
                plan.lab(at);
            }
            if plan.random.percent(imaging) {
                plan.imaging(at);
            }
        }
        for minute in 0..3 {
            let at = begin.plus(Span::from_minutes(BROKEN.from + minute));
            plan.put(at, "lis", "{\"v\":1,\"event_id\":".to_owned());
        }
        // In the night of the missing clinician at least one result is critical.
        plan.critical(begin.plus(Span::from_minutes(NIGHT.from + 5)));
        plan
    }

    fn put(&mut self, at: Timestamp, feed: &'static str, line: String) {
        // What a silent feed has to say comes when it is back.
        let at = if feed == "ris" && OUTAGE.holds(at) { begin().plus(Span::from_minutes(OUTAGE.until)) } else { at };
        self.serial += 1;
        self.told.insert((at, self.serial), Told { feed, line });
    }

    fn say(&mut self, feed: &'static str, number: u64, (step, at): (&str, Timestamp), more: &str) {
        let ahead = Span::from_minutes(if feed == "lis" && SKEW.holds(at) { 10 } else { 0 });
        let kind =
            if feed == "lis" { r#""kind":"lab","test":"2823-3""# } else { r#""kind":"imaging","test":"30799-1""# };
        let line = format!(
            r#"{{"v":1,"event_id":"{feed}-{number}-{step}","source":"{feed}","report":{{"filler":"F{number}"}},{kind},"step":"{step}","occurred_at":"{at}","msg":{{"id":"M{number}{step}","made_at":"{}"}}{more}}}"#,
            at.plus(ahead)
        );
        let travel = Span::from_seconds(self.random.from_to(1, 4));
        self.put(at.plus(travel), feed, line);
    }

    fn lab(&mut self, at: Timestamp) {
        let number = self.serial;
        let priority = if self.random.percent(50) { "stat" } else { "routine" };
        let took = if SLOW.holds(at) { (75, 130) } else { (15, 45) };
        let more = format!(r#","priority":"{priority}""#);
        self.say("lis", number, ("received", at), &more);
        let last = at.plus(self.random.minutes(took.0, took.1));
        let is_critical = self.random.percent(2) && !NIGHT.holds(last);
        self.say("lis", number, ("final", last), &results(is_critical, &more));
    }

    fn critical(&mut self, at: Timestamp) {
        let number = self.serial;
        let more = r#","priority":"stat""#;
        self.say("lis", number, ("received", at.plus(Span::from_minutes(-20))), more);
        self.say("lis", number, ("final", at), &results(true, more));
    }

    fn imaging(&mut self, at: Timestamp) {
        let number = self.serial;
        self.say("ris", number, ("exam_ended", at), r#","priority":"routine""#);
        let mut last = at.plus(self.random.minutes(20, 70));
        if BATCH.holds(last) {
            last = begin().plus(Span::from_minutes(BATCH.until));
        }
        self.say("ris", number, ("final", last), r#","priority":"routine""#);
    }
}

fn results(is_critical: bool, more: &str) -> String {
    let (value, flags) = if is_critical { ("7.1", r#","flags":["critical"]"#) } else { ("4.1", "") };
    let result = format!(r#","results":[{{"code":"2823-3","num":"{value}","unit":"mmol/L","status":"final"}}]"#);
    format!("{more}{flags}{result}")
}
