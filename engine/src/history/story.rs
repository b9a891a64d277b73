//! Story: what happened to one report, by which rule, and why?
//!
//! Every batch of the log through `step` again; what it said about the report is kept, rule by rule, in log order. Rules of the
//! active ward that said nothing are named at the end.
//!
//! - **LIMIT**: `STORY_LINES_MAX` lines; beyond it the story says that it goes on.
//! - **Not here**: by how little a silent rule missed; what happened before the log begins.
//! - **Source**: language page 7.5.

use std::collections::BTreeSet;

use wardline_core::{
    Partition,
    ids::ReportId,
    output::{Change, Transition},
};
use wardline_rules::{Text, time::Timestamp};
use wardline_store::disk::Disk;

use super::{Error, History};
use crate::{drivers::replay::line, limits::STORY_LINES_MAX, ward};

/// All that is known about why.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Story {
    /// The record whose state the story begins with; 0 for the beginning.
    pub from: u64,
    /// Whether the report is known at the end.
    pub is_known: bool,
    /// What each rule did, in the order in which they began.
    pub chapters: Vec<Chapter>,
    /// Rules of the active ward that never said anything about it.
    pub silent: Vec<Text>,
    /// Whether lines were left out.
    pub is_cut: bool,
}

/// What one rule did in one generation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chapter {
    /// Rule id: `alert/Critical potassium`.
    pub rule: Text,
    /// The generation of its alert; 0 for a clock.
    pub generation: u32,
    /// What happened, with log times.
    pub lines: Vec<(Timestamp, String)>,
}

impl<D: Disk> History<D> {
    /// What happened to one report and why.
    ///
    /// # Errors
    /// [`Error`].
    pub fn story(&self, through: u64, report: ReportId) -> Result<Story, Error> {
        let mut story = Story::default();
        let mut count = 0;
        let mut packed = Vec::new();
        let mut is_begun = false;
        let done = self.replay::<Partition>(through, |turn| {
            for transition in turn.output.transitions.iter().filter(|transition| transition.report == Some(report)) {
                count += 1;
                story.is_cut |= count > STORY_LINES_MAX;
                if !story.is_cut {
                    story.tell(transition);
                }
            }
            // The one of the checkpoint that the log begins behind, then each that is activated.
            let is_first = !core::mem::replace(&mut is_begun, true);
            if is_first || turn.batch.inputs.iter().any(is_activation) {
                packed = turn.kernel.active_ward().map(|ward| ward.text.to_vec()).unwrap_or_default();
            }
            story.is_known = turn.kernel.report_by_id(report).is_some();
        })?;
        story.from = done.from;
        story.silent = silent(&packed, &story.chapters);
        Ok(story)
    }
}

const fn is_activation(input: &wardline_core::Input) -> bool {
    matches!(input, wardline_core::Input::Activate(_))
}

/// The rules of a packed ward that no chapter is about.
fn silent(packed: &[u8], chapters: &[Chapter]) -> Vec<Text> {
    let Some(program) = ward::compile(packed) else { return Vec::new() };
    let heard: BTreeSet<&str> = chapters.iter().map(|chapter| chapter.rule.as_str()).collect();
    let alerts = program.alerts.iter().map(|alert| format!("alert/{}", alert.head.name));
    let rules = program.families.iter().flat_map(|family| &family.rules).map(|rule| format!("sla/{}", rule.head.name));
    alerts.chain(rules).filter(|id| !heard.contains(id.as_str())).map(|id| Text::from(&id)).collect()
}

impl Story {
    fn tell(&mut self, transition: &Transition) {
        let line = (transition.at, said(transition));
        let is_same =
            |chapter: &&mut Chapter| chapter.rule == transition.rule && chapter.generation == transition.generation;
        match self.chapters.iter_mut().find(is_same) {
            Some(chapter) => chapter.lines.push(line),
            None => self.chapters.push(Chapter {
                rule: transition.rule.clone(),
                generation: transition.generation,
                lines: vec![line],
            }),
        }
    }
}

fn said(transition: &Transition) -> String {
    match &transition.change {
        Change::Clock(state, reading) => {
            let due = if reading.due == Timestamp::MAX { String::new() } else { format!(", due {}", reading.due) };
            format!("clock {}, started {}{due}", state.word(), reading.started)
        }
        Change::Alert(state, why) if why.is_empty() => state.word().to_owned(),
        Change::Alert(state, why) => format!("{}: {why}", state.word()),
        Change::Notice(state, head) => {
            format!("{} by {} (step {}): {}", line::recipient(head), head.channel.word(), head.step, state.word())
        }
    }
}
