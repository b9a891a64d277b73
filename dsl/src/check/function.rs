//! Function: can its script run, does it do what its examples say, and is it asked rightly?
//!
//! ```text
//!  function low(v: quantity in mmol/L)  ──► names and sorts of what it is given
//!    script … end                       ──► a script that was read and looked through (WL0901)
//!    example low(2.0) is yes            ──► run; it must give that (WL0902)
//!  where low(value)                     ──► a call, each argument of the right sort (WL0307)
//! ```
//! - **How it fits**: functions are read before the rules that ask them; `condition` lowers each question here.
//! - **Not here**: running a script while a ward runs (`wardline-core`).

mod example;

use wardline_rules::evaluate::Said;
use wardline_rules::limits::{SCRIPT_STEPS, SCRIPT_STEPS_MAX};
use wardline_rules::program::{
    Argument, Call, Comparison, Condition, Field, Function, FunctionId, Gives, Missed, Missing, MissingThen, Param,
    ParamKind, Program,
};
use wardline_rules::script::{Refused, Script, Sort, Value};
use wardline_rules::words::Channel;

use super::context::Context;
use super::field::{self, About};
use super::{catalogue, gather, lasting, names, rule_file};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::layout::Script as Written;
use crate::source::{Span, Spanned};
use crate::syntax::basic::{Amount, Name};
use crate::syntax::condition as tree;
use crate::syntax::condition::{Outcome, Relation, ValueBody};
use crate::syntax::notice::{self, Signature};
use crate::syntax::{Block, Detail};
use crate::vocabulary::BlockKind;

/// All functions in order; `None` for one that cannot run, which is reported.
pub(super) fn functions(cx: &mut Context<'_>) -> Vec<Option<Function>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Function).collect();
    blocks.into_iter().map(|block| function(cx, block)).collect()
}

fn function(cx: &mut Context<'_>, block: &Block) -> Option<Function> {
    let Detail::Function(signature) = &block.detail else { return None };
    let params = params(cx, signature);
    let steps = steps(cx, block);
    let params = params?;
    let names: Vec<_> = params.iter().map(|param| param.name.clone()).collect();
    let clause = block.clause("script")?;
    let written = clause.script.as_ref()?;
    let script = match Script::compile(&written.text, &names, steps?) {
        Ok(script) => script,
        Err(why) => {
            refuse(cx, (written, clause.word_span), &why);
            return None;
        }
    };
    let name = block.name().into();
    let function = Function { name, params, gives_truth: signature.gives_truth, script };
    example::check(cx, block, &function);
    Some(function)
}

fn params(cx: &mut Context<'_>, signature: &Signature) -> Option<Vec<Param>> {
    let mut params: Option<Vec<Param>> = Some(Vec::new());
    for param in &signature.params {
        let kind = kind(cx, &param.kind);
        let name = param.name.node.as_str();
        if params.iter().flatten().any(|known| known.name == name) {
            cx.problem(Code::WL0202, param.name.span, format!("There are two parameters \"{name}\"."));
            params = None;
        }
        match (&mut params, kind) {
            (Some(params), Some(kind)) => params.push(Param { name: name.into(), kind }),
            (_, _) => params = None,
        }
    }
    params
}

fn kind(cx: &mut Context<'_>, kind: &notice::ParamKind) -> Option<ParamKind> {
    Some(match kind {
        notice::ParamKind::Quantity(unit) => ParamKind::Quantity(catalogue::unit(cx, unit)?),
        notice::ParamKind::Test => ParamKind::Test,
        notice::ParamKind::Place => ParamKind::Place,
        notice::ParamKind::Site => ParamKind::Site,
        notice::ParamKind::Kind => ParamKind::Kind,
        notice::ParamKind::Priority => ParamKind::Priority,
        notice::ParamKind::Department => ParamKind::Department,
        notice::ParamKind::Text => ParamKind::Text,
        notice::ParamKind::Number => ParamKind::Number,
        notice::ParamKind::Duration => ParamKind::Duration,
    })
}

/// The operations that a run may take; WL0107 beyond the bound.
fn steps(cx: &mut Context<'_>, block: &Block) -> Option<u32> {
    let Some((written, _)) = block.steps().next() else { return Some(SCRIPT_STEPS) };
    let steps = u32::try_from(written.node).ok().filter(|steps| (1..=SCRIPT_STEPS_MAX).contains(steps));
    if steps.is_none() {
        let found = Diagnostic::new(
            Code::WL0107,
            written.span,
            format!("A script may take 1 to {SCRIPT_STEPS_MAX} steps, not {}.", written.node),
        );
        cx.report(found.replace("Change it to:", written.span, SCRIPT_STEPS_MAX.to_string()));
    }
    steps
}

