//! Standard: which steps, states and flags does the edition know, and who may have them?
//!
//! A step is written as `subject is step`; trade words are their step and their kinds at once [CAT-1].
//! - **How it fits**: `moments` looks up sentences here, suggestions come from here.
//! - **Source**: language page, sections 4.1 and 4.2.

use wardline_rules::program::Happening;
use wardline_rules::words::{Flag, FlagWord, KindSet, State, StateSet, Step, WardKind};

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest;
use crate::syntax::moment::Subject;

/// What a sentence `subject is word` means.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepForm {
    pub(super) subjects: &'static [Subject],
    pub(super) word: &'static str,
    step: Reached,
    trade: Trade,
}

#[derive(Clone, Copy, Debug)]
enum Reached {
    Step(Step),
    Recollected,
}

/// Which kinds a word narrows a report to.
#[derive(Clone, Copy, Debug)]
enum Trade {
    All,
    Lab,
    Pathology,
    Others,
}

const fn form(subjects: &'static [Subject], word: &'static str, step: Step) -> StepForm {
    StepForm { subjects, word, step: Reached::Step(step), trade: Trade::All }
}

const fn trade(subjects: &'static [Subject], word: &'static str, step: Step, trade: Trade) -> StepForm {
    StepForm { subjects, word, step: Reached::Step(step), trade }
}

use Subject::{Analysis, Exam, Order, Patient, Report, Result as ResultOf, Specimen};

/// Every sentence of the standard catalogue.
pub(super) const STEPS: &[StepForm] = &[
    form(&[Order], "placed", Step::Ordered),
    form(&[Order], "accepted", Step::Accepted),
    form(&[Exam, Order], "scheduled", Step::Scheduled),
    form(&[Patient], "arrived", Step::Arrived),
    form(&[Specimen], "collected", Step::Collected),
    StepForm { subjects: &[Specimen], word: "recollected", step: Reached::Recollected, trade: Trade::All },
    form(&[Exam], "started", Step::ExamStarted),
    form(&[Specimen], "sent", Step::InTransit),
    form(&[Specimen], "received", Step::Received),
    trade(&[Specimen], "accessioned", Step::Received, Trade::Pathology),
    form(&[Exam], "completed", Step::ExamEnded),
    form(&[Analysis], "started", Step::InProcess),
    form(&[Analysis], "completed", Step::Analysed),
    form(&[Report], "dictated", Step::Dictated),
    form(&[Report], "transcribed", Step::Transcribed),
    form(&[Report, ResultOf], "partly issued", Step::Partial),
    form(&[Report, ResultOf], "issued early", Step::Preliminary),
    form(&[Report, ResultOf], "finalised", Step::Final),
    trade(&[Report, ResultOf], "verified", Step::Final, Trade::Lab),
    trade(&[Report, ResultOf], "signed out", Step::Final, Trade::Pathology),
    trade(&[Report, ResultOf], "signed", Step::Final, Trade::Others),
    form(&[Report, ResultOf], "corrected", Step::Corrected),
    form(&[Report], "amended", Step::Amended),
    form(&[Report], "appended", Step::Appended),
    form(&[Report], "delivered", Step::Delivered),
    form(&[Report], "reviewed", Step::Reviewed),
    form(&[ResultOf], "acknowledged", Step::Acknowledged),
    form(&[Report], "released to the portal", Step::Released),
    form(&[Patient], "notified", Step::PatientNotified),
    form(&[Report], "viewed by the patient", Step::PatientViewed),
    form(&[Order], "cancelled", Step::Cancelled),
    form(&[Report], "entered in error", Step::EnteredInError),
    form(&[Specimen], "rejected", Step::Recollect),
];

impl StepForm {
    pub(super) fn happening(&self) -> Happening {
        match self.step {
            Reached::Step(step) => Happening::Step(step),
            Reached::Recollected => Happening::Recollected,
        }
    }

    /// The step of a milestone; a recollection's is its collection.
    pub(super) fn step(&self) -> Step {
        match self.step {
            Reached::Step(step) => step,
            Reached::Recollected => Step::Collected,
        }
    }

    /// The kinds the word speaks of.
    pub(super) fn kinds(&self) -> KindSet {
        let pathology = KindSet::of(WardKind::Pathology).or(KindSet::of(WardKind::Genetics));
        match self.trade {
            Trade::All => KindSet::ALL,
            Trade::Lab => KindSet::LAB,
            Trade::Pathology => pathology,
            Trade::Others => without(KindSet::ALL, KindSet::LAB.or(pathology)),
        }
    }
}

/// The form of a sentence.
pub(super) fn step(subject: Subject, word: &str) -> Option<&'static StepForm> {
    STEPS.iter().find(|form| form.word == word && form.subjects.contains(&subject))
}

