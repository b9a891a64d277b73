//! Text: how does a ward of the reference read in the rule language?
//!
//! One line per clause, two spaces, the clause word, its text from column 13 on; clauses in the order that the language
//! fixes. Nothing is taken from a pack: the catalogue, severities and desks stand in the ward itself.
//!
//! - **Source**: the rule language, edition 1: vocabulary and grammar.

use core::fmt::Write;
use std::collections::BTreeSet;

use wardline_rules::{
    Text,
    time::{HOUR, MINUTE, Span},
    words::{KindSet, Step},
};

use crate::rule::{
    Action, Alert, Bounds, Call, Condition, Escalation, Field, Hold, Hours, Missing, Moment, Page, Policy, Relation,
    Rule, Rung, Sla, Trigger, Ward, WarnAt, Who,
};

const POLICY: &str = "\"REF-1\", owner \"Reference\", review by 2099-12-31";
const CHANNELS: &str = "secure message, phone, sms, pager, email, inbox, worklist, portal, app, letter via \"default\"";
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Text that grows by blocks and clauses.
#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn block(&mut self, header: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(header);
        self.0.push('\n');
    }

    fn clause(&mut self, word: &str, text: &str) {
        // INVARIANT: writing to a string cannot fail.
        let _ = writeln!(self.0, "  {word:<10}{text}");
    }
}

impl Ward {
    /// The whole ward as one `.ward` file.
    #[must_use]
    pub fn ward_text(&self) -> String {
        let mut page = Sheet::default();
        page.block(&format!("ward \"{}\" edition 1", self.name));
        page.clause("zone", &self.zone);
        self.catalogue(&mut page);
        for severity in &self.severities {
            let insistent = if severity.is_insistent { ", ignores quiet hours, cannot be held" } else { "" };
            page.block(&format!("severity {} answer within {}{insistent}", severity.name, severity.answer));
        }
        for desk in &self.desks {
            page.block(&format!("desk \"{desk}\""));
        }
        for person in self.rosters.iter().flat_map(|roster| &roster.members).collect::<BTreeSet<_>>() {
            page.block(&format!("person \"{person}\""));
        }
        for roster in &self.rosters {
            page.block(&format!("roster \"{}\"", roster.name));
            let ((date, time), each) = (roster.from, roster.days);
            let turn = if each == 1 { "daily".to_owned() } else { format!("every {each} days") };
            let members = joined(&roster.members, ", ", |name| format!("\"{name}\""));
            page.clause("rotate", &format!("{turn} from {date} {time}: {members}"));
            if let Some((from, to, desk)) = &roster.nights {
                page.clause("nights", &format!("{from} to {to}: desk \"{desk}\""));
            }
            page.clause("nobody", &format!("desk \"{}\"", roster.nobody));
        }
        for calendar in &self.calendars {
            page.block(&format!("calendar \"{}\"", calendar.name));
            page.clause("open", &joined(&calendar.hours, ", ", hours));
        }
        for escalation in &self.escalations {
            escalation.write(&mut page);
        }
        for rule in &self.rules {
            rule.write(&mut page);
        }
        page.0
    }

    fn catalogue(&self, page: &mut Sheet) {
        page.block(&format!("catalogue \"{}\"", self.name));
        for site in &self.sites {
            page.clause("site", site);
        }
        for place in &self.places {
            page.clause("place", place);
        }
        for flag in &self.flags {
            page.clause("flag", flag);
        }
        for test in &self.tests {
            let unit = test.unit.map_or(String::new(), |unit| format!(", in {unit}"));
            page.clause("test", &format!("{}, LOINC {}{unit}", test.word, test.loinc));
        }
        page.clause("channel", CHANNELS);
    }
}

impl Rule {
    /// This rule alone, as a block of a ward.
    #[must_use]
    pub fn ward_text(&self) -> String {
        let mut page = Sheet::default();
        self.write(&mut page);
        page.0
    }

    fn write(&self, page: &mut Sheet) {
        match self {
            Self::Sla(sla) => sla.write(page),
            Self::Alert(alert) => alert.write(page),
        }
    }
}

