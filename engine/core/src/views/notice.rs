//! Notice: what is needed to send one, to show it, and to take its answer?
//!
//! Besides the notice itself: what its alert and its rule say, where the ward says its recipient is reached, and the values
//! that placeholders stand for [MSG-1]. None of them names a patient; which of them may leave by which channel is for the
//! caller to keep to.
//!
//! - **Not here**: texts with their placeholders filled in, addresses of the directory.

use wardline_rules::{
    Text,
    program::{Address, Answering, Level, Program, Who},
    time::{MINUTE, Span, Timestamp, Zone},
    words::{Channel, Kind, Priority},
};

use super::alert::{rule_name, severity_name};
use crate::{
    alerts::{About, Alert, Source},
    ids::{AlertId, Code, Nid, ReportId},
    input::{Attempt, Class, Outcome},
    outbox::Notice,
    output::{AlertState, NoticeHead, NoticeState, Party, Purpose},
    partition::Partition,
    report::{
        Report,
        results::{ResultKey, Value},
    },
    ward::Ward,
};

/// One notice, and what is around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeView {
    /// Whom, how, and its id.
    pub head: NoticeHead,
    /// The code that belongs to it.
    pub code: Code,
    /// What it is for.
    pub purpose: Purpose,
    /// How urgently it is delivered.
    pub level: Level,
    /// Where it is in its life.
    pub state: NoticeState,
    /// When it came to be, log time.
    pub created: Timestamp,
    /// Tries so far.
    pub attempts: u32,
    /// The owner's epoch of the newest try.
    pub epoch: u32,
    /// Whether it may have been sent before.
    pub is_repeat: bool,
    /// Channels that would be tried after this one.
    pub rest: Vec<Channel>,
    /// The alert it belongs to.
    pub alert: AlertId,
    /// The step of the escalation that runs, from 1; 0 before the first.
    pub step: u32,
    /// How far that alert is.
    pub alert_state: AlertState,
    /// Whether that alert still takes an answer.
    pub is_open: bool,
    /// Rule id.
    pub rule: Text,
    /// The rule's name.
    pub rule_name: Text,
    /// The report it is about, if it is about one.
    pub report: Option<ReportId>,
    /// Its severity's word.
    pub severity: Text,
    /// The recipient's role in the ward's words.
    pub role: Text,
    /// The `[[channel]]` of the installation that the ward sends this channel through; empty if it declares none.
    pub via: Text,
    /// The address that the ward itself gives, if it does.
    pub reach: Option<Text>,
    /// The rule's own texts, with their placeholders.
    pub texts: Answering,
    /// What placeholders stand for, by name.
    pub values: Vec<(&'static str, Text)>,
    /// Whether an answer must read the value back.
    pub wants_read_back: bool,
    /// Of a withdrawal: the notices to the same person by the same channel that may have been seen, oldest first.
    pub withdraws: Vec<Nid>,
}

impl Partition {
    /// One notice; `None` if it is not in memory.
    #[must_use]
    pub fn notice(&self, nid: Nid) -> Option<NoticeView> {
        let notice = self.notices.get(*self.nids.get(&nid)?)?;
        let alert = self.alerts.get(notice.alert)?;
        let ward = self.wards.get(alert.cause.ward as usize)?;
        let program = &ward.program;
        Some(NoticeView {
            head: notice.head.clone(),
            code: nid.code(),
            purpose: notice.purpose,
            level: notice.level,
            state: notice.state,
            created: notice.created,
            attempts: notice.attempts,
            epoch: notice.epoch,
            is_repeat: notice.is_repeat,
            rest: notice.rest.clone(),
            alert: alert.id,
            step: alert.course.step,
            alert_state: alert.display,
            is_open: alert.is_open(),
            rule: Text::from(self.dictionary.text(alert.rule)),
            rule_name: rule_name(ward, alert.cause.source).unwrap_or_default(),
            report: alert.report.map(|report| report.1),
            severity: severity_name(ward, alert).unwrap_or_default(),
            role: role(program, notice.head.recipient.role),
            via: via(program, notice.head.channel),
            reach: reach(program, notice),
            texts: texts(program, alert.cause.source),
            values: self.values(ward, alert, self.count_of(*self.nids.get(&nid)?)),
            wants_read_back: self.escalation_of(notice.alert).is_some_and(|escalation| escalation.read_back),
            withdraws: self.withdrawn_by(notice, alert),
        })
    }

