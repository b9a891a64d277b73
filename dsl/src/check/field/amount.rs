//! Amount: numbers, quantities and lengths of time that a field is compared with.
//!
//! - **Not here**: names (`super`).

use wardline_rules::program::{Atom, Bounds, Comparison, Condition, Field, Operand};
use wardline_rules::unit::Unit;

use super::{About, Sort, capital, sort};
use crate::check::catalogue;
use crate::check::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::basic::{Amount, Duration, Name, Range, TimeUnit};
use crate::syntax::condition::{Value, ValueBody};

/// `is 5` and `is one of 5, 6` of a field with amounts: each amount is a range of one point.
pub(super) fn equal(
    cx: &mut Context<'_>,
    at: (Field, &Name),
    (values, is): (&[Value], bool),
    about: About<'_>,
) -> Option<Condition> {
    let mut atoms = Vec::new();
    for value in values {
        let ValueBody::Amount(amount) = &value.body else {
            let text = cx.text(value.span);
            let found = Diagnostic::new(
                Code::WL0307,
                value.span,
                format!("{} is a number; it cannot be {text}.", capital(&at.1.node)),
            );
            cx.report(found.help("For example:", &[&format!("{} is above {}", at.1.node, sample(at.0))]));
            return None;
        };
        let operand = operand(cx, at, &Spanned { node: amount.clone(), span: value.span }, about)?;
        atoms.push(Condition::Atom(Atom {
            field: at.0,
            comparison: Comparison::Range(is, Bounds::Between(operand, operand)),
        }));
    }
    Some(match (atoms.len(), is) {
        (1, _) => atoms.remove(0),
        (_, true) => Condition::Any(atoms),
        (_, false) => Condition::All(atoms),
    })
}

fn sample(field: Field) -> &'static str {
    match sort(field) {
        Sort::Time => "24 hours",
        Sort::Number => "64",
        Sort::Quantity
        | Sort::Kind
        | Sort::Priority
        | Sort::State
        | Sort::Flag
        | Sort::PatientFlag
        | Sort::Feed
        | Sort::Test
        | Sort::Class
        | Sort::Site
        | Sort::Place
        | Sort::Modality
        | Sort::Declared
        | Sort::Person => "6.5 mmol/L",
    }
}

/// The bounds of a range.
pub(super) fn range(
    cx: &mut Context<'_>,
    at: (Field, &Name),
    range: &Spanned<Range>,
    about: About<'_>,
) -> Option<Bounds> {
    if !matches!(sort(at.0), Sort::Quantity | Sort::Number | Sort::Time) {
        let (name, text) = (&at.1.node, cx.text(range.span));
        let found = Diagnostic::new(
            Code::WL0307,
            range.span,
            format!("{} is a name, not a number; it cannot be {text}.", capital(name)),
        );
        cx.report(found.help("For example:", &[&format!("{name} is {}", name_sample(cx, at.0))]));
        return None;
    }
    let operands: Vec<Option<Operand>> = range.node.amounts().map(|amount| operand(cx, at, amount, about)).collect();
    let mut operands = operands.into_iter();
    let first = operands.next()??;
    let bounds = match &range.node {
        Range::Below(_) => Bounds::Below(first),
        Range::Above(_) => Bounds::Above(first),
        Range::AtLeast(_) => Bounds::AtLeast(first),
        Range::AtMost(_) => Bounds::AtMost(first),
        Range::Between(..) => Bounds::Between(first, operands.next()??),
        Range::Outside(..) => Bounds::Outside(first, operands.next()??),
    };
    ordered(cx, &bounds, range.span)?;
    Some(bounds)
}

/// `between` and `below … or above` go from the lower to the higher bound.
fn ordered(cx: &mut Context<'_>, bounds: &Bounds, span: Span) -> Option<()> {
    let turned = match bounds {
        Bounds::Between(low, high) | Bounds::Outside(low, high) => low > high,
        Bounds::Below(_) | Bounds::Above(_) | Bounds::AtLeast(_) | Bounds::AtMost(_) => false,
    };
    if turned {
        let found = Diagnostic::new(Code::WL0307, span, "The lower bound comes first.");
        cx.report(found.because("As written, the two bounds overlap or leave nothing between them."));
        return None;
    }
    Some(())
}

