//! Points: what can each clause of a ward do?
//!
//! - **Not here**: whether it does ([`super::measure`]).
//! - **Source**: language page, [TEST-7].

use wardline_dsl::prose;
use wardline_rules::{
    Text,
    program::{
        ActionSend, Alert, Condition, Delayed, Escalation, EscalationStep, Length, Missed, Missing, Notice, PageTo,
        Program, RuleHead, SlaRule, StartMissing, Trigger,
    },
    time::{Span, TimeOfDay},
    words::Channel,
};

use super::{How, Planned, Turn, What, turns};

/// All points of a ward: clocks with their exceptions, alerts, notices, suppressions, quiet hours.
pub(super) fn of(program: &Program) -> Vec<Planned> {
    let mut points = Points { program, all: Vec::new() };
    for (family, rules) in program.families.iter().enumerate() {
        for (rule, found) in rules.rules.iter().enumerate() {
            let parent = found.parent.and_then(|parent| rules.rules.get(usize::try_from(parent).ok()?));
            points.sla((family, rule), found, parent);
        }
    }
    for (place, alert) in program.alerts.iter().enumerate() {
        points.alert(place, alert);
    }
    points.notices();
    points.suppressions();
    points.quiet_hours();
    points.all
}

struct Points<'p> {
    program: &'p Program,
    all: Vec<Planned>,
}

/// Where a part stands in a program.
type Way<T> = fn(&mut Program, (usize, usize)) -> Option<&mut T>;

/// What is done to an escalation.
type Change = Box<dyn Fn(&mut Escalation) + Send + Sync>;

fn take_out<T>(list: &mut Vec<T>, index: usize) {
    if index < list.len() {
        list.remove(index);
    }
}

/// Puts something else in the place of a leaf.
fn put(way: Way<Condition>, place: (usize, usize), (leaf, other): (Vec<usize>, Condition)) -> Turn {
    Box::new(move |program| {
        if let Some(condition) = way(program, place) {
            turns::put(condition, &leaf, &other);
        }
    })
}

fn first_channel(way: Way<PageTo>, place: (usize, usize)) -> Turn {
    Box::new(move |program| {
        if let Some(PageTo::Direct { by, .. }) = way(program, place) {
            by.truncate(1);
        }
    })
}

fn of_step(index: usize, change: impl Fn(&mut EscalationStep) + Send + Sync + 'static) -> Change {
    Box::new(move |escalation| {
        if let Some(step) = escalation.steps.get_mut(index) {
            change(step);
        }
    })
}

fn of_notice(index: usize, change: impl Fn(&mut Notice) + Send + Sync + 'static) -> Turn {
    Box::new(move |program| {
        if let Some(notice) = program.notices.get_mut(index) {
            change(notice);
        }
    })
}

