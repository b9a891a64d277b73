//! Said: events of these tests, short enough to be read.

use wardline_core::Input;
use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Answer, Code, Event, Fact, Given, Ident, Merge, Person, ReportFlag, ReportIds, ResultItem, ResultValue},
    time::{EventTime, MINUTE, Timestamp},
    token::Token,
    words::{Act, Comparator, Flag, Kind, Priority, ResultStatus, Role, Step},
};

/// The instant of `09:00` on the day of these tests, or of `09:00:30`; `+1` in front is a day later.
pub(crate) fn at(clock: &str) -> Timestamp {
    let (day, clock) = clock.strip_prefix("+1 ").map_or((14, clock), |clock| (15, clock));
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    Timestamp::parse(&format!("2026-01-{day}T{clock}{seconds}Z")).unwrap()
}

/// `10:07` of an instant, with seconds and microseconds only where there are any.
pub(crate) fn clock(at: Timestamp) -> String {
    if at == Timestamp::MAX {
        return "never".to_owned();
    }
    let text = at.to_string();
    let time = text.split('T').nth(1).unwrap_or_default().trim_end_matches('Z').to_owned();
    let day = if at.micros() % (60 * MINUTE * 24) < 0 || text.starts_with("2026-01-14") { "" } else { "+1 " };
    format!("{day}{}", time.strip_suffix(":00").unwrap_or(&time))
}

pub(crate) const DR_BELL: Token = Token([0xbe; 16]);
pub(crate) const DR_CHO: Token = Token([0xc0; 16]);

/// An event to be filled in.
#[derive(Clone, Debug)]
pub(crate) struct Said(pub(crate) Event);

impl Said {
    fn new(source: &str, fact: Fact, clock: &str) -> Self {
        let word = match &fact {
            Fact::Step(step) => step.name(),
            Fact::Update => "update",
            Fact::Answer(_) => "answer",
            Fact::Merge(_) | Fact::Encounter | Fact::Heartbeat | Fact::Unreadable { .. } => "other",
        };
        let mut event = Event::new(source, &format!("{word}@{clock}"), fact);
        event.occurred_at = Some(EventTime::exact(at(clock)));
        Self(event)
    }

    /// `R1` reached a step.
    pub(crate) fn step(step: Step, clock: &str) -> Self {
        Self::new("lis", Fact::Step(step), clock).of("R1")
    }

    /// Something changed about `R1`.
    pub(crate) fn update(clock: &str) -> Self {
        Self::new("lis", Fact::Update, clock).of("R1")
    }

    /// About another report.
    pub(crate) fn of(mut self, filler: &str) -> Self {
        self.0.report.filler = Some(Ident { id: Text::from(filler), ns: Text::from("BEAKER") });
        self.0.kind = Some(Kind::Lab);
        let id = self.0.event_id.rsplit('/').next().unwrap_or_default().to_owned();
        self.0.event_id = Text::from(format!("{filler}/{id}"));
        self
    }

    /// By another message.
    pub(crate) fn id(mut self, id: &str) -> Self {
        self.0.event_id = Text::from(id);
        self
    }

    pub(crate) fn priority(mut self, priority: Priority) -> Self {
        self.0.priority = Given::Value(priority);
        self
    }

    pub(crate) fn site(mut self, site: &str) -> Self {
        self.0.site = Some(Text::from(site));
        self
    }

    pub(crate) fn ordered_by(mut self, token: Token) -> Self {
        self.0.people.push(Person { role: Role::Ordering, token });
        self
    }

    pub(crate) fn flag(mut self, flag: Flag) -> Self {
        self.0.flags.push(ReportFlag::Known(flag));
        self
    }

    pub(crate) fn no_flag(mut self, flag: Flag) -> Self {
        self.0.flags_off.push(ReportFlag::Known(flag));
        self
    }

    /// A potassium, critical if it is above 6.5.
    pub(crate) fn potassium(mut self, number: &str) -> Self {
        let number = Decimal::parse(number).unwrap();
        self.0.results.push(ResultItem {
            code: Code { code: Text::from("2823-3"), system: Text::from("loinc"), display: Text::default() },
            sub: Text::default(),
            value: ResultValue::Number(None, number),
            unit: Text::from("mmol/L"),
            ref_low: None,
            ref_high: None,
            abnormal: Vec::new(),
            status: ResultStatus::Unknown,
            observed_at: None,
            critical: Some(number > Decimal::parse("6.5").unwrap()),
        });
        self
    }

    pub(crate) fn input(self) -> Input {
        Input::Event(Box::new(self.0))
    }
}

/// What somebody answers; the notice is named by its code.
/// Says that the report `gone` is `R1`.
pub(crate) fn joined(gone: &str, id: &str) -> Input {
    let number = |id: &str| ReportIds {
        filler: Some(Ident { id: Text::from(id), ns: Text::from("BEAKER") }),
        ..ReportIds::default()
    };
    let merge = Merge::Reports(Box::new((number(gone), number("R1"))));
    Input::Event(Box::new(Event::new("lis", id, Fact::Merge(Box::new(merge)))))
}

pub(crate) fn answer(act: Act, code: &str, clock: &str) -> Said {
    let fact = Fact::Answer(Box::new(Answer {
        act,
        code: (!code.is_empty()).then(|| Text::from(code)),
        nid: None,
        by: None,
        licence: None,
        told_by: None,
        value: None,
        unit: Text::default(),
        result: None,
    }));
    Said::new("answers", fact, clock).id(&format!("answer {} {code} {clock}", act.name()))
}

/// The same with more said about it.
pub(crate) fn answer_with(act: Act, code: &str, clock: &str, more: impl FnOnce(&mut Answer)) -> Said {
    let mut said = answer(act, code, clock);
    if let Fact::Answer(answer) = &mut said.0.fact {
        more(answer);
    }
    said
}

/// A value read back.
pub(crate) fn read_back(sign: Option<Comparator>, number: &str) -> Option<(Option<Comparator>, Decimal)> {
    Decimal::parse(number).map(|number| (sign, number))
}
