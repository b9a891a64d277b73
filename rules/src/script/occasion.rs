//! Occasion: what does a deciding script see, and what may it ask for?
//!
//! One event and one report, as they stood at the event's time, gathered before the script runs: it cannot ask for more, so
//! it cannot take longer than its steps allow [RHAI-4].
//! - LIMIT: `SCRIPT_EARLIER_MAX` results of one test, `SCRIPT_EFFECTS_MAX` effects of one run.
//! - **Not here**: gathering it, and acting on what is asked for (`wardline-core`).

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Map, Module};

use super::{Fault, Value, value::decimal_to_rhai};
use crate::{
    Text,
    decimal::Decimal,
    limits::{SCRIPT_EARLIER_HOURS_MAX, SCRIPT_EARLIER_MAX, SCRIPT_EFFECTS_MAX},
    program::Field,
    time::{HOUR, Timestamp},
    words::Step,
};

/// Everything a deciding script is shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Occasion {
    /// What happened.
    pub event: Event,
    /// What it happened to.
    pub report: Report,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// The moment, as its generic milestone name: `result finalised`.
    pub step: Text,
    /// The ward kind.
    pub kind: Text,
    /// The test, as the ward names it.
    pub test: Option<Text>,
    /// Flags of the result and of its report, in the ward's words.
    pub flags: Vec<Text>,
    /// The value, in the unit of its test; none if it is off the scale.
    pub value: Option<Decimal>,
    /// The unit of its test.
    pub unit: Option<Text>,
    /// When it happened.
    pub time: Timestamp,
    /// When Wardline heard of it.
    pub arrived: Timestamp,
    /// The private clock that is due, if that is what happened.
    pub clock: Option<Text>,
}

/// What it happened to, as of the event.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The time of the event.
    pub as_of: Timestamp,
    /// Fields that say something.
    pub fields: Vec<(Field, Value)>,
    /// Steps and when they were reached.
    pub times: Vec<(Step, Timestamp)>,
    /// Its state, in the ward's word.
    pub state: Text,
    /// Its flags, in the ward's words.
    pub flags: Vec<Text>,
    /// Which version, from 1.
    pub version: u32,
    /// Earlier results of the same patient, newest first.
    pub earlier: Vec<Earlier>,
    /// Its clocks, in the order in which they began.
    pub clocks: Vec<Clock>,
}

/// A clock of the report, as of the event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clock {
    /// The name of its sla.
    pub sla: Text,
    /// The name of the sla or exception in force.
    pub rule: Text,
    /// Its state, as rows show it: `running`, `paused`, `breached`, `met`.
    pub state: Text,
    /// Whole minutes of the target that are used up, in the clock's own measure.
    pub used: Minutes,
    /// When the target is used up; none while nobody can say.
    pub due: Option<Timestamp>,
}

/// An earlier result.
#[derive(Clone, PartialEq, Debug)]
pub struct Earlier {
    /// The test, as the ward names it.
    pub test: Text,
    /// The value, in the unit of its test.
    pub value: Decimal,
    /// The unit of its test.
    pub unit: Text,
    /// When it became known.
    pub time: Timestamp,
}

/// What a script asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Raise this alert.
    Raise,
    /// Take it back.
    Withdraw,
    /// One more page of it: to whom and by what, in the ward's words.
    Page(Text, Text),
    /// One more tell of it.
    Tell(Text, Text),
    /// A private clock starts, or starts anew: its name, its minutes, and the calendar they are counted in.
    Start(Text, Minutes, Option<Text>),
    /// A private clock stops; nothing if none of that name runs.
    Stop(Text),
}

/// A length in whole minutes.
pub type Minutes = i64;

/// Names under which a deciding script finds what it is shown.
pub(super) const GIVEN: [&str; 2] = ["event", "report"];
/// The functions that only a deciding script may call.
pub(super) const NAMES: &[&str] =
    &["clock", "earlier", "field", "flag", "page", "raise", "start_clock", "stop_clock", "tell", "time", "withdraw"];
/// What may be read of an event.
pub(super) const EVENT_PROPERTIES: &[&str] = &["step", "kind", "test", "value", "unit", "time", "arrived", "clock"];
/// What may be read of a report.
pub(super) const REPORT_PROPERTIES: &[&str] = &["state", "version"];

#[derive(Clone)]
struct ShownEvent(Arc<Event>);

#[derive(Clone)]
struct ShownReport(Arc<Report>);

impl Occasion {
    pub(super) fn to_rhai(&self) -> [Dynamic; 2] {
        let event = Dynamic::from(ShownEvent(Arc::new(self.event.clone())));
        [event, Dynamic::from(ShownReport(Arc::new(self.report.clone())))]
    }
}