impl Points<'_> {
    fn seen(&mut self, head: &RuleHead, clause: &'static str, what: &str, seen: What) {
        self.push(head, clause, what.to_owned(), How::Seen(seen, vec![head.id.clone()]));
    }

    fn turned(&mut self, head: &RuleHead, clause: &'static str, what: String, turn: Turn) {
        self.push(head, clause, what, How::Turned(turn));
    }

    fn push(&mut self, head: &RuleHead, clause: &'static str, what: String, how: How) {
        self.all.push(Planned { id: head.id.clone(), rule: head.name.clone(), clause, what, how });
    }

    /// Each part of a list, taken out alone.
    fn each<T: 'static>(
        &mut self,
        head: &RuleHead,
        clause: &'static str,
        place: (usize, usize),
        list: &[String],
        way: Way<Vec<T>>,
    ) {
        for (index, what) in list.iter().enumerate() {
            let turn: Turn = Box::new(move |program| {
                if let Some(list) = way(program, place) {
                    take_out(list, index);
                }
            });
            self.turned(head, clause, what.clone(), turn);
        }
    }

    /// Each comparison met and not met, each side of a range with two.
    fn condition(
        &mut self,
        head: &RuleHead,
        clause: &'static str,
        place: (usize, usize),
        condition: &Condition,
        way: Way<Condition>,
    ) {
        for (leaf, found) in turns::leaves(condition) {
            let words = prose::condition_words(self.program, found);
            for (told, other) in [("met", Condition::never()), ("not met", Condition::always())] {
                self.turned(head, clause, format!("{words}: {told}"), put(way, place, (leaf.clone(), other)));
            }
            let sides = turns::sides(found);
            for (dropped, kept) in sides.iter().zip(sides.iter().rev().cloned()) {
                let words = prose::condition_words(self.program, dropped);
                self.turned(head, clause, format!("{words}: met"), put(way, place, (leaf.clone(), kept)));
            }
        }
    }

    fn missing(&mut self, head: &RuleHead, place: (usize, usize), missing: &[Missing], way: Way<Vec<Missing>>) {
        let words = missing.iter().map(|missing| match &missing.what {
            Missed::Field(field) => field.word().to_owned(),
            Missed::Decision => "decision".to_owned(),
            Missed::Function(name) => format!("{name}()"),
        });
        self.each(head, "missing", place, &words.collect::<Vec<_>>(), way);
    }

    fn sla(&mut self, place: (usize, usize), rule: &SlaRule, parent: Option<&SlaRule>) {
        let head = &rule.head;
        let own = |is_same: fn(&SlaRule, &SlaRule) -> bool| parent.is_none_or(|parent| !is_same(rule, parent));
        self.condition(head, "covers", place, &rule.covers.condition, |program, place| {
            Some(&mut sla(program, place)?.covers.condition)
        });
        if own(|rule, parent| rule.starts == parent.starts) {
            self.each(head, "starts", place, &numbered(rule.starts.len()), |program, place| {
                Some(&mut sla(program, place)?.starts)
            });
        }
        if own(|rule, parent| rule.stops == parent.stops) {
            self.each(head, "stops", place, &numbered(rule.stops.len()), |program, place| {
                Some(&mut sla(program, place)?.stops)
            });
        }
        if own(|rule, parent| rule.cancels == parent.cancels) {
            self.each(head, "cancels", place, &numbered(rule.cancels.len()), |program, place| {
                Some(&mut sla(program, place)?.cancels)
            });
        }
        if own(|rule, parent| rule.restarts == parent.restarts) {
            self.each(head, "restarts", place, &numbered(rule.restarts.len()), |program, place| {
                Some(&mut sla(program, place)?.restarts)
            });
        }
        if own(|rule, parent| rule.pauses == parent.pauses) {
            self.pauses(place, rule);
        }
        if own(|rule, parent| rule.warnings == parent.warnings) {
            let warnings = numbered(rule.warnings.len());
            self.each(head, "warn", place, &warnings, |program, place| Some(&mut sla(program, place)?.warnings));
        }
        self.seen(head, "breach", "", What::Breached);
        if let ActionSend::Page(page) = &rule.breach.send {
            self.page((head, "breach"), place, page, |program, place| match &mut sla(program, place)?.breach.send {
                ActionSend::Page(page) => Some(page),
                ActionSend::Tell(_) => None,
            });
        }
        let inherited = parent.map_or(0, |parent| parent.missing.len());
        let mine = rule.missing.len().saturating_sub(inherited);
        self.missing(head, place, &rule.missing[..mine], |program, place| Some(&mut sla(program, place)?.missing));
        if rule.start_missing != StartMissing::DoNotStart
            && own(|rule, parent| rule.start_missing == parent.start_missing)
        {
            let turn: Turn = Box::new(move |program| {
                if let Some(rule) = sla(program, place) {
                    rule.start_missing = StartMissing::DoNotStart;
                }
            });
            self.turned(head, "missing", "start time".to_owned(), turn);
        }
    }

    fn pauses(&mut self, place: (usize, usize), rule: &SlaRule) {
        let Some(pause) = &rule.pauses else { return };
        let situations = numbered(pause.while_.len());
        self.each(&rule.head, "pauses", place, &situations, |program, place| {
            Some(&mut sla(program, place)?.pauses.as_mut()?.while_)
        });
        if pause.at_most.is_some() {
            let turn: Turn = Box::new(move |program| {
                if let Some(pause) = sla(program, place).and_then(|rule| rule.pauses.as_mut()) {
                    pause.at_most = None;
                }
            });
            self.turned(&rule.head, "pauses", "at most".to_owned(), turn);
        }
    }

    fn alert(&mut self, place: usize, alert: &Alert) {
        let (head, place) = (&alert.head, (place, 0));
        self.trigger(place, alert);
        self.condition(head, "where", place, &alert.condition, |program, place| {
            Some(&mut self::alert(program, place)?.condition)
        });
        self.condition(head, "unless", place, &alert.unless, |program, place| {
            Some(&mut self::alert(program, place)?.unless)
        });
        if alert.decide.is_some() {
            let turn: Turn = Box::new(move |program| {
                if let Some(alert) = self::alert(program, place) {
                    alert.decide = None;
                }
            });
            self.turned(head, "decide", "says no".to_owned(), turn);
        }
        self.missing(head, place, &alert.missing, |program, place| Some(&mut self::alert(program, place)?.missing));
        if alert.limit.is_some() {
            let turn: Turn = Box::new(move |program| {
                if let Some(alert) = self::alert(program, place) {
                    alert.limit = None;
                }
            });
            self.turned(head, "limit", "holds back".to_owned(), turn);
        }
        if let Some(page) = &alert.page {
            self.page((head, ""), place, page, |program, place| self::alert(program, place)?.page.as_mut());
        }
        let withdraw = numbered(alert.withdraw.len());
        self.each(head, "withdraw", place, &withdraw, |program, place| {
            Some(&mut self::alert(program, place)?.withdraw)
        });
    }

    fn trigger(&mut self, place: (usize, usize), alert: &Alert) {
        let head = &alert.head;
        match &alert.trigger {
            Trigger::When(moments) => self.each(head, "when", place, &numbered(moments.len()), |program, place| {
                match &mut self::alert(program, place)?.trigger {
                    Trigger::When(moments) => Some(moments),
                    Trigger::While(_) | Trigger::Absence(_) | Trigger::Window(_) => None,
                }
            }),
            Trigger::Absence(absence) => {
                let (after, expect) = (numbered(absence.after.len()), numbered(absence.expect.len()));
                self.each(head, "after", place, &after, |program, place| {
                    Some(&mut self::absence(program, place)?.after)
                });
                self.each(head, "expect", place, &expect, |program, place| {
                    Some(&mut self::absence(program, place)?.expect)
                });
            }
            Trigger::While(_) => {
                self.gone(place, alert, "while");
                self.no_hold(place, alert);
                if matches!(&alert.trigger, Trigger::While(found) if found.clear.is_some()) {
                    self.seen(head, "clear", "", What::Cleared);
                }
            }
            Trigger::Window(window) => {
                self.gone(place, alert, "measure");
                if window.hold > Span::ZERO {
                    self.no_hold(place, alert);
                }
                self.seen(head, "clear", "", What::Cleared);
            }
        }
    }

    /// The alert as a whole: without it something is otherwise.
    fn gone(&mut self, place: (usize, usize), alert: &Alert, clause: &'static str) {
        let turn: Turn = Box::new(move |program| {
            if let Some(alert) = self::alert(program, place) {
                alert.trigger = Trigger::When(Vec::new());
            }
        });
        self.turned(&alert.head, clause, String::new(), turn);
    }

    /// A state that ends before it was held for long enough.
    fn no_hold(&mut self, place: (usize, usize), alert: &Alert) {
        let turn: Turn = Box::new(move |program| match self::alert(program, place).map(|alert| &mut alert.trigger) {
            Some(Trigger::While(found)) => found.hold = Length::Elapsed(Span::from_micros(1)),
            Some(Trigger::Window(found)) => found.hold = Span::ZERO,
            Some(Trigger::When(_) | Trigger::Absence(_)) | None => {}
        });
        self.turned(&alert.head, "hold", "is not outlived".to_owned(), turn);
    }

    /// The steps of a page, and what may happen on the way.
    fn page(
        &mut self,
        (head, clause): (&RuleHead, &'static str),
        place: (usize, usize),
        page: &PageTo,
        way: Way<PageTo>,
    ) {
        let (escalation, recipients) = match page {
            PageTo::Using { escalation, .. } => (self.program.escalations.get(escalation.index()).cloned(), 1),
            PageTo::Direct { by, .. } => (None, by.len()),
        };
        let Some(escalation) = escalation else {
            if recipients > 1 {
                let clause = if clause.is_empty() { "page" } else { clause };
                self.turned(head, clause, "next channel".to_owned(), first_channel(way, place));
            }
            return;
        };
        self.steps(head, place, &escalation, way);
        self.seen(head, "decline", "", What::Declined);
        self.seen(head, "then", "task", What::TaskOpened);
        let mut change = |clause: &'static str, what: &str, change: fn(&mut Escalation)| {
            let turn: Turn =
                Box::new(move |program| turns::escalation(program, |program| way(program, place), &change));
            self.turned(head, clause, what.to_owned(), turn);
        };
        if escalation.repeat.is_some() {
            change("repeat", "", |escalation| escalation.repeat = None);
        }
        if escalation.lapses.is_some() {
            change("lapses", "", |escalation| escalation.lapses = None);
        }
        if escalation.read_back {
            change("answered", "read-back refused", |escalation| escalation.read_back = false);
            self.seen(head, "answered", "read-back accepted", What::ReadBack);
        }
    }

    fn steps(&mut self, head: &RuleHead, place: (usize, usize), escalation: &Escalation, way: Way<PageTo>) {
        for (index, step) in escalation.steps.iter().enumerate() {
            let number = index + 1;
            let mut change = |what: String, change: Change| {
                let turn: Turn =
                    Box::new(move |program| turns::escalation(program, |program| way(program, place), &*change));
                self.turned(head, "step", what, turn);
            };
            // On another channel the same page is another notice.
            let other = if step.by.first() == Some(&Channel::Letter) { Channel::Fax } else { Channel::Letter };
            change(number.to_string(), of_step(index, move |step| step.by = vec![other]));
            if step.by.len() > 1 {
                change(format!("{number}: next channel"), of_step(index, |step| step.by.truncate(1)));
            }
            for reminder in 0..step.reminders.len() {
                let without = of_step(index, move |step| take_out(&mut step.reminders, reminder));
                change(format!("{number}: reminder {}", reminder + 1), without);
            }
        }
    }

    fn notices(&mut self) {
        for (index, notice) in self.program.notices.iter().enumerate() {
            let (head, place) = (&notice.head, (index, 0));
            self.each(head, "when", place, &numbered(notice.when.len()), |program, (place, _)| {
                Some(&mut program.notices.get_mut(place)?.when)
            });
            self.condition(head, "where", place, &notice.condition, |program, (place, _)| {
                Some(&mut program.notices.get_mut(place)?.condition)
            });
            self.condition(head, "unless", place, &notice.unless, |program, (place, _)| {
                Some(&mut program.notices.get_mut(place)?.unless)
            });
            self.missing(head, place, &notice.missing, |program, (place, _)| {
                Some(&mut program.notices.get_mut(place)?.missing)
            });
            if notice.channels.len() + usize::from(notice.preferred) > 1 {
                let first = of_notice(index, |notice| notice.channels.truncate(usize::from(!notice.preferred)));
                self.turned(head, "channel", "next channel".to_owned(), first);
            }
            let limit: Turn = Box::new(move |program| {
                if let Some(notice) = program.notices.get_mut(index) {
                    notice.limit.count = u32::MAX;
                }
            });
            self.turned(head, "limit", "holds back".to_owned(), limit);
            let quiet: Turn = Box::new(move |program| {
                if let Some(notice) = program.notices.get_mut(index) {
                    // The last minute of the day: next to nothing.
                    let (from, to) = (TimeOfDay::from_minutes(1_439), TimeOfDay::from_minutes(1_440));
                    notice.quiet.from = from.unwrap_or(notice.quiet.from);
                    notice.quiet.to = to.unwrap_or(notice.quiet.to);
                }
            });
            self.turned(head, "quiet", "holds back".to_owned(), quiet);
            let expires: Turn = Box::new(move |program| {
                if let Some(notice) = program.notices.get_mut(index) {
                    notice.expires = Span::from_seconds(365 * 24 * 3_600);
                }
            });
            self.turned(head, "expires", String::new(), expires);
        }
    }

    fn suppressions(&mut self) {
        for (index, suppress) in self.program.suppressions.iter().enumerate() {
            let head = &suppress.head;
            let what: Vec<String> = suppress.delays.iter().map(|delayed| delayed_id(delayed).to_owned()).collect();
            self.each(head, "delays", (index, 0), &what, |program, (place, _)| {
                Some(&mut program.suppressions.get_mut(place)?.delays)
            });
            let held = suppress.delays.iter().map(|delayed| Text::from(delayed_id(delayed))).collect();
            self.push(head, "then", "lifts".to_owned(), How::Seen(What::Lifted, held));
        }
    }

    fn quiet_hours(&mut self) {
        let people = self.program.people.iter().enumerate().filter(|(_, person)| person.quiet.is_some());
        for (index, person) in people {
            let turn: Turn = Box::new(move |program| {
                if let Some(person) = program.people.get_mut(index) {
                    person.quiet = None;
                }
            });
            self.all.push(quiet(&person.name, turn));
        }
        let desks = self.program.desks.iter().enumerate().filter(|(_, desk)| desk.quiet.is_some());
        for (index, desk) in desks {
            let turn: Turn = Box::new(move |program| {
                if let Some(desk) = program.desks.get_mut(index) {
                    desk.quiet = None;
                }
            });
            self.all.push(quiet(&desk.name, turn));
        }
    }
}

fn quiet(name: &Text, turn: Turn) -> Planned {
    let how = How::Turned(turn);
    Planned { id: Text::default(), rule: name.clone(), clause: "quiet", what: "holds back".to_owned(), how }
}

fn delayed_id(delayed: &Delayed) -> &str {
    let (Delayed::Alert(id) | Delayed::Breaches(id) | Delayed::Warnings(id)) = delayed;
    id
}

/// Places in a list of several; of one there is nothing to tell apart.
fn numbered(count: usize) -> Vec<String> {
    if count == 1 { vec![String::new()] } else { (1..=count).map(|place| place.to_string()).collect() }
}

fn sla(program: &mut Program, (family, rule): (usize, usize)) -> Option<&mut SlaRule> {
    program.families.get_mut(family)?.rules.get_mut(rule)
}

fn alert(program: &mut Program, (place, _): (usize, usize)) -> Option<&mut Alert> {
    program.alerts.get_mut(place)
}

fn absence(program: &mut Program, place: (usize, usize)) -> Option<&mut wardline_rules::program::Absence> {
    match &mut alert(program, place)?.trigger {
        Trigger::Absence(absence) => Some(absence),
        Trigger::When(_) | Trigger::While(_) | Trigger::Window(_) => None,
    }
}