/// What is wrong with a script, at its place. **Input** `whole`: what to point at if it is about no single line.
pub(super) fn refuse(cx: &mut Context<'_>, (written, whole): (&Written, Span), why: &Refused) {
    let found = rule_file::refusal((cx.text(written.span), written.span), whole, why);
    cx.report(found);
}

/// The script that decides an alert; `None` if it is wrong, which is reported.
pub(super) fn decision(cx: &mut Context<'_>, block: &Block) -> Option<Option<Script>> {
    let Some(clause) = block.clause("decide") else { return Some(None) };
    let written = clause.script.as_ref()?;
    let is_file = cx.sources.file(written.span.file).is_some_and(gather::is_rule_file);
    let script = if is_file {
        Script::rule_file(&written.text).map(|found| found.script)
    } else {
        Script::decision(&written.text)
    };
    let known = script.and_then(|script| match unknown_person(cx, &script).or_else(|| unknown_clock(cx, &script)) {
        Some(why) => Err(why),
        None => Ok(script),
    });
    known.map_err(|why| refuse(cx, (written, clause.word_span), &why)).ok().map(Some)
}

/// The first person or channel that a script writes out and the ward does not know.
fn unknown_person(cx: &mut Context<'_>, script: &Script) -> Option<Refused> {
    script.named_people().into_iter().find_map(|named| {
        let wrong = match Channel::from_word(&named.by) {
            None => format!("{} is no channel.", named.by),
            Some(_) if is_somebody(cx, &named.who) => return None,
            Some(_) => format!("The ward knows nobody called {}.", named.who),
        };
        Some(Refused { line: named.line, column: named.column, why: wrong, sort: Sort::Unsafe })
    })
}

/// The first clock that a script asks for by the name of no sla and no exception.
fn unknown_clock(cx: &mut Context<'_>, script: &Script) -> Option<Refused> {
    script.named_clocks().into_iter().find_map(|named| {
        let kinds = [BlockKind::Sla, BlockKind::Exception];
        let is_known = kinds.into_iter().any(|kind| cx.names.find(kind, &named.name).is_some());
        let why = format!("The ward has no sla or exception called \"{}\".", named.name);
        (!is_known).then_some(Refused { line: named.line, column: named.column, why, sort: Sort::Unsafe })
    })
}

/// Whether words of a script mean somebody: a role, or a desk, roster or person of the ward.
fn is_somebody(cx: &mut Context<'_>, words: &str) -> bool {
    const ROLES: [&str; 5] = [
        "the ordering clinician",
        "the attending clinician",
        "the covering clinician",
        "the reporting clinician",
        "the copied clinicians",
    ];
    let mut named = || {
        let (sort, name) = words.split_once(' ')?;
        let kind = match sort {
            "desk" => BlockKind::Desk,
            "roster" => BlockKind::Roster,
            "person" => BlockKind::Person,
            _ => return None,
        };
        cx.names.find(kind, name.strip_prefix('"')?.strip_suffix('"')?)
    };
    ROLES.contains(&words) || named().is_some()
}

/// A question to a function, resolved; what it needs is `fields`, each with its place.
pub(super) fn call(
    cx: &mut Context<'_>,
    (written, outcome, span): (&tree::Call, &Outcome, Span),
    of_result: bool,
    fields: &mut Vec<(Field, Span)>,
) -> Option<Condition> {
    let index = names::resolve(cx, BlockKind::Function, &written.name)?;
    let gives = gives(cx, written, (outcome, span));
    let function = cx.functions.get(usize::try_from(index).ok()?)?.clone()?;
    counted(cx, written, &function)?;
    let mut arguments = Some(Vec::new());
    for (value, param) in written.arguments.iter().zip(&function.params) {
        let found = argument(cx, value, param, of_result);
        if let Some(Argument::Field(field, ..)) = &found {
            fields.push((*field, value.span));
        }
        match (&mut arguments, found) {
            (Some(arguments), Some(found)) => arguments.push(found),
            (_, _) => arguments = None,
        }
    }
    Some(Condition::Call(Call {
        function: FunctionId(index),
        name: function.name.clone(),
        arguments: arguments?,
        gives: gives?,
    }))
}

/// WL0307 if it is given too much or too little.
fn counted(cx: &mut Context<'_>, written: &tree::Call, function: &Function) -> Option<()> {
    let (given, takes) = (written.arguments.len(), function.params.len());
    if given == takes {
        return Some(());
    }
    let names: Vec<&str> = function.params.iter().map(|param| param.name.as_str()).collect();
    let found = Diagnostic::new(
        Code::WL0307,
        written.name.span,
        format!("{} takes {takes} values and is given {given}.", function.name),
    );
    cx.report(found.because(format!("Its header says: {}({}).", function.name, names.join(", "))));
    None
}