impl Escalation {
    fn write(&self, page: &mut Sheet) {
        page.block(&format!("escalation \"{}\"", self.name));
        for (index, rung) in self.steps.iter().enumerate() {
            page.clause(&format!("step {}", index.saturating_add(1)), &rung.text());
        }
        if let Some((first, times)) = self.repeat {
            let (first, last) = (first.saturating_add(1), self.steps.len());
            let steps = if first == last { format!("step {last}") } else { format!("steps {first} to {last}") };
            page.clause("repeat", &format!("{steps}, up to {times} time{}", if times == 1 { "" } else { "s" }));
        }
        page.clause("then", &format!("task for desk \"{}\"", self.desk));
        if self.any_declines {
            page.clause("decline", "moves on when any declines");
        }
        if self.answered != crate::rule::Answered::default() {
            let by = if self.answered.licensed { "a licensed clinician" } else { "anyone paged" };
            let value = if self.answered.read_back { ", with read-back of value" } else { "" };
            let code = if self.answered.code { ", with code" } else { "" };
            page.clause("answered", &format!("by {by}{value}{code}"));
        }
        if let Some(span) = self.lapses {
            page.clause("lapses", &format!("after {span} without action"));
        }
    }
}

impl Rung {
    fn text(&self) -> String {
        let mut text = format!("page {} by {}", joined(&self.who, " and ", Who::text), self.channel.word());
        for (channel, after) in &self.reminders {
            let _ = write!(text, ", remind by {} after {after}", channel.word());
        }
        let _ = write!(text, ", wait {}", self.wait);
        text
    }
}

impl Sla {
    fn write(&self, page: &mut Sheet) {
        page.block(&format!("sla \"{}\"", self.name));
        page.clause("policy", POLICY);
        let kinds = if self.kinds.is_empty() { String::new() } else { joined(&self.kinds, " and ", Text::to_string) };
        let condition =
            self.condition.as_ref().map_or(String::new(), |condition| format!(" where {}", condition.text()));
        page.clause("covers", format!("{kinds} reports{condition}").trim_start());
        page.clause("starts", &when(&[self.starts]));
        if let Some(pauses) = &self.pauses {
            let most = pauses.at_most.map_or(String::new(), |span| format!(", at most {} in all", self.length(span)));
            page.clause("pauses", &format!("while the report is {}{most}", joined(&pauses.on, " or ", Hold::text)));
        }
        page.clause("stops", &when(&self.stops));
        if !self.cancels.is_empty() {
            page.clause("cancels", &when(&self.cancels));
        }
        if !self.restarts.is_empty() {
            page.clause("restarts", &when(&self.restarts));
        }
        if let Some(calendar) = &self.counts {
            page.clause("counts", &format!("\"{calendar}\""));
        }
        page.clause("target", &self.length(self.target));
        for (at, action) in &self.warns {
            let at = match at {
                WarnAt::Span(span) => self.length(*span),
                WarnAt::Percent(percent) => format!("{percent} percent"),
            };
            page.clause("warn", &format!("at {at}: {}", action.text()));
        }
        page.clause("breach", &self.breach.text());
        missing(page, &self.missing);
    }

    /// A length as this clock counts it.
    fn length(&self, span: Span) -> String {
        let (count, unit) = match span.micros() {
            micros if self.counts.is_none() => return Span::from_micros(micros).to_string(),
            micros if micros % HOUR == 0 => (micros / HOUR, "hour"),
            micros => (micros / MINUTE, "minute"),
        };
        format!("{count} working {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl Alert {
    fn write(&self, page: &mut Sheet) {
        page.block(&format!("alert \"{}\"", self.name));
        page.clause("policy", POLICY);
        match &self.trigger {
            Trigger::Result(steps) => {
                page.clause("when", &joined(steps, " or ", |step| self.subject("result", result_happens(*step))));
            }
            Trigger::Report(step) => page.clause("when", &self.moment(*step)),
            Trigger::Absence { after, expect, within } => {
                page.clause("after", &self.moment(*after));
                let (subject, happens) = Moment::Step(*expect).words();
                page.clause("expect", &format!("the {subject} is {happens}"));
                page.clause("within", &within.to_string());
            }
        }
        if let Some(condition) = &self.condition {
            page.clause("where", &condition.text());
        }
        if let Some(condition) = &self.unless {
            page.clause("unless", &condition.text());
        }
        missing(page, &self.missing);
        page.clause("severity", &self.severity);
        if let Some(call) = &self.page {
            page.clause("page", &call.text());
        }
        for (who, channel) in &self.tells {
            page.clause("tell", &format!("{} by {}", who.text(), channel.word()));
        }
    }

    fn moment(&self, step: Step) -> String {
        let (subject, happens) = Moment::Step(step).words();
        self.subject(subject, happens)
    }

    fn subject(&self, subject: &str, happens: &str) -> String {
        let kind = self.kind.as_ref().map_or(String::new(), |kind| format!("{kind} "));
        let noun = format!("{kind}{subject}");
        let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {noun} is {happens}")
    }
}

impl Who {
    /// How a ward names them; lines of pages do too.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Ordering => "the ordering clinician".to_owned(),
            Self::Desk(name) => format!("desk \"{name}\""),
            Self::Roster(name) => format!("roster \"{name}\""),
            Self::Person(name) => format!("person \"{name}\""),
            Self::Recipient => "the recipient".to_owned(),
        }
    }
}

