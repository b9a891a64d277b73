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

/// The modalities of the edition, and what they are.
pub(crate) const MODALITIES: &[(&str, &str)] = &[
    ("CT", "Computed tomography."),
    ("MR", "Magnetic resonance."),
    ("US", "Ultrasound."),
    ("XR", "Plain X-ray."),
    ("MG", "Mammography."),
    ("NM", "Nuclear medicine."),
    ("PT", "Positron emission tomography."),
    ("RF", "Fluoroscopy."),
    ("XA", "Angiography."),
];

/// What a sentence `subject is word` means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepForm {
    pub(crate) subjects: &'static [Subject],
    pub(crate) word: &'static str,
    /// What has happened, for people.
    pub(crate) meaning: &'static str,
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

const fn form(subjects: &'static [Subject], word: &'static str, step: Step, meaning: &'static str) -> StepForm {
    StepForm { subjects, word, step: Reached::Step(step), trade: Trade::All, meaning }
}

const fn trade(
    subjects: &'static [Subject],
    word: &'static str,
    step: Step,
    trade: Trade,
    meaning: &'static str,
) -> StepForm {
    StepForm { subjects, word, step: Reached::Step(step), trade, meaning }
}

use Subject::{Analysis, Exam, Order, Patient, Report, Result as ResultOf, Specimen};

/// Every sentence of the standard catalogue.
pub(crate) const STEPS: &[StepForm] = &[
    form(&[Order], "placed", Step::Ordered, "Somebody has ordered it."),
    form(&[Order], "accepted", Step::Accepted, "The department that will do it has accepted the order."),
    form(&[Exam, Order], "scheduled", Step::Scheduled, "It has an appointment."),
    form(&[Patient], "arrived", Step::Arrived, "The patient is at the place of the exam."),
    form(&[Specimen], "collected", Step::Collected, "The specimen has been taken."),
    StepForm {
        subjects: &[Specimen],
        word: "recollected",
        step: Reached::Recollected,
        trade: Trade::All,
        meaning: "A new specimen has been taken after the first was rejected.",
    },
    form(&[Exam], "started", Step::ExamStarted, "The exam has begun."),
    form(&[Specimen], "sent", Step::InTransit, "The specimen has left for the laboratory."),
    form(&[Specimen], "received", Step::Received, "The specimen has arrived where it is analysed."),
    trade(&[Specimen], "accessioned", Step::Received, Trade::Pathology, "The specimen has been received and numbered."),
    form(&[Exam], "completed", Step::ExamEnded, "The exam is over; nobody has read it yet."),
    form(&[Analysis], "started", Step::InProcess, "Work on the specimen has begun."),
    form(&[Analysis], "completed", Step::Analysed, "The analysis is done; nobody has verified it yet."),
    form(&[Report], "dictated", Step::Dictated, "The report has been dictated."),
    form(&[Report], "transcribed", Step::Transcribed, "The dictation has been written down."),
    form(&[Report, ResultOf], "partly issued", Step::Partial, "Some of the results are out, others will follow."),
    form(&[Report, ResultOf], "issued early", Step::Preliminary, "A preliminary report is out."),
    form(&[Report, ResultOf], "finalised", Step::Final, "The final report is out, of any kind."),
    trade(&[Report, ResultOf], "verified", Step::Final, Trade::Lab, "The final report is out; the laboratory's word."),
    trade(
        &[Report, ResultOf],
        "signed out",
        Step::Final,
        Trade::Pathology,
        "The final report is out; the word of pathology and genetics.",
    ),
    trade(
        &[Report, ResultOf],
        "signed",
        Step::Final,
        Trade::Others,
        "The final report is out; the word of imaging, cardiology and the other kinds.",
    ),
    form(&[Report, ResultOf], "corrected", Step::Corrected, "Something that was final has been corrected."),
    form(&[Report], "amended", Step::Amended, "The final report has been amended."),
    form(&[Report], "appended", Step::Appended, "Something has been added to the final report."),
    form(&[Report], "delivered", Step::Delivered, "The report has reached the patient's record."),
    form(&[Report], "reviewed", Step::Reviewed, "Somebody responsible has opened the report."),
    form(
        &[ResultOf],
        "acknowledged",
        Step::Acknowledged,
        "Somebody has confirmed that they have heard of the result: by an answer to a page, or by a call that was recorded elsewhere.",
    ),
    form(&[Report], "released to the portal", Step::Released, "The patient may see it."),
    form(&[Patient], "notified", Step::PatientNotified, "The patient has been told that there is something to see."),
    form(&[Report], "viewed by the patient", Step::PatientViewed, "The patient has opened it."),
    form(&[Order], "cancelled", Step::Cancelled, "The order has been cancelled."),
    form(&[Report], "entered in error", Step::EnteredInError, "The report should not exist: it was entered in error."),
    form(&[Specimen], "rejected", Step::Recollect, "The specimen cannot be used; a new one is needed."),
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
    pub(crate) fn kinds(&self) -> KindSet {
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
pub(crate) fn report_flag(word: &str) -> Option<FlagWord> {
    FlagWord::from_word(word).filter(|flag| !is_patient_flag(flag))
}

/// The flag of a patient that a word names.
pub(crate) fn patient_flag(word: &str) -> Option<FlagWord> {
    FlagWord::from_word(word).filter(is_patient_flag)
}

fn is_patient_flag(flag: &FlagWord) -> bool {
    matches!(flag, FlagWord::Report(Flag::NoPortal | Flag::Deceased))
}

/// Words of all states.
pub(crate) fn state_words() -> impl Iterator<Item = &'static str> {
    State::ALL.iter().map(|state| state.name()).chain(["open"])
}

/// Words of the report flags every installation knows, those of results included.
pub(crate) fn flag_words() -> impl Iterator<Item = &'static str> {
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
