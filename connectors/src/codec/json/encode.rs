//! Encode: how is an event written as one line of JSON?
//!
//! Keys in the order of the schema, numbers as text so that no reader rounds them, times in the short form where it
//! says everything. What is read back from it is the same event; notes are not part of the format and stay behind.
//!
//! - **How it fits**: `wardline export`, and the check of an event's size.
//! - **Source**: domain page section 2, `connectors/schema/event.schema.json`.

mod writer;

use wardline_rules::{
    event::{
        Answer, Code, Event, Fact, Given, Ident, Merge, Msg, ReportFlag, ReportIds, ResultItem, ResultValue, Scalar,
    },
    time::{DAY, EventTime, HOUR, MINUTE, Repair, SECOND, ZoneOrigin},
    token::{Token, TokenKind},
    words::{Evidence, MergeWhat, ResultStatus},
};
use writer::Writer;

use crate::codec::digest;

/// Whether a line was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Encoding {
    /// The event stands in the text.
    Written,
    /// It stands for a dead letter, which has no form in this format; nothing was written.
    DeadLetter,
}

/// Appends `event` to `out` as one JSON object, without a line break.
pub fn encode(event: &Event, out: &mut String) -> Encoding {
    if matches!(event.fact, Fact::Unreadable { .. }) {
        return Encoding::DeadLetter;
    }
    let kind = event.fact.word();
    let mut writer = Writer::new(out);
    writer.open('{');
    writer.key("v");
    writer.raw("1");
    writer.text("event_id", &event.event_id);
    if !matches!(event.fact, Fact::Step(_)) {
        writer.text("type", kind);
    }
    writer.text("source", &event.source);
    identity(&mut writer, event);
    progress(&mut writer, event);
    places(&mut writer, event);
    marks(&mut writer, event);
    subject(&mut writer, event);
    writer.close('}');
    Encoding::Written
}

fn identity(writer: &mut Writer<'_>, event: &Event) {
    if event.msg != Msg::default() {
        msg(writer, &event.msg);
    }
    if event.report != ReportIds::default() {
        writer.key("report");
        report(writer, &event.report);
    } else if matches!(event.fact, Fact::Step(_) | Fact::Update) {
        writer.key("report");
        writer.raw("{}");
    }
    token(writer, "patient", TokenKind::Patient, event.patient);
    token(writer, "encounter", TokenKind::Encounter, event.encounter);
}

fn progress(writer: &mut Writer<'_>, event: &Event) {
    writer.word("kind", event.kind.map(wardline_rules::words::Kind::name));
    if !event.tests.is_empty() {
        writer.list("test", &event.tests, code);
    }
    given(writer, "priority", &event.priority, |writer, priority| writer.quoted(priority.name()));
    if let Fact::Step(step) = event.fact {
        writer.text("step", step.name());
    }
    if let Some(at) = &event.occurred_at {
        writer.key("occurred_at");
        time(writer, at);
    }
    if event.evidence != Evidence::Own {
        writer.text("evidence", event.evidence.name());
    }
    writer.list("milestones", &event.milestones, |writer, milestone| {
        writer.open('{');
        writer.text("step", milestone.step.name());
        writer.key("at");
        time(writer, &milestone.at);
        if milestone.evidence != Evidence::Own {
            writer.text("evidence", milestone.evidence.name());
        }
        writer.close('}');
    });
    given(writer, "planned_at", &event.planned_at, time);
    if let Some(at) = event.received_at {
        writer.text("received_at", &at.to_string());
    }
}

fn places(writer: &mut Writer<'_>, event: &Event) {
    writer.word("site", event.site.as_deref());
    writer.word("department", event.department.as_deref());
    given(writer, "location", &event.location, |writer, place| writer.quoted(place));
    given(writer, "class", &event.class, |writer, class| writer.quoted(class.name()));
    writer.list("people", &event.people, |writer, person| {
        writer.open('{');
        writer.text("role", person.role.name());
        token(writer, "token", TokenKind::Person, Some(person.token));
        writer.close('}');
    });
}

fn marks(writer: &mut Writer<'_>, event: &Event) {
    writer.list("flags", &event.flags, flag);
    writer.list("flags_off", &event.flags_off, flag);
    writer.list("results", &event.results, result);
    writer.word("reason", event.reason.as_deref());
    writer.word("channel", event.channel.map(wardline_rules::words::Channel::name));
    if event.attributes.is_empty() {
        return;
    }
    writer.key("attributes");
    writer.open('{');
    for (key, scalar) in &event.attributes {
        given(writer, key, scalar, |writer, scalar| match scalar {
            Scalar::Text(text) => writer.quoted(text),
            Scalar::Number(number) => writer.raw(&number.to_string()),
            Scalar::Flag(flag) => writer.raw(if *flag { "true" } else { "false" }),
        });
    }
    writer.close('}');
}