impl Page {
    fn text(&self) -> String {
        match self {
            Self::Using(name, None) => format!("using \"{name}\""),
            Self::Using(name, Some(who)) => format!("{} using \"{name}\"", who.text()),
            Self::By(who, channel) => format!("{} by {}", who.text(), channel.word()),
        }
    }
}

impl Action {
    fn text(&self) -> String {
        let severity = self.severity.as_ref().map_or(String::new(), |word| format!(", severity {word}"));
        match &self.call {
            Call::Page(page) => format!("page {}{severity}", page.text()),
            Call::Tell(who, channel) => format!("tell {} by {}{severity}", who.text(), channel.word()),
        }
    }
}

impl Hold {
    fn text(&self) -> String {
        match self {
            Self::Flag(word) => word.to_string(),
            Self::State(state) => state.name().to_owned(),
        }
    }
}

impl Condition {
    fn text(&self) -> String {
        joined(&self.atoms, if self.is_any { " or " } else { " and " }, |(field, relation)| {
            format!("{} is {}", field.word(), relation.text())
        })
    }
}

impl Field {
    const fn word(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Site => "site",
            Self::Location => "location",
            Self::Test => "test",
            Self::Class => "patient class",
            Self::Flag => "flag",
            Self::Value => "value",
            Self::PreviousValue => "previous value",
            Self::Change => "change",
            Self::SinceSameTest => "time since same test",
        }
    }
}

impl Relation {
    fn text(&self) -> String {
        match self {
            Self::Is(word) => word.to_string(),
            Self::IsNot(word) => format!("not {word}"),
            Self::OneOf(words) => format!("one of {}", joined(words, ", ", Text::to_string)),
            Self::Within(range) => range_text(range.bounds, range.unit.code()),
            Self::Below(span) => format!("below {span}"),
            Self::Above(span) => format!("above {span}"),
            Self::Missing => "missing".to_owned(),
            Self::Present => "present".to_owned(),
        }
    }
}

fn range_text(bounds: Bounds, unit: &str) -> String {
    match bounds {
        Bounds::Below(a) => format!("below {a} {unit}"),
        Bounds::Above(a) => format!("above {a} {unit}"),
        Bounds::AtLeast(a) => format!("at least {a} {unit}"),
        Bounds::AtMost(a) => format!("at most {a} {unit}"),
        Bounds::Between(a, b) => format!("between {a} {unit} and {b} {unit}"),
        Bounds::Outside(a, b) => format!("below {a} {unit} or above {b} {unit}"),
    }
}

impl Moment {
    /// Subject and happening, as a ward says them.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        let Self::Step(step) = self else { return ("specimen", "recollected") };
        match step {
            Step::Ordered => ("order", "placed"),
            Step::Accepted => ("order", "accepted"),
            Step::Scheduled => ("exam", "scheduled"),
            Step::Arrived => ("patient", "arrived"),
            Step::Collected => ("specimen", "collected"),
            Step::ExamStarted => ("exam", "started"),
            Step::InTransit => ("specimen", "sent"),
            Step::Received => ("specimen", "received"),
            Step::ExamEnded => ("exam", "completed"),
            Step::InProcess => ("analysis", "started"),
            Step::Analysed => ("analysis", "completed"),
            Step::Dictated => ("report", "dictated"),
            Step::Transcribed => ("report", "transcribed"),
            Step::Partial => ("report", "partly issued"),
            Step::Preliminary => ("report", "issued early"),
            Step::Final => ("report", "finalised"),
            Step::Corrected => ("report", "corrected"),
            Step::Amended => ("report", "amended"),
            Step::Appended => ("report", "appended"),
            Step::Delivered => ("report", "delivered"),
            Step::Reviewed => ("report", "reviewed"),
            Step::Acknowledged => ("result", "acknowledged"),
            Step::Released => ("report", "released to the portal"),
            Step::PatientNotified => ("patient", "notified"),
            Step::PatientViewed => ("report", "viewed by the patient"),
            Step::Recollect => ("specimen", "rejected"),
            Step::Cancelled => ("order", "cancelled"),
            Step::EnteredInError => ("report", "entered in error"),
        }
    }
}

const fn result_happens(step: Step) -> &'static str {
    Moment::Step(step).words().1
}

