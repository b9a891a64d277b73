//! Needs: which steps must a report have seen before a rule can say anything of it?
//!
//! A clock that starts "when the specimen is received" has nothing to say of a report whose specimen was not. Most news of a
//! report comes before the first moment of most rules that could match it; asking those again would find nothing each time.
//!
//! - **Not here**: rules found by what a report says ([`super`]); rules that already run on a report, they are always asked.

use wardline_rules::{
    program::{Alert, Family, Happening, Moment, Notice, Subject, Trigger},
    words::Step,
};

/// A set of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Steps(u32);

impl Steps {
    /// Every step, known or not: what begins otherwise than with a step.
    pub(crate) const ANY: Self = Self(u32::MAX);

    pub(crate) fn with(self, step: Step) -> Self {
        Self(self.0 | 1_u32.checked_shl(u32::from(step.index())).unwrap_or(u32::MAX))
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both have a step; nothing is ruled out for [`Self::ANY`].
    pub(crate) const fn meets(self, seen: Self) -> bool {
        self.0 == Self::ANY.0 || self.0 & seen.0 != 0
    }
}

/// The steps of which one must be there before a clock of the family can start.
pub(crate) fn of_family(family: &Family) -> Steps {
    family.rules.iter().flat_map(|rule| &rule.starts).map(of_moment).fold(Steps::default(), Steps::or)
}

/// The steps of which one must be there before the alert can be raised, or begin to wait.
pub(crate) fn of_alert(alert: &Alert) -> Steps {
    let moments = match &alert.trigger {
        // A result is there with any step that carries it.
        Trigger::When(_) if alert.subject() == Subject::Result => return Steps::ANY,
        Trigger::When(moments) => moments,
        Trigger::Absence(absence) => &absence.after,
        // A state may hold without any step, and what leaves a count or a window must be asked, too.
        Trigger::While(_) | Trigger::Window(_) => return Steps::ANY,
    };
    moments.iter().map(of_moment).fold(Steps::default(), Steps::or)
}

/// The steps of which one must be there before there is something to tell the patient.
pub(crate) fn of_notice(notice: &Notice) -> Steps {
    notice.when.iter().map(of_moment).fold(Steps::default(), Steps::or)
}

fn of_moment(moment: &Moment) -> Steps {
    match &moment.happening {
        // A change of a final report is a finalisation, too [ALERT-3].
        Happening::Step(Step::Final) => [Step::Final, Step::Corrected, Step::Amended, Step::Appended]
            .into_iter()
            .fold(Steps::default(), Steps::with),
        Happening::Step(step) => Steps::default().with(*step),
        Happening::Recollected => Steps::default().with(Step::Collected),
        Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_) => Steps::ANY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_met_by_itself_alone_and_anything_by_nothing() {
        let needed = Steps::default().with(Step::Received);
        let seen = Steps::default().with(Step::Ordered).with(Step::Collected);
        assert!(!needed.meets(seen));
        assert!(needed.meets(seen.with(Step::Received)));
        assert!(Steps::ANY.meets(Steps::default()));
        assert!(!Steps::default().meets(seen), "a rule without any moment never begins");
    }
}