/// What a call must give; WL0307 if the function gives another sort.
fn gives(cx: &mut Context<'_>, written: &tree::Call, (outcome, span): (&Outcome, Span)) -> Option<Gives> {
    let (_, block) = cx.names.find(BlockKind::Function, &written.name.node)?;
    let Detail::Function(signature) = &block.detail else { return None };
    let name = &written.name.node;
    match (outcome, signature.gives_truth) {
        (Outcome::Yes, true) => Some(Gives::Truth(true)),
        (Outcome::No, true) => Some(Gives::Truth(false)),
        (Outcome::Range(range), false) => {
            let range = Spanned { node: range.as_ref().clone(), span };
            lasting::bounds(cx, &range, lasting::Figure::Number).map(Gives::Number)
        }
        (Outcome::Range(_), true) => {
            let found = Diagnostic::new(Code::WL0307, span, format!("{name} gives yes or no, not a number."));
            cx.report(found.help("Change it to:", &[&format!("{} is yes", call_text(cx, written))]));
            None
        }
        (Outcome::Yes | Outcome::No, false) => {
            let found = Diagnostic::new(Code::WL0307, span, format!("{name} gives a number, not yes or no."));
            cx.report(found.help("For example:", &[&format!("{} is above 2", call_text(cx, written))]));
            None
        }
    }
}

/// A call as it is written, without what it must give.
fn call_text(cx: &Context<'_>, written: &tree::Call) -> String {
    let arguments: Vec<&str> = written.arguments.iter().map(|value| cx.text(value.span)).collect();
    format!("{}({})", written.name.node, arguments.join(", "))
}

/// A word that is a field means that field; anything else is a value of the parameter's sort.
fn argument(cx: &mut Context<'_>, value: &tree::Value, param: &Param, of_result: bool) -> Option<Argument> {
    let field = tree::word(value).filter(|word| Field::from_word(word).is_some());
    let Some(word) = field else { return constant(cx, value, param).map(Argument::Value) };
    let name = Name { node: word.clone(), span: value.span };
    let field = field::field(cx, &name, About { tests: &[], of_result })?;
    if accepts(param.kind, field) {
        return Some(Argument::Field(field, param.kind, None));
    }
    let found = Diagnostic::new(
        Code::WL0307,
        value.span,
        format!("{} cannot be {word}: it is {}.", field::capital(&param.name), sort_name(param.kind)),
    );
    cx.report(found.because("A field is passed as what its parameter is declared to be."));
    None
}

/// Whether a field can be passed as such a parameter.
fn accepts(kind: ParamKind, field: Field) -> bool {
    match kind {
        ParamKind::Quantity(_) | ParamKind::Number => {
            matches!(field, Field::Value | Field::PreviousValue | Field::Change | Field::PatientAge)
        }
        ParamKind::Test => field == Field::Test,
        ParamKind::Place => field == Field::Location,
        ParamKind::Site => field == Field::Site,
        ParamKind::Kind => field == Field::Kind,
        ParamKind::Priority => field == Field::Priority,
        ParamKind::Department => field == Field::Department,
        ParamKind::Duration => field == Field::TimeSinceSameTest,
        ParamKind::Text => matches!(
            field,
            Field::State
                | Field::Feed
                | Field::Finding
                | Field::SpecimenClass
                | Field::SpecimenSite
                | Field::Modality
                | Field::PatientClass
                | Field::PatientRisk
                | Field::Test
                | Field::Site
                | Field::Department
                | Field::Location
        ),
    }
}

fn sort_name(kind: ParamKind) -> String {
    match kind {
        ParamKind::Quantity(unit) => format!("a quantity in {unit}"),
        ParamKind::Test => "a test".to_owned(),
        ParamKind::Place => "a place".to_owned(),
        ParamKind::Site => "a site".to_owned(),
        ParamKind::Kind => "a kind".to_owned(),
        ParamKind::Priority => "a priority".to_owned(),
        ParamKind::Department => "a department".to_owned(),
        ParamKind::Text => "a name".to_owned(),
        ParamKind::Number => "a number".to_owned(),
        ParamKind::Duration => "a length of time".to_owned(),
    }
}