    /// What a withdrawal takes back; nothing for any other notice.
    fn withdrawn_by(&self, notice: &Notice, alert: &Alert) -> Vec<Nid> {
        if notice.purpose != Purpose::Withdrawal {
            return Vec::new();
        }
        let known = alert.course.notices.iter().filter_map(|place| self.notices.get(*place));
        let is_meant = |other: &&Notice| {
            let is_same =
                other.head.recipient.party == notice.head.recipient.party && other.head.channel == notice.head.channel;
            is_same && other.was_reached && other.purpose != Purpose::Withdrawal
        };
        known.filter(is_meant).map(|other| other.head.nid).collect()
    }

    /// The notices with this code, oldest first; nearly always one.
    #[must_use]
    pub fn notices_by_code(&self, code: Code) -> Vec<Nid> {
        let places = self.codes.get(&code).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.notices.get(*place)).map(|notice| notice.head.nid).collect()
    }

    /// The notices of open alerts that were delivered by this channel, oldest first: what a list shows that people look at.
    #[must_use]
    pub fn listed(&self, channel: Channel) -> Vec<Nid> {
        let open = self.alerts.iter().map(|(_, alert)| alert).filter(|alert| alert.is_open());
        let notices = open.flat_map(|alert| alert.course.notices.iter().filter_map(|place| self.notices.get(*place)));
        let is_shown = |notice: &&Notice| {
            let is_there = notice.head.channel == channel && notice.state == NoticeState::Delivered;
            is_there && notice.purpose != Purpose::Withdrawal
        };
        let mut found: Vec<(Timestamp, Nid)> =
            notices.filter(is_shown).map(|notice| (notice.created, notice.head.nid)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, nid)| nid).collect()
    }

    /// The starts of older epochs that have no result: nobody knows what became of them, and the first batch of `epoch`
    /// says so (guarantees 3.1).
    ///
    /// - **Output**: inputs to be logged, in order of birth.
    #[must_use]
    pub fn started_without_result(&self, epoch: u32) -> Vec<Attempt> {
        let lost = |notice: &Notice| notice.state == NoticeState::Started && notice.epoch < epoch;
        let mut found: Vec<&Notice> =
            self.notices.iter().map(|(_, notice)| notice).filter(|notice| lost(notice)).collect();
        found.sort_unstable_by_key(|notice| notice.born);
        let ambiguous = |notice: &Notice| Attempt {
            nid: notice.head.nid,
            number: notice.attempts,
            epoch: notice.epoch,
            outcome: Outcome::Ambiguous { class: Class::Neither },
        };
        found.into_iter().map(ambiguous).collect()
    }

    fn values(&self, ward: &Ward, alert: &Alert, count: u32) -> Vec<(&'static str, Text)> {
        let report = alert.report.and_then(|report| self.reports.get(report.0)).map(|report| &**report);
        let zone = self.zone_of(ward, report);
        let mut values = vec![
            ("raised", wall(&zone, alert.raised)),
            ("waited", Text::from(Span::from_micros(whole_minutes(self.at.since(alert.raised))).to_string())),
        ];
        values.push(("count", text(count.to_string())));
        if let Some(due) = self.due_of(ward, alert, report) {
            values.push(("due", wall(&zone, due)));
        }
        if let Some(report) = report {
            self.routing_values(report, &mut values);
        }
        if let (Some(report), About::Result(key)) = (report, alert.about) {
            values.extend(self.test_of(alert).map(|test| ("test", test)));
            values.extend(self.result_value(ward, report, key));
        }
        values
    }

    pub(crate) fn zone_of(&self, ward: &Ward, report: Option<&Report>) -> Zone {
        let catalogue = &ward.program.catalogue;
        let site = report.map(|report| self.dictionary.text(self.tuples.get(report.effective).site));
        let site = site.and_then(|name| catalogue.sites.get(catalogue.site(name)?.index()));
        site.and_then(|site| site.zone.clone()).unwrap_or_else(|| ward.program.zone.clone())
    }

    /// When its clock is due, or when somebody must have answered.
    fn due_of(&self, ward: &Ward, alert: &Alert, report: Option<&Report>) -> Option<Timestamp> {
        match alert.cause.source {
            Source::Notice(_) => None,
            Source::Rule(_) | Source::Upkeep(_) => self.answer_due(alert),
            Source::Clock { index, .. } => {
                let family = ward.families.get(index as usize)?.id;
                let mine = |clock: &&crate::clocks::Clock| clock.family == family;
                let due = report?.clocks.iter().rfind(mine)?.reading.due;
                (due != Timestamp::MAX).then_some(due)
            }
        }
    }

    fn routing_values(&self, report: &Report, values: &mut Vec<(&'static str, Text)>) {
        let tuple = self.tuples.get(report.effective);
        let mut add = |name, text: &str| {
            if !text.is_empty() {
                values.push((name, Text::from(text)));
            }
        };
        let kind = tuple.kind.unwrap_or(Kind::Other).ward_kind(tuple.narrowed == Some(true));
        add("kind", kind.name());
        add("priority", tuple.priority.value().unwrap_or(Priority::Unknown).word());
        add("site", self.dictionary.text(tuple.site));
        add("location", tuple.location.value().map_or("", |code| self.dictionary.text(code)));
        let modality = self.dictionary.find("modality").and_then(|key| report.attribute(key));
        add("modality", modality.map_or("", |code| self.dictionary.text(code)));
    }

    /// The value in the unit of its test, its finding and its marks.
    fn result_value(&self, ward: &Ward, report: &Report, key: ResultKey) -> Vec<(&'static str, Text)> {
        let mut runs = Vec::new();
        report.runs(key, &mut runs);
        let Some(newest) = runs.last() else { return Vec::new() };
        let catalogue = &ward.program.catalogue;
        let test = catalogue.test_of_code(self.dictionary.text(key.code));
        let unit = test.and_then(|test| catalogue.tests.get(test.index())).and_then(|test| test.unit);
        let sign = |sign: Option<wardline_rules::words::Comparator>| sign.map_or("", |sign| sign.name());
        let mut values = Vec::new();
        match newest.content.value {
            Value::Quantity(before, quantity) => {
                let shown = unit.and_then(|unit| Some((unit.number(quantity)?, unit)));
                values.extend(shown.map(|(number, unit)| ("value", text(format!("{}{number} {unit}", sign(before))))));
            }
            Value::Number(before, number, unit) => {
                let shown = format!("{}{number} {}", sign(before), self.dictionary.text(unit));
                values.push(("value", Text::from(shown.trim_end())));
            }
            Value::Word(word) => values.push(("finding", Text::from(self.dictionary.text(word)))),
            Value::None | Value::Retracted => {}
        }
        if newest.content.is_critical {
            values.push(("flag", Text::const_new("critical")));
        }
        values
    }
}

