//! Said: what does an event tell beyond who, what, when and where?
//!
//! Findings with their flags and results, reasons, channels, answers, changes of place.
//! - **How it fits**: the end of each line the pen writes.
//! - **Not here**: identifiers, times, places.

use super::{Sheet, decimal, number, text};
use crate::life::{Act, Fact, Finding, Flag, Mark, Value};
use crate::vocabulary::{Kind, Step};

impl Sheet<'_> {
    /// What the event says beyond who, what, when and where.
    pub(super) fn said(&self, line: &mut Vec<u8>) {
        match self.moment.fact {
            Fact::Step(Step::Ordered | Step::Accepted) => self.ordering(line),
            Fact::Step(Step::Preliminary) if self.report.preliminary_tells => {
                self.finding(&self.report.findings[0], "preliminary", line)
            }
            Fact::Step(Step::Final) => {
                self.ordering(line);
                self.finding(&self.report.findings[0], "final", line);
            }
            Fact::Step(Step::Corrected) => self.change("corrected", line),
            Fact::Step(Step::Amended) => self.change("amended", line),
            Fact::Step(Step::Appended) => self.change("appended", line),
            Fact::Step(Step::Cancelled) => text(line, "reason", "duplicate_order"),
            Fact::Step(Step::Recollect) => text(line, "reason", "haemolysed"),
            Fact::Step(Step::PatientNotified) => text(line, "channel", "app_push"),
            Fact::Step(Step::PatientViewed | Step::Released) if self.is_full => text(line, "channel", "portal"),
            Fact::Step(_) | Fact::Merged => {}
            Fact::Moved => self.moved(line),
            Fact::WaitBegun => line.extend_from_slice(b",\"flags\":[\"wait.special_stain\"]"),
            Fact::WaitEnded => line.extend_from_slice(b",\"flags_off\":[\"wait.special_stain\"]"),
            Fact::Answer(act) => self.answer(act, line),
        }
    }

    fn ordering(&self, line: &mut Vec<u8>) {
        if self.is_full {
            line.extend_from_slice(b",\"people\":[{\"role\":\"ordering\",\"token\":\"pr_");
            line.extend_from_slice(&self.tokens.clinician);
            line.extend_from_slice(b"\"}]");
        }
    }

    /// A bed moves to another ward; elsewhere the bench changes.
    fn moved(&self, line: &mut Vec<u8>) {
        if !self.is_in_house() {
            line.extend_from_slice(b",\"attributes\":{\"bench\":\"B");
            number(line, self.group.locations[1].into());
            line.extend_from_slice(b"\"}");
        }
    }

    /// The benchmark says only what is critical; all others say everything.
    fn finding(&self, finding: &Finding, status: &str, line: &mut Vec<u8>) {
        if !self.is_full && !finding.is_critical() {
            return;
        }
        flags(line, finding);
        self.results(finding, status, line);
    }

    fn change(&self, status: &str, line: &mut Vec<u8>) {
        let [first, second] = &self.report.findings;
        if self.report.kind == Kind::Lab {
            text(line, "reason", "specimen_mixup");
        }
        flags(line, second);
        if first.is_critical() && !second.is_critical() {
            line.extend_from_slice(b",\"flags_off\":[\"critical\"]");
        }
        self.results(second, status, line);
    }

    fn results(&self, finding: &Finding, status: &str, line: &mut Vec<u8>) {
        line.extend_from_slice(b",\"results\":[{\"code\":\"");
        line.extend_from_slice(self.world.offers(self.report.kind).tests[self.report.offer].code.as_bytes());
        line.push(b'"');
        match finding.value {
            Value::Narrative => line.extend_from_slice(b",\"narrative\":true"),
            Value::Word { word, mark } => {
                text(line, "text", word);
                abnormal(line, mark);
            }
            Value::Number { scaled, mark } => self.number_with_limits(scaled, mark, line),
        }
        if finding.is_critical() && finding.value == Value::Narrative {
            line.extend_from_slice(b",\"critical\":true");
        }
        text(line, "status", status);
        line.extend_from_slice(b"}]");
    }

    fn number_with_limits(&self, scaled: i64, mark: Mark, line: &mut Vec<u8>) {
        let test = &self.world.lab[self.report.offer];
        line.extend_from_slice(b",\"num\":");
        decimal(line, scaled, test.digits);
        text(line, "unit", &test.unit);
        if self.is_full {
            let power = libm::pow(10.0, f64::from(test.digits));
            for (key, limit) in [(",\"ref_low\":", test.range[0]), (",\"ref_high\":", test.range[1])] {
                line.extend_from_slice(key.as_bytes());
                decimal(line, crate::draw::whole(limit * power + 0.5), test.digits);
            }
        }
        abnormal(line, mark);
    }

    fn answer(&self, act: Act, line: &mut Vec<u8>) {
        line.extend_from_slice(b",\"channel\":\"phone\",\"answer\":{\"act\":\"");
        line.extend_from_slice(match act {
            Act::ReadBack => b"read_back",
            Act::Declined => b"declined".as_slice(),
        });
        line.extend_from_slice(b"\",\"by\":{\"token\":\"pr_");
        line.extend_from_slice(&self.tokens.clinician);
        line.extend_from_slice(b"\",\"licence\":\"physician\"}");
        let finding = self.report.findings.iter().find(|finding| finding.is_critical());
        if let (Act::ReadBack, Some(Finding { value: Value::Number { scaled, .. }, .. })) = (act, finding) {
            let test = &self.world.lab[self.report.offer];
            line.extend_from_slice(b",\"value\":");
            decimal(line, *scaled, test.digits);
            text(line, "unit", &test.unit);
        }
        line.push(b'}');
    }
}

fn flags(line: &mut Vec<u8>, finding: &Finding) {
    let flag = match finding.flag {
        Flag::Plain => return,
        Flag::Critical => "critical",
        Flag::Urgent => "finding_urgent",
        Flag::FollowUp => "finding_followup",
    };
    line.extend_from_slice(b",\"flags\":[\"");
    line.extend_from_slice(flag.as_bytes());
    line.extend_from_slice(b"\"]");
}

fn abnormal(line: &mut Vec<u8>, mark: Mark) {
    line.extend_from_slice(b",\"abnormal\":[\"");
    line.extend_from_slice(mark.code().as_bytes());
    line.extend_from_slice(b"\"]");
}