/// A value written out; WL0201 for a name that is not in the catalogue, WL0307 for another sort.
fn constant(cx: &mut Context<'_>, value: &tree::Value, param: &Param) -> Option<Value> {
    let named = |field: Field| (field, Name { node: field.word().to_owned(), span: value.span });
    let declared = match param.kind {
        ParamKind::Test => Some(named(Field::Test)),
        ParamKind::Place => Some(named(Field::Location)),
        ParamKind::Site => Some(named(Field::Site)),
        ParamKind::Kind => Some(named(Field::Kind)),
        ParamKind::Priority => Some(named(Field::Priority)),
        ParamKind::Department => Some(named(Field::Department)),
        ParamKind::Text | ParamKind::Quantity(_) | ParamKind::Number | ParamKind::Duration => None,
    };
    if let Some((field, name)) = declared {
        let relation = Relation::OneOf(vec![value.clone()]);
        field::comparison(cx, (field, &name), &relation, About { tests: &[], of_result: true })?;
        return tree::word(value).map(|word| Value::Text(word.as_str().into()));
    }
    let said = match (&value.body, param.kind) {
        (ValueBody::Word(word), ParamKind::Text) => Some(Said::Word(word.as_str().into())),
        (ValueBody::Amount(amount), ParamKind::Quantity(unit)) => quantity(cx, amount, unit),
        (ValueBody::Amount(Amount::Number(number)), ParamKind::Number) => {
            Some(Said::Amount(None, wardline_rules::program::Operand::Number(*number)))
        }
        (ValueBody::Amount(Amount::Span(duration)), ParamKind::Duration) => {
            let length = duration.length();
            length.map(|length| Said::Amount(None, wardline_rules::program::Operand::Span(length)))
        }
        (ValueBody::Word(_) | ValueBody::Amount(_) | ValueBody::Truth(_), _) => None,
    };
    let found = said.and_then(|said| param.kind.value(&said));
    if found.is_none() {
        let (name, text) = (field::capital(&param.name), cx.text(value.span));
        cx.problem(Code::WL0307, value.span, format!("{name} is {}; it cannot be {text}.", sort_name(param.kind)));
    }
    found
}

/// A number is taken in the unit of the parameter, as in an example; a quantity must be of its dimension.
fn quantity(cx: &mut Context<'_>, amount: &Amount, unit: wardline_rules::unit::Unit) -> Option<Said> {
    let found = match amount {
        Amount::Number(number) => unit.quantity(*number),
        Amount::Quantity(number, written) => {
            let known = catalogue::unit(cx, written)?;
            known.quantity(*number).filter(|_| known.dimension() == unit.dimension())
        }
        Amount::Span(_) | Amount::Percent(_) => None,
    };
    found.map(|quantity| Said::Amount(None, wardline_rules::program::Operand::Quantity(quantity)))
}

/// What `missing … use` puts in place of an absent argument [COND-4].
pub(super) fn stand_ins(program: &mut Program) {
    let tests: Vec<_> = program.catalogue.tests.iter().map(|test| test.name.clone()).collect();
    let fill = |condition: &mut Condition, missing: &[Missing]| stand_in(condition, missing, &tests);
    for alert in &mut program.alerts {
        fill(&mut alert.condition, &alert.missing);
        fill(&mut alert.unless, &alert.missing);
    }
    for notice in &mut program.notices {
        fill(&mut notice.condition, &notice.missing);
        fill(&mut notice.unless, &notice.missing);
    }
    for rule in program.families.iter_mut().flat_map(|family| &mut family.rules) {
        fill(&mut rule.covers.condition, &rule.missing);
    }
}

fn stand_in(condition: &mut Condition, missing: &[Missing], tests: &[wardline_rules::Text]) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter_mut().for_each(|part| stand_in(part, missing, tests));
        }
        Condition::Atom(_) => {}
        Condition::Call(call) => {
            for argument in &mut call.arguments {
                if let Argument::Field(field, kind, instead) = argument {
                    let clause = missing.iter().find(|clause| clause.what == Missed::Field(*field));
                    *instead = clause.and_then(|clause| match &clause.then {
                        MissingThen::Use(comparison) => said(comparison, tests).and_then(|said| kind.value(&said)),
                        MissingThen::DoNotMatch | MissingThen::Match => None,
                    });
                }
            }
        }
    }
}

/// The one value that a comparison stands for.
fn said(comparison: &Comparison, tests: &[wardline_rules::Text]) -> Option<Said> {
    use wardline_rules::program::Bounds;
    let word = |word: &str| Some(Said::Word(word.into()));
    match comparison {
        Comparison::Names(_, names) => names.first().and_then(|name| word(name)),
        Comparison::Tests(_, ids) => tests.get(ids.first()?.index()).and_then(|name| word(name)),
        Comparison::Classes(_, classes) => classes.first().and_then(|class| word(class.word())),
        Comparison::Range(_, Bounds::Between(amount, _)) => Some(Said::Amount(None, *amount)),
        Comparison::Range(..)
        | Comparison::Missing
        | Comparison::Present
        | Comparison::Kinds(..)
        | Comparison::Priorities(..)
        | Comparison::States(..)
        | Comparison::Flags(..)
        | Comparison::Feeds(..) => None,
    }
}

/// The functions that conditions ask, in words.
pub(super) fn asked(conditions: &[Condition]) -> String {
    let mut names: Vec<&str> = conditions.iter().flat_map(Condition::calls).map(|call| call.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" and ")
}