fn subject(writer: &mut Writer<'_>, event: &Event) {
    match &event.fact {
        Fact::Answer(told) => answer(writer, told),
        Fact::Merge(joined) => merge(writer, joined),
        Fact::Step(_) | Fact::Update | Fact::Encounter | Fact::Heartbeat | Fact::Unreadable { .. } => {}
    }
}

fn msg(writer: &mut Writer<'_>, msg: &Msg) {
    writer.key("msg");
    writer.open('{');
    writer.word("id", msg.id.as_deref());
    if let Some(at) = &msg.made_at {
        writer.key("made_at");
        time(writer, at);
    }
    writer.word("app", msg.app.as_deref());
    writer.word("facility", msg.facility.as_deref());
    writer.word("format", msg.format.map(wardline_rules::words::Format::name));
    writer.word("trigger", msg.trigger.as_deref());
    writer.word("sha", msg.sha.map(digest::hex).as_deref());
    writer.close('}');
}

fn report(writer: &mut Writer<'_>, ids: &ReportIds) {
    writer.open('{');
    let named = [
        ("placer", &ids.placer),
        ("filler", &ids.filler),
        ("accession", &ids.accession),
        ("group", &ids.group),
        ("parent", &ids.parent),
        ("replaces", &ids.replaces),
    ];
    for (key, ident) in named {
        if let Some(ident) = ident {
            writer.key(key);
            identifier(writer, ident);
        }
    }
    writer.close('}');
}

fn identifier(writer: &mut Writer<'_>, ident: &Ident) {
    if ident.ns.is_empty() {
        return writer.quoted(&ident.id);
    }
    writer.open('{');
    writer.text("id", &ident.id);
    writer.text("ns", &ident.ns);
    writer.close('}');
}

fn token(writer: &mut Writer<'_>, key: &str, kind: TokenKind, token: Option<Token>) {
    if let Some(token) = token {
        writer.text(key, &token.display(kind).to_string());
    }
}

fn given<T>(writer: &mut Writer<'_>, key: &str, given: &Given<T>, write: impl FnOnce(&mut Writer<'_>, &T)) {
    match given {
        Given::Absent => {}
        Given::Cleared => {
            writer.key(key);
            writer.raw("null");
        }
        Given::Value(value) => {
            writer.key(key);
            write(writer, value);
        }
    }
}

fn code(writer: &mut Writer<'_>, code: &Code) {
    writer.open('{');
    writer.text("code", &code.code);
    writer.filled("system", &code.system);
    writer.filled("display", &code.display);
    writer.close('}');
}

fn flag(writer: &mut Writer<'_>, flag: &ReportFlag) {
    match flag {
        ReportFlag::Known(flag) => writer.quoted(flag.name()),
        ReportFlag::Wait(reason) => writer.quoted(&format!("wait.{reason}")),
    }
}

fn result(writer: &mut Writer<'_>, item: &ResultItem) {
    writer.open('{');
    writer.key("code");
    code(writer, &item.code);
    writer.filled("sub", &item.sub);
    match &item.value {
        ResultValue::None => {}
        ResultValue::Number(sign, number) => {
            writer.text("num", &number.to_string());
            writer.word("cmp", sign.map(wardline_rules::words::Comparator::name));
        }
        ResultValue::Coded(coded) => {
            writer.key("coded");
            code(writer, coded);
        }
        ResultValue::Word(word) => writer.text("text", word),
        ResultValue::Narrative => {
            writer.key("narrative");
            writer.raw("true");
        }
    }
    writer.filled("unit", &item.unit);
    writer.word("ref_low", item.ref_low.map(|number| number.to_string()).as_deref());
    writer.word("ref_high", item.ref_high.map(|number| number.to_string()).as_deref());
    writer.list("abnormal", &item.abnormal, |writer, abnormal| writer.quoted(abnormal.name()));
    if item.status != ResultStatus::Unknown {
        writer.text("status", item.status.name());
    }
    if let Some(at) = &item.observed_at {
        writer.key("observed_at");
        time(writer, at);
    }
    if let Some(critical) = item.critical {
        writer.key("critical");
        writer.raw(if critical { "true" } else { "false" });
    }
    writer.close('}');
}

