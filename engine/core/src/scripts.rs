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
    program::{Alert, Call, Missed, MissingThen, Moment},
    quality,
    script::{Fault, Value, occasion::Effect},
    time::Timestamp,
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

/// Whether the script of an alert that matches wants it raised, and whether `missing decision` had to say so.
pub(crate) fn decide(
    view: &View<'_>,
    (alert, place): (&Alert, u32),
    (moment, heard): (&Moment, Timestamp),
) -> (bool, bool) {
    let Some(script) = &alert.decide else { return (true, false) };
    let which = Which::Decision(place);
    let scripts = view.from.scripts;
    if !scripts.is_out(which) {
        match script.decide(&occasion::occasion(view, (moment, heard), script)) {
            Ok(effects) => {
                return (effects.contains(&Effect::Raise) && !effects.contains(&Effect::Withdraw), false);
            }
            Err(fault) => scripts.put_out(which, fault),
        }
    }
    let clause = alert.missing.iter().find(|clause| clause.what == Missed::Decision);
    (clause.is_some_and(|clause| clause.then == MissingThen::Match), true)
}

impl Partition {
    /// A row for each script that went out: which, and what stopped it.
    pub(crate) fn tell_of_scripts(&mut self, out: &mut Output) {
        for ward in &self.wards {
            for (which, fault) in ward.scripts.news() {
                let rule = match which {
                    Which::Function(place) => {
                        let function = ward.program.functions.get(place as usize);
                        function.map(|function| Text::from(format!("function/{}", function.name)))
                    }
                    Which::Decision(place) => {
                        ward.program.alerts.get(place as usize).map(|alert| alert.head.id.clone())
                    }
                };
                out.quality.push(QualityRow {
                    at: self.at,
                    source: Text::default(),
                    fault: quality::Fault::ScriptFault,
                    rule: rule.unwrap_or_default(),
                    field: Text::const_new(fault.name()),
                });
            }
        }
    }
}
