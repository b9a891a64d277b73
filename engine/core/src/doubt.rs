//! Doubt: what did a rule decide without knowing, and was that said?
//!
//! Every use of a `missing` clause is a data-quality row [COND-5]. A rule is read again with every piece of news, so a use
//! is said when what it is about is heard of: the moment, the start, the begin of a period or a state, the measured step.
//! And it is said when something comes of it later. Either way once in a batch for each report, rule and field.
//!
//! - **Not here**: deciding (`wardline_rules::evaluate`).

use wardline_rules::{
    Text,
    evaluate::{FieldSet, Match},
    quality::Fault,
};

use crate::{dictionary::Coded, output::Output, output::QualityRow, partition::Partition};

/// What `missing` clauses decided about in one reading of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Doubt {
    pub(crate) fields: FieldSet,
    /// Scripts, as `missing` names them.
    pub(crate) scripts: Vec<Text>,
}

impl Doubt {
    /// Adds what one reading of a condition was in doubt about.
    pub(crate) fn add(&mut self, found: &Match) {
        found.missing_used.iter().for_each(|field| self.fields.add(field));
        self.scripts.extend(found.scripts_used.iter().map(|name| Text::from(format!("{name}()"))));
    }
}

/// Something said in the batch that runs: of which rule, about the report of which birth, and which field.
pub(crate) type SaidDoubt = (Coded, u64, Text);

impl Partition {
    /// Rows for what a rule decided about a report without knowing.
    pub(crate) fn say_doubt(&mut self, (rule, report): (Coded, u64), doubt: &Doubt, out: &mut Output) {
        let fields = doubt.fields.iter().map(|field| Text::const_new(field.word()));
        for field in fields.chain(doubt.scripts.iter().cloned()) {
            self.say_once((rule, report, field), Fault::MissingUsed, out);
        }
    }

    /// A row about a rule on a report, unless this batch has it already.
    pub(crate) fn say_once(&mut self, said: SaidDoubt, fault: Fault, out: &mut Output) {
        if self.doubts.contains(&said) {
            return;
        }
        let rule = Text::from(self.dictionary.text(said.0));
        out.quality.push(QualityRow { at: self.at, source: Text::default(), fault, rule, field: said.2.clone() });
        self.doubts.insert(said);
    }
}