/// The kinds of one set that are not in another.
pub(super) fn without(kinds: KindSet, less: KindSet) -> KindSet {
    kinds.iter().filter(|kind| !less.has(*kind)).fold(KindSet::NONE, |set, kind| set.or(KindSet::of(kind)))
}

/// The word of a final report of a kind: verified, signed out, signed.
pub(super) fn final_word(kind: WardKind) -> &'static str {
    let finals =
        STEPS.iter().filter(|form| matches!(form.step, Reached::Step(Step::Final)) && form.word != "finalised");
    finals.into_iter().find(|form| form.kinds().has(kind)).map_or("finalised", |form| form.word)
}

/// The words of kinds: a group where all its members are there.
pub(super) fn kind_words(kinds: KindSet) -> String {
    if kinds == KindSet::ALL {
        return "any kind".to_owned();
    }
    let mut rest = kinds;
    let mut words: Vec<&str> = Vec::new();
    for (group, word) in [(KindSet::LAB, "lab"), (KindSet::IMAGING, "imaging")] {
        if rest.and(group) == group {
            words.push(word);
            rest = without(rest, group);
        }
    }
    words.extend(rest.iter().map(WardKind::name));
    words.join(", ")
}

/// The state of a word: `None` if it is none.
pub(super) fn state(word: &str) -> Option<StateSet> {
    StateSet::from_word(word)
}

/// The flag of a report that a word names, besides the ward's own.
pub(super) fn report_flag(word: &str) -> Option<FlagWord> {
    FlagWord::from_word(word).filter(|flag| !is_patient_flag(flag))
}

/// The flag of a patient that a word names.
pub(super) fn patient_flag(word: &str) -> Option<FlagWord> {
    FlagWord::from_word(word).filter(is_patient_flag)
}

fn is_patient_flag(flag: &FlagWord) -> bool {
    matches!(flag, FlagWord::Report(Flag::NoPortal | Flag::Deceased))
}

/// Words of all states.
pub(super) fn state_words() -> impl Iterator<Item = &'static str> {
    State::ALL.iter().map(|state| state.name()).chain(["open"])
}

/// Words of the report flags every installation knows, those of results included.
pub(super) fn flag_words() -> impl Iterator<Item = &'static str> {
    const OF_RESULTS: [&str; 5] = ["low", "high", "critical low", "critical high", "critical abnormal"];
    let patient = [Flag::NoPortal, Flag::Deceased];
    Flag::ALL.iter().filter(move |flag| !patient.contains(flag)).map(|flag| flag.word()).chain(OF_RESULTS)
}

/// Offers the zone that was meant, from a list of those that hospitals write most.
pub(super) fn suggest_zone(found: Diagnostic, name: &str, span: Span) -> Diagnostic {
    const OFTEN: &[&str] = &[
        "UTC",
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "Pacific/Honolulu",
        "America/Toronto",
        "America/Vancouver",
        "America/Halifax",
        "America/Mexico_City",
        "America/Sao_Paulo",
        "Europe/London",
        "Europe/Dublin",
        "Europe/Lisbon",
        "Europe/Madrid",
        "Europe/Paris",
        "Europe/Brussels",
        "Europe/Amsterdam",
        "Europe/Berlin",
        "Europe/Zurich",
        "Europe/Vienna",
        "Europe/Rome",
        "Europe/Copenhagen",
        "Europe/Oslo",
        "Europe/Stockholm",
        "Europe/Helsinki",
        "Europe/Warsaw",
        "Europe/Prague",
        "Europe/Athens",
        "Asia/Dubai",
        "Asia/Kolkata",
        "Asia/Singapore",
        "Asia/Tokyo",
        "Asia/Seoul",
        "Australia/Perth",
        "Australia/Brisbane",
        "Australia/Sydney",
        "Pacific/Auckland",
        "Africa/Johannesburg",
    ];
    match suggest::nearest(name, OFTEN.iter().copied()) {
        Some(near) => found.replace(format!("Did you mean {near}? Change it to:"), span, near),
        None => found.because("Zones are written as the IANA names them, such as America/Chicago."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trade_words_are_their_step_and_their_kinds() {
        let signed = step(Report, "signed").unwrap();
        assert!(signed.kinds().has(WardKind::Radiology) && !signed.kinds().has(WardKind::Microbiology));
        assert_eq!(final_word(WardKind::Pathology), "signed out");
        assert_eq!(final_word(WardKind::GeneralLab), "verified");
        assert!(step(Specimen, "verified").is_none());
    }

    #[test]
    fn no_word_is_both_step_and_state() {
        for form in STEPS {
            assert_eq!(state(form.word), None, "{}", form.word);
        }
    }
}
