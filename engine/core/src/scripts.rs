//! Scripts: which scripts of a ward are out, and who hears of it?
//!
//! A script that faults is not asked again until the next activation: what it would say is unknown, and `missing` decides
//! [RHAI-5]. It goes out where it is asked, in the middle of an evaluation that changes nothing else; the rows that say so
//! are written when the inputs of the instant are done.
//!
//! - **Not here**: running a script (`wardline_rules::script`).

use std::cell::{Cell, RefCell};

use wardline_rules::{
    Text,
    program::{Call, FunctionId},
    quality,
    script::{Fault, Value},
};

use crate::{
    output::{Output, QualityRow},
    partition::Partition,
    view::Sources,
};

/// The scripts of one ward that faulted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripts {
    /// By function, what stopped it.
    out: RefCell<Vec<(FunctionId, Fault)>>,
    /// How many of them rows were written about.
    told: Cell<usize>,
}

impl Scripts {
    /// Those that were out when a checkpoint was made.
    pub(crate) fn restored(out: Vec<(FunctionId, Fault)>) -> Self {
        Self { told: Cell::new(out.len()), out: RefCell::new(out) }
    }

    /// What is out, in order of when it went out.
    pub(crate) fn out(&self) -> Vec<(FunctionId, Fault)> {
        self.out.borrow().clone()
    }

    fn is_out(&self, function: FunctionId) -> bool {
        self.out.borrow().iter().any(|(known, _)| *known == function)
    }

    fn put_out(&self, function: FunctionId, fault: Fault) {
        self.out.borrow_mut().push((function, fault));
    }

    /// What went out since the last call.
    fn news(&self) -> Vec<(FunctionId, Fault)> {
        let out = self.out.borrow();
        let news = out.get(self.told.get()..).unwrap_or_default().to_vec();
        self.told.set(out.len());
        news
    }
}

/// Asks a script for one of a rule's conditions; `None` if it is out, or faults now.
pub(crate) fn ask(from: &Sources<'_>, call: &Call, arguments: &[Value]) -> Option<Value> {
    if from.scripts.is_out(call.function) {
        return None;
    }
    let function = from.program.functions.get(call.function.index())?;
    let given = function.script.run(arguments);
    let given = given.and_then(|value| match (&value, function.gives_truth) {
        (Value::Truth(_), true) | (Value::Whole(_) | Value::Number(_), false) => Ok(value),
        (Value::Truth(_) | Value::Whole(_) | Value::Number(_) | Value::Text(_), _) => Err(Fault::Type),
    });
    given.map_err(|fault| from.scripts.put_out(call.function, fault)).ok()
}

impl Partition {
    /// A row for each script that went out: which, and what stopped it.
    pub(crate) fn tell_of_scripts(&mut self, out: &mut Output) {
        for ward in &self.wards {
            for (function, fault) in ward.scripts.news() {
                let name = ward.program.functions.get(function.index()).map(|function| function.name.as_str());
                out.quality.push(QualityRow {
                    at: self.at,
                    source: Text::default(),
                    fault: quality::Fault::ScriptFault,
                    rule: Text::from(format!("function/{}", name.unwrap_or_default())),
                    field: Text::const_new(fault.name()),
                });
            }
        }
    }
}