/// Registers what only a deciding script may use.
pub(super) fn register(module: &mut Module) {
    event(module);
    report(module);
    module.set_native_fn("raise", || Ok(Effect::Raise));
    module.set_native_fn("withdraw", |_: ImmutableString| Ok(Effect::Withdraw));
    type Word = ImmutableString;
    let text = |word: &Word| Text::from(word.as_str());
    module.set_native_fn("page", move |who: Word, by: Word| Ok(Effect::Page(text(&who), text(&by))));
    module.set_native_fn("tell", move |who: Word, by: Word| Ok(Effect::Tell(text(&who), text(&by))));
    module.set_native_fn("start_clock", move |name: Word, minutes: i64| Ok(Effect::Start(text(&name), minutes, None)));
    module.set_native_fn("start_clock", move |name: Word, minutes: i64, calendar: Word| {
        Ok(Effect::Start(text(&name), minutes, Some(text(&calendar))))
    });
    module.set_native_fn("stop_clock", move |name: Word| Ok(Effect::Stop(text(&name))));
}

fn event(module: &mut Module) {
    module.set_getter_fn("step", |event: &mut ShownEvent| Ok(text(&event.0.step)));
    module.set_getter_fn("kind", |event: &mut ShownEvent| Ok(text(&event.0.kind)));
    module.set_getter_fn("test", |event: &mut ShownEvent| Ok(event.0.test.as_ref().map_or(Dynamic::UNIT, text)));
    module.set_getter_fn("unit", |event: &mut ShownEvent| Ok(event.0.unit.as_ref().map_or(Dynamic::UNIT, text)));
    module.set_getter_fn("value", |event: &mut ShownEvent| Ok(event.0.value.map_or(Dynamic::UNIT, decimal_to_rhai)));
    module.set_getter_fn("time", |event: &mut ShownEvent| Ok(event.0.time.micros()));
    module.set_getter_fn("arrived", |event: &mut ShownEvent| Ok(event.0.arrived.micros()));
    module.set_getter_fn("clock", |event: &mut ShownEvent| Ok(event.0.clock.as_ref().map_or(Dynamic::UNIT, text)));
    module.set_native_fn("flag", |event: &mut ShownEvent, word: ImmutableString| Ok(has(&event.0.flags, &word)));
}

fn report(module: &mut Module) {
    module.set_getter_fn("state", |report: &mut ShownReport| Ok(text(&report.0.state)));
    module.set_getter_fn("version", |report: &mut ShownReport| Ok(i64::from(report.0.version)));
    module.set_native_fn("flag", |report: &mut ShownReport, word: ImmutableString| Ok(has(&report.0.flags, &word)));
    module.set_native_fn("field", |report: &mut ShownReport, word: ImmutableString| {
        let field = Field::from_word(&word);
        let said = report.0.fields.iter().find(|(known, _)| Some(*known) == field);
        Ok(said.map_or(Dynamic::UNIT, |(_, value)| value.to_rhai()))
    });
    module.set_native_fn("time", |report: &mut ShownReport, milestone: ImmutableString| {
        let step = Step::from_milestone(&milestone);
        let reached = report.0.times.iter().find(|(known, _)| Some(*known) == step);
        Ok(reached.map_or(Dynamic::UNIT, |(_, at)| Dynamic::from_int(at.micros())))
    });
    module.set_native_fn("clock", |report: &mut ShownReport, name: ImmutableString| {
        let mut newest = report.0.clocks.iter().rev();
        Ok(newest.find(|clock| clock.rule == *name || clock.sla == *name).map_or(Dynamic::UNIT, reading))
    });
    module.set_native_fn("earlier", |report: &mut ShownReport, test: ImmutableString, hours: i64| {
        Ok(earlier(&report.0, &test, hours))
    });
}

/// At most `SCRIPT_EARLIER_MAX` of one test, newest first, that are at most so many hours older than the event.
fn earlier(report: &Report, test: &str, hours: i64) -> Array {
    let since = hours.clamp(0, SCRIPT_EARLIER_HOURS_MAX).saturating_mul(HOUR);
    let near = |found: &&Earlier| found.test == test && report.as_of.since(found.time).micros() <= since;
    let near = report.earlier.iter().filter(near);
    near.take(SCRIPT_EARLIER_MAX).map(map_of).collect()
}

fn map_of(found: &Earlier) -> Dynamic {
    let entries = [
        ("value", decimal_to_rhai(found.value)),
        ("unit", text(&found.unit)),
        ("time", Dynamic::from_int(found.time.micros())),
    ];
    Dynamic::from_map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>())
}

fn reading(clock: &Clock) -> Dynamic {
    let entries = [
        ("state", text(&clock.state)),
        ("used_minutes", Dynamic::from_int(clock.used)),
        ("due", clock.due.map_or(Dynamic::UNIT, |due| Dynamic::from_int(due.micros()))),
    ];
    Dynamic::from_map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>())
}

fn text(text: &Text) -> Dynamic {
    Dynamic::from(text.to_string())
}

fn has(flags: &[Text], word: &str) -> bool {
    flags.iter().any(|flag| flag == word)
}

/// The effects that a script gave: a list of them.
pub(super) fn effects(found: &Dynamic) -> Result<Vec<Effect>, Fault> {
    let list = found.as_array_ref().map_err(|_| Fault::Type)?;
    if list.len() > SCRIPT_EFFECTS_MAX {
        return Err(Fault::Size);
    }
    list.iter().map(|effect| effect.clone().try_cast::<Effect>().ok_or(Fault::Type)).collect()
}