fn answer(writer: &mut Writer<'_>, answer: &Answer) {
    writer.key("answer");
    writer.open('{');
    writer.text("act", answer.act.name());
    writer.word("code", answer.code.as_deref());
    writer.word("nid", answer.nid.map(|nid| digest::name("n_", nid)).as_deref());
    writer.key("by");
    writer.open('{');
    token(writer, "token", TokenKind::Person, answer.by);
    writer.word("licence", answer.licence.as_deref());
    writer.close('}');
    if answer.told_by.is_some() {
        writer.key("told_by");
        writer.open('{');
        token(writer, "token", TokenKind::Person, answer.told_by);
        writer.close('}');
    }
    if let Some((sign, number)) = answer.value {
        let sign = sign.map_or("", wardline_rules::words::Comparator::name);
        writer.text("value", &format!("{sign}{number}"));
    }
    writer.filled("unit", &answer.unit);
    if let Some(result) = &answer.result {
        writer.key("result");
        code(writer, result);
    }
    writer.close('}');
}

fn merge(writer: &mut Writer<'_>, merge: &Merge) {
    writer.key("merge");
    writer.open('{');
    match merge {
        Merge::Tokens { what, from, into } => {
            let kind = match what {
                MergeWhat::Encounter => TokenKind::Encounter,
                MergeWhat::Patient | MergeWhat::Report => TokenKind::Patient,
            };
            writer.text("what", what.name());
            token(writer, "from", kind, Some(*from));
            token(writer, "into", kind, Some(*into));
        }
        Merge::Reports(both) => {
            let (from, into) = both.as_ref();
            writer.text("what", MergeWhat::Report.name());
            writer.key("from");
            report(writer, from);
            writer.key("into");
            report(writer, into);
        }
    }
    writer.close('}');
}

/// The short form where it says everything: an offset of its own and a width that digits can show.
fn time(writer: &mut Writer<'_>, time: &EventTime) {
    let is_plain = time.origin == ZoneOrigin::Field && time.repair == Repair::None;
    match digits_of(time).filter(|_| is_plain) {
        Some(text) => writer.quoted(&text),
        None => time_parts(writer, time),
    }
}

/// `lo` with as many digits as the width asks for; `None` if digits cannot say it.
fn digits_of(time: &EventTime) -> Option<String> {
    let (lo, width) = (time.lo.micros(), time.width().micros());
    let text = format!("{:.6}", Micros(lo));
    let keep = match width {
        MINUTE if lo % MINUTE == 0 => 16,
        SECOND if lo % SECOND == 0 => 19,
        _ => {
            let digits = (1..=6_u32).find(|digits| SECOND / 10_i64.pow(*digits) == width)?;
            (lo % width == 0).then(|| 20 + usize::try_from(digits).unwrap_or(0))?
        }
    };
    text.get(..keep).map(|text| format!("{text}Z"))
}

/// Prints with six digits after the second, whatever they are.
struct Micros(i64);

impl core::fmt::Display for Micros {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let second = wardline_rules::time::Timestamp::from_micros(self.0.div_euclid(SECOND) * SECOND).to_string();
        write!(f, "{}.{:06}", second.trim_end_matches('Z'), self.0.rem_euclid(SECOND))
    }
}

fn time_parts(writer: &mut Writer<'_>, time: &EventTime) {
    let width = time.width().micros();
    let precision = match width {
        ..1_000 => "us",
        1_000..SECOND => "ms",
        SECOND..MINUTE => "s",
        MINUTE..HOUR => "min",
        HOUR..DAYLIKE => "h",
        DAYLIKE..MONTHLIKE => "day",
        MONTHLIKE..YEARLIKE => "month",
        _ => "year",
    };
    writer.open('{');
    writer.text("lo", &time.lo.to_string());
    writer.text("hi", &time.hi.to_string());
    writer.text("p", precision);
    writer.text(
        "z",
        match time.origin {
            ZoneOrigin::Field => "field",
            ZoneOrigin::Message => "message",
            ZoneOrigin::Source => "source",
            ZoneOrigin::Site => "site",
            ZoneOrigin::None => "none",
        },
    );
    let repair = match time.repair {
        Repair::None => None,
        Repair::Ambiguous => Some("ambiguous"),
        Repair::Gap => Some("gap"),
        Repair::Truncated => Some("truncated"),
        Repair::Offset => Some("bad_offset"),
    };
    writer.list("q", repair.as_slice(), |writer, word| writer.quoted(word));
    writer.close('}');
}

/// The shortest day, month and year that a zone's changes leave.
const DAYLIKE: i64 = DAY - 2 * HOUR;
const MONTHLIKE: i64 = 27 * DAY;
const YEARLIKE: i64 = 364 * DAY;