fn when(moments: &[Moment]) -> String {
    let said = joined(moments, " or ", |moment| {
        let (subject, happens) = moment.words();
        format!("the {subject} is {happens}")
    });
    format!("when {said}")
}

fn missing(page: &mut Sheet, clauses: &[Missing]) {
    for clause in clauses {
        let policy = match &clause.policy {
            Policy::Match => "match".to_owned(),
            Policy::DoNotMatch => "do not match".to_owned(),
            Policy::Use(word) => format!("use {word}"),
        };
        page.clause("missing", &format!("{}: {policy}", clause.field.word()));
    }
}

fn hours(hours: &Hours) -> String {
    let day = |index: u8| DAYS.get(usize::from(index)).copied().unwrap_or("Sunday");
    let days = if hours.first == hours.last {
        day(hours.first).to_owned()
    } else {
        format!("{} to {}", day(hours.first), day(hours.last))
    };
    format!("{days} {} to {}", hours.from, hours.to)
}

fn joined<T>(items: &[T], between: &str, text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(between)
}

/// The kinds that these ward words mean; all without words.
pub(crate) fn kind_set<'a>(words: impl IntoIterator<Item = &'a Text>) -> KindSet {
    let set = words.into_iter().filter_map(|word| KindSet::from_word(word)).fold(KindSet::NONE, KindSet::or);
    if set.is_empty() { KindSet::ALL } else { set }
}

#[cfg(test)]
mod tests {
    use wardline_rules::words::{Channel, State};

    use super::*;

    #[test]
    fn a_clock_reads_as_the_language_has_it() {
        let desk = Who::Desk(Text::from("Operations"));
        let sla = Sla {
            name: Text::from("Biopsy"),
            kinds: vec![Text::from("pathology"), Text::from("genetics")],
            condition: Some(Condition {
                is_any: false,
                atoms: vec![
                    (Field::Location, Relation::OneOf(vec![Text::from("ICU"), Text::from("Emergency")])),
                    (Field::Priority, Relation::IsNot(Text::from("stat"))),
                ],
            }),
            starts: Moment::Step(Step::Received),
            pauses: Some(crate::rule::Pauses {
                on: vec![Hold::Flag(Text::from("awaiting special stain")), Hold::State(State::AwaitingRecollection)],
                at_most: Some(Span::from_minutes(90)),
            }),
            stops: vec![Moment::Step(Step::Final)],
            cancels: vec![Moment::Step(Step::Cancelled)],
            restarts: vec![Moment::Recollected],
            counts: Some(Text::from("Bench")),
            target: Span::from_minutes(960),
            warns: vec![(
                WarnAt::Percent(75),
                Action { call: Call::Tell(desk.clone(), Channel::Worklist), severity: None },
            )],
            breach: Action {
                call: Call::Page(Page::Using(Text::from("Follow-up"), Some(desk))),
                severity: Some(Text::from("orange")),
            },
            missing: vec![Missing { field: Field::Location, policy: Policy::DoNotMatch }],
        };
        let lines = [
            "sla \"Biopsy\"",
            "  policy    \"REF-1\", owner \"Reference\", review by 2099-12-31",
            "  covers    pathology and genetics reports where location is one of ICU, Emergency and priority is not stat",
            "  starts    when the specimen is received",
            "  pauses    while the report is awaiting special stain or awaiting recollection, at most 90 working minutes in all",
            "  stops     when the report is finalised",
            "  cancels   when the order is cancelled",
            "  restarts  when the specimen is recollected",
            "  counts    \"Bench\"",
            "  target    16 working hours",
            "  warn      at 75 percent: tell desk \"Operations\" by worklist",
            "  breach    page desk \"Operations\" using \"Follow-up\", severity orange",
            "  missing   location: do not match",
        ];
        assert_eq!(Rule::Sla(Box::new(sla)).ward_text().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn hours_and_ranges_are_written_out() {
        let time = |minutes| wardline_rules::time::TimeOfDay::from_minutes(minutes).unwrap();
        assert_eq!(
            hours(&Hours { first: 0, last: 4, from: time(360), to: time(1_200) }),
            "Monday to Friday 06:00 to 20:00"
        );
        assert_eq!(hours(&Hours { first: 5, last: 5, from: time(480), to: time(720) }), "Saturday 08:00 to 12:00");
        let dec = |text| wardline_rules::decimal::Decimal::parse(text).unwrap();
        let outside = Bounds::Outside(dec("2.5"), dec("6.5"));
        assert_eq!(range_text(outside, "mmol/L"), "below 2.5 mmol/L or above 6.5 mmol/L");
    }
}