fn text(text: String) -> Text {
    Text::from(text)
}

const fn whole_minutes(span: Span) -> i64 {
    span.micros() / MINUTE * MINUTE
}

/// `09:45` as the clock on the wall shows it.
fn wall(zone: &Zone, at: Timestamp) -> Text {
    let minutes = zone.civil(at).1 / MINUTE;
    text(format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

fn texts(program: &Program, source: Source) -> Answering {
    match source {
        Source::Rule(index) => program.alerts.get(index as usize).map(|alert| alert.texts.clone()).unwrap_or_default(),
        Source::Notice(index) => of_template(program, index),
        Source::Clock { .. } | Source::Upkeep(_) => Answering::default(),
    }
}

/// The first text of the template; the patient's language chooses among several where it is known [MSG-4].
fn of_template(program: &Program, index: u32) -> Answering {
    let name = program.notices.get(index as usize).map(|notice| &notice.template);
    let text = program.catalogue.templates.iter().find(|template| Some(&template.name) == name);
    let text = text.map(|template| template.text.clone());
    Answering { message: text.clone(), brief: text }
}

fn via(program: &Program, channel: Channel) -> Text {
    let declared = program.catalogue.channels.iter().find(|declared| declared.channel == channel);
    declared.map(|declared| declared.via.clone()).unwrap_or_default()
}

fn role(program: &Program, who: Who) -> Text {
    match who {
        Who::Ordering => Text::const_new("the ordering clinician"),
        Who::Attending => Text::const_new("the attending clinician"),
        Who::Covering => Text::const_new("the covering clinician"),
        Who::Reporting => Text::const_new("the reporting clinician"),
        Who::Copied => Text::const_new("the copied clinicians"),
        Who::Recipient => Text::const_new("the recipient"),
        Who::Patient => Text::const_new("the patient"),
        Who::Desk(desk) => program.desks.get(desk.index()).map(|desk| desk.name.clone()).unwrap_or_default(),
        Who::Roster(roster) => {
            program.rosters.get(roster.index()).map(|roster| roster.name.clone()).unwrap_or_default()
        }
        Who::Person(person) => program.people.get(person.index()).map(|person| person.name.clone()).unwrap_or_default(),
    }
}

/// The address that the ward gives for whom the notice goes to, on its channel [WHO-5].
fn reach(program: &Program, notice: &Notice) -> Option<Text> {
    let known: &[Address] = match &notice.head.recipient.party {
        Party::Token(_) => return None,
        Party::Person(name) => &program.people.iter().find(|person| person.name == *name)?.reach,
        Party::Desk(name) => &program.desks.iter().find(|desk| desk.name == *name)?.reach,
    };
    known.iter().find(|address| address.channel == notice.head.channel).map(|address| address.at.clone())
}
