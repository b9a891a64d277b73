//! Scripts: which scripts of a ward are out, and who hears of it?
//!
//! A script that faults is not asked again until the next activation: what it would say is unknown, and `missing` decides
//! [RHAI-5]. It goes out where it is asked, in the middle of an evaluation that changes nothing else; the rows that say so
//! are written when the inputs of the instant are done.
//!
//! - **Not here**: running a script (`wardline_rules::script`).

mod occasion;

use std::cell::{Cell, RefCell};

use wardline_rules::{
    Text,
    program::{Alert, Call, Moment, Program},
    quality,
    script::{Fault, Value, occasion::Effect},
    time::Timestamp,
    words::Channel,
};

use crate::{
    output::{Output, QualityRow},
    partition::Partition,
    view::{Sources, View},
};

/// Which script of a ward: the place of its function, or of the alert that it decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    Function(u32),
    Decision(u32),
}

/// The scripts of one ward that faulted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripts {
    /// Which, and what stopped it.
    out: RefCell<Vec<(Which, Fault)>>,
    /// How many of them rows were written about.
    told: Cell<usize>,
}

impl Scripts {
    /// Those that were out when a checkpoint was made.
    pub(crate) fn restored(out: Vec<(Which, Fault)>) -> Self {
        Self { told: Cell::new(out.len()), out: RefCell::new(out) }
    }

    /// What is out, in order of when it went out.
    pub(crate) fn out(&self) -> Vec<(Which, Fault)> {
        self.out.borrow().clone()
    }

    fn is_out(&self, which: Which) -> bool {
        self.out.borrow().iter().any(|(known, _)| *known == which)
    }

    fn put_out(&self, which: Which, fault: Fault) {
        self.out.borrow_mut().push((which, fault));
    }

    /// What went out since the last call.
    fn news(&self) -> Vec<(Which, Fault)> {
        let out = self.out.borrow();
        let news = out.get(self.told.get()..).unwrap_or_default().to_vec();
        self.told.set(out.len());
        news
    }
}

/// Asks a script for one of a rule's conditions; `None` if it is out, or faults now.
pub(crate) fn ask(from: &Sources<'_>, call: &Call, arguments: &[Value]) -> Option<Value> {
    let which = Which::Function(call.function.0);
    if from.scripts.is_out(which) {
        return None;
    }
    let function = from.program.functions.get(call.function.index())?;
    let given = function.script.run(arguments);
    let given = given.and_then(|value| match (&value, function.gives_truth) {
        (Value::Truth(_), true) | (Value::Whole(_) | Value::Number(_), false) => Ok(value),
        (Value::Truth(_) | Value::Whole(_) | Value::Number(_) | Value::Text(_), _) => Err(Fault::Type),
    });
    given.map_err(|fault| from.scripts.put_out(which, fault)).ok()
}

/// What a deciding script is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// A moment of its rule, and when it was heard of.
    Moment(&'a Moment, Timestamp),
    /// A private clock of its own is due.
    Clock(&'a Text),
}

/// What the script of an alert that matches wants; `None` if it is out, or faults now.
pub(crate) fn decide(view: &View<'_>, (alert, place): (&Alert, u32), asked: Asked<'_>) -> Option<Vec<Effect>> {
    let script = alert.decide.as_ref()?;
    let which = Which::Decision(place);
    let scripts = view.from.scripts;
    if scripts.is_out(which) {
        return None;
    }
    let effects = script.decide(&occasion::occasion(view, asked, script));
    let effects = effects.and_then(|effects| {
        effects.iter().try_for_each(|effect| can_be_done(view.from.program, effect)).map(|()| effects)
    });
    effects.map_err(|fault| scripts.put_out(which, fault)).ok()
}

/// Whether there is whom and what an effect names.
fn can_be_done(program: &Program, effect: &Effect) -> Result<(), Fault> {
    let longest = wardline_rules::limits::TARGET_DAYS_MAX * 24 * 60;
    match effect {
        Effect::Raise | Effect::Withdraw | Effect::Stop(_) => Ok(()),
        Effect::Page(who, by) | Effect::Tell(who, by) => {
            let is_known = program.who(who).is_some() && Channel::from_word(by).is_some();
            is_known.then_some(()).ok_or(Fault::Unknown)
        }
        Effect::Start(_, minutes, _) if !(1..=longest).contains(minutes) => Err(Fault::Number),
        Effect::Start(_, _, calendar) => {
            let is_known = calendar.as_ref().is_none_or(|name| program.calendars.iter().any(|it| it.name == *name));
            is_known.then_some(()).ok_or(Fault::Unknown)
        }
    }
}

impl Partition {
    /// A row for each script that went out, which and what stopped it, and a page to Operations [RHAI-5].
    pub(crate) fn tell_of_scripts(&mut self, out: &mut Output) {
        let news = (0_u32..).zip(&self.wards).flat_map(|(place, ward)| {
            let news = ward.scripts.news();
            news.into_iter().map(move |(which, fault)| (place, which, fault))
        });
        let news: Vec<(u32, Which, Fault)> = news.collect();
        for (ward, which, fault) in news {
            let Some((rule, name)) = self.named(ward, which) else { continue };
            out.quality.push(QualityRow {
                at: self.at,
                source: Text::default(),
                fault: quality::Fault::ScriptFault,
                rule,
                field: Text::const_new(fault.name()),
            });
            self.page_about_script(ward, (which, &name), out);
        }
    }

    /// The id of the rule or function that a script belongs to, and its name.
    fn named(&self, ward: u32, which: Which) -> Option<(Text, Text)> {
        let program = &self.wards.get(ward as usize)?.program;
        match which {
            Which::Function(place) => {
                let name = program.functions.get(place as usize)?.name.clone();
                Some((Text::from(format!("function/{name}")), name))
            }
            Which::Decision(place) => {
                let head = &program.alerts.get(place as usize)?.head;
                Some((head.id.clone(), head.name.clone()))
            }
        }
    }
}