fn name_sample(cx: &Context<'_>, field: Field) -> String {
    let declared = match sort(field) {
        Sort::Place => cx.catalogue.places.first().map(|place| place.name.to_string()),
        Sort::Site => cx.catalogue.sites.first().map(|site| site.name.to_string()),
        Sort::Test => cx.catalogue.tests.first().map(|test| test.name.to_string()),
        Sort::Priority => Some("stat".to_owned()),
        Sort::State => Some("unread".to_owned()),
        Sort::Flag => Some("critical".to_owned()),
        Sort::Kind => Some("lab".to_owned()),
        Sort::PatientFlag => Some("none".to_owned()),
        Sort::Class => Some("inpatient".to_owned()),
        Sort::Modality => Some("CT".to_owned()),
        Sort::Feed | Sort::Declared | Sort::Quantity | Sort::Number | Sort::Time | Sort::Person => None,
    };
    declared.unwrap_or_else(|| "present".to_owned())
}

/// An amount of the right sort for a field.
fn operand(cx: &mut Context<'_>, at: (Field, &Name), amount: &Spanned<Amount>, about: About<'_>) -> Option<Operand> {
    let sort = sort(at.0);
    match (&amount.node, sort) {
        (Amount::Number(number), Sort::Number) => Some(Operand::Number(*number)),
        (Amount::Span(duration), Sort::Time) => time(cx, *duration, amount.span),
        (Amount::Quantity(number, unit), Sort::Quantity) => {
            let known = catalogue::unit(cx, unit)?;
            same_dimension(cx, known, amount, about)?;
            known.quantity(*number).map(Operand::Quantity)
        }
        (Amount::Number(number), Sort::Quantity) => {
            plain_number(cx, amount, about)?;
            Some(Operand::Number(*number))
        }
        (Amount::Span(_) | Amount::Percent(_) | Amount::Quantity(..) | Amount::Number(_), _) => {
            let text = cx.text(amount.span);
            let found =
                Diagnostic::new(Code::WL0307, amount.span, format!("{} cannot be {text}.", capital(&at.1.node)));
            cx.report(found.help("For example:", &[&format!("{} is above {}", at.1.node, sample(at.0))]));
            None
        }
    }
}

fn time(cx: &mut Context<'_>, duration: Duration, span: Span) -> Option<Operand> {
    match duration {
        Duration::Elapsed(_, TimeUnit::Day) => {
            let text = cx.text(span);
            let hours = duration.length().map_or(0, |length| length.micros() / wardline_rules::time::HOUR);
            let found = Diagnostic::new(Code::WL0304, span, format!("\"{text}\" can mean two things here."));
            cx.report(found.because("This field counts real time.").replace(
                "Change it to:",
                span,
                format!("{hours} hours"),
            ));
            None
        }
        Duration::Elapsed(..) => duration.length().map(Operand::Span),
        Duration::Working(..) | Duration::WorkingDays(..) => {
            cx.problem(Code::WL0307, span, "This field counts real time, not working time.");
            None
        }
    }
}

/// WL0303 where the tests at hand are reported in units of another dimension.
fn same_dimension(cx: &mut Context<'_>, unit: Unit, amount: &Spanned<Amount>, about: About<'_>) -> Option<()> {
    let other = tests(cx, about).find_map(|(name, known)| {
        known.filter(|known| known.dimension() != unit.dimension()).map(|known| (name, known))
    });
    let Some((name, known)) = other else { return Some(()) };
    let text = cx.text(amount.span);
    let found = Diagnostic::new(
        Code::WL0303,
        amount.span,
        format!("{} is reported in {known}; {text} is not comparable.", capital(&name)),
    );
    let number = text.split(' ').next().unwrap_or("");
    cx.report(found.because("Nothing converts between the two without knowing the substance.").replace(
        "If the number is right, change it to:",
        amount.span,
        format!("{number} {known}"),
    ));
    None
}

/// WL0303 for a number without a unit where the test has one.
fn plain_number(cx: &mut Context<'_>, amount: &Spanned<Amount>, about: About<'_>) -> Option<()> {
    let Some((name, unit)) = tests(cx, about).find_map(|(name, unit)| unit.map(|unit| (name, unit))) else {
        return Some(());
    };
    let text = cx.text(amount.span);
    let found = Diagnostic::new(
        Code::WL0303,
        amount.span,
        format!("{} is reported in {unit}; {text} has no unit.", capital(&name)),
    );
    cx.report(found.replace("Change it to:", amount.span, format!("{text} {unit}")));
    None
}

fn tests(cx: &Context<'_>, about: About<'_>) -> impl Iterator<Item = (String, Option<Unit>)> + use<> {
    let tests: Vec<(String, Option<Unit>)> = about
        .tests
        .iter()
        .filter_map(|id| cx.catalogue.tests.get(id.index()))
        .map(|test| (test.name.to_string(), test.unit))
        .collect();
    tests.into_iter()
}
