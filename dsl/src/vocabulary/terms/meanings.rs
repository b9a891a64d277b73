//! Meanings: what does each word of a closed list mean to whoever writes or reads a ward?
//!
//! - **Not here**: the lists themselves (`wardline_rules::words`), meanings of steps, which stand beside them (`check::standard`).

use wardline_rules::program::Field;
use wardline_rules::words::{Channel, Flag, PatientClass, Priority, State, WardKind};

pub(super) const OPEN: &str =
    "Any state before the final report: from the first news of it until it is finalised, or ends otherwise.";

pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Ordered => "Ordered, and nobody has accepted it yet.",
        State::Queued => "Accepted by the department that will do it.",
        State::Booked => "Has an appointment.",
        State::AwaitingExam => "The patient is there and the exam has not begun.",
        State::AwaitingTransport => "The specimen is collected and not yet on its way.",
        State::UnderWay => "The exam is going on.",
        State::InTransit => "The specimen is on its way.",
        State::AwaitingAnalysis => "The specimen has arrived and nobody works on it yet.",
        State::Unread => "The exam is over and nobody has begun the report.",
        State::InProcess => "It is being analysed, dictated or transcribed.",
        State::Incomplete => "Some of its results are out.",
        State::Preliminary => "A preliminary report is out.",
        State::Final => "The final report is out.",
        State::Revised => "It was corrected, amended or appended after it was final.",
        State::AwaitingReview => "It is in the record and nobody has opened it.",
        State::Read => "Somebody responsible has opened it.",
        State::Called => "Somebody has acknowledged a result of it.",
        State::OnThePortal => "The patient can see it.",
        State::AwaitingThePatient => "The patient was told, and has not opened it.",
        State::SeenByThePatient => "The patient has opened it.",
        State::Discontinued => "The order was cancelled.",
        State::Void => "It was entered in error.",
        State::AwaitingRecollection => "The specimen was rejected and a new one is awaited.",
    }
}

/// Words that mean several kinds.
pub(super) const KIND_GROUPS: &[(&str, &str)] = &[
    ("lab", "General lab, microbiology, blood bank and point of care."),
    ("imaging", "Radiology and nuclear medicine."),
];

pub(super) fn kind(kind: WardKind) -> &'static str {
    match kind {
        WardKind::GeneralLab => "Chemistry, haematology and the rest of the laboratory.",
        WardKind::Microbiology => "Cultures, stains and other microbiology.",
        WardKind::BloodBank => "Blood groups, cross-matches and products.",
        WardKind::PointOfCare => "Laboratory tests done at the bedside.",
        WardKind::Pathology => "Surgical pathology and cytology.",
        WardKind::Genetics => "Genetic tests.",
        WardKind::Radiology => "Imaging, except nuclear medicine.",
        WardKind::NuclearMedicine => "Imaging whose modality is NM or PT.",
        WardKind::Cardiology => "Electrocardiograms, echocardiograms and other cardiology.",
        WardKind::Pulmonary => "Lung function and other pulmonary tests.",
        WardKind::Neurophysiology => "Electroencephalograms and other neurophysiology.",
        WardKind::Document => "Letters, discharge summaries and other documents.",
        WardKind::Other => "Whatever is none of the others.",
    }
}

pub(super) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Stat => "At once.",
        Priority::Asap => "As soon as possible.",
        Priority::Urgent => "Urgent.",
        Priority::Timed => "At a certain time.",
        Priority::Preop => "Before an operation.",
        Priority::Callback => "The result is to be called back.",
        Priority::Routine => "Routine, and the source said so.",
        Priority::Unknown => "The source said nothing. It does not mean routine.",
    }
}

pub(super) fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::Critical => {
            "A result is critical: by its own code, by the limits of the site, or because its producer said so."
        }
        Flag::FindingUrgent => "A finding that somebody must act on within hours.",
        Flag::FindingFollowup => "A finding that needs follow-up within days or weeks.",
        Flag::Abnormal => "A result is outside its reference range.",
        Flag::OnHold => "Somebody has put it on hold.",
        Flag::CancelRequested => "Somebody has asked to cancel it, and it is not cancelled.",
        Flag::AddOn => "Ordered later, on a specimen that was already there.",
        Flag::Reflex => "Ordered by a rule because of another result.",
        Flag::Poct => "Done at the bedside.",
        Flag::Sensitive => "To be handled with special care for privacy.",
        Flag::NoPortal => "The patient does not want notices, or has no portal.",
        Flag::Deceased => "The patient has died.",
        Flag::Discharged => "The patient has been discharged.",
        Flag::NoShow => "The patient did not come.",
        Flag::WetRead => "Somebody other than the final reader has given a first reading.",
        Flag::Discrepancy => "The final reading differs from the first one.",
        Flag::Correcting => "A correction is being written.",
        Flag::Outside => "Done by another institution.",
        Flag::TestPatient => "Not a real patient.",
        Flag::IdentityConflict => "Sources disagree about whose report it is; the engine sets it.",
        Flag::Stale => "Nothing was heard of it for a long time; the engine sets it.",
    }
}

/// Flags that belong to a single result.
pub(super) const RESULT_FLAGS: &[(&str, &str)] = &[
    ("low", "Below the reference range."),
    ("high", "Above the reference range."),
    ("critical low", "So low that somebody must hear of it."),
    ("critical high", "So high that somebody must hear of it."),
    ("critical abnormal", "Critical, and neither low nor high."),
];

pub(super) fn class(class: PatientClass) -> &'static str {
    match class {
        PatientClass::Inpatient => "Admitted.",
        PatientClass::Emergency => "In the emergency department.",
        PatientClass::Outpatient => "Comes and goes the same day.",
        PatientClass::Preadmit => "To be admitted.",
        PatientClass::Recurring => "Comes again and again for a series of treatments.",
        PatientClass::Newborn => "Born in this stay.",
        PatientClass::Other => "None of these.",
    }
}

/// What a field holds, and a condition on it.
pub(super) fn field(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Kind => ("The kind of report.", "kind is lab"),
        Field::Priority => ("How urgent the order is.", "priority is one of stat, asap"),
        Field::State => ("Where the report is in its life.", "state is unread"),
        Field::Flag => ("The marks it carries; `is` means that this one is among them.", "flag is critical"),
        Field::Feed => ("The feed the news came from.", "feed is \"RIS\""),
        Field::Test => ("The test of a result; of a report, any of its tests.", "test is potassium"),
        Field::Value => ("The value, in the unit of its test.", "value is above 6.5 mmol/L"),
        Field::Finding => {
            ("The coded text, such as a culture's: one of the `values finding` of the ward.", "finding is positive")
        }
        Field::PreviousValue => (
            "The newest earlier value of the same test and patient, up to 30 days back.",
            "previous value is below 4.0 mmol/L",
        ),
        Field::Change => ("The value minus the previous value.", "change is above 1.0 mmol/L"),
        Field::TimeSinceSameTest => (
            "How long ago the same test was last ordered for this patient, up to 30 days back.",
            "time since same test is below 24 hours",
        ),
        Field::SpecimenClass => (
            "The class of specimen: one of the `values specimen class` of the ward.",
            "specimen class is surgical biopsy",
        ),
        Field::SpecimenSite => {
            ("Where the specimen was taken: one of the `values specimen site` of the ward.", "specimen site is breast")
        }
        Field::Modality => ("The modality of an exam.", "modality is CT"),
        Field::Site => ("The hospital or building.", "site is Main"),
        Field::Department => {
            ("The department that does it: one of the `values department` of the ward.", "department is chemistry")
        }
        Field::Location => ("Where the patient is: a place of the ward.", "location is ICU"),
        Field::PatientClass => ("How the patient is in care.", "patient class is inpatient"),
        Field::PatientRisk => ("The risk group: one of the `values patient risk` of the ward.", "patient risk is high"),
        Field::PatientFlag => ("Marks of the patient; `none` means that there are none.", "patient flag is opted out"),
        Field::PatientAge => ("Whole years at that time.", "patient age is below 18"),
        Field::OrderingClinician => ("Whether it is known who ordered.", "ordering clinician is missing"),
        Field::AttendingClinician => {
            ("Whether it is known who is in charge of the patient.", "attending clinician is present")
        }
        Field::ReportingClinician => ("Whether it is known who wrote the report.", "reporting clinician is present"),
    }
}

/// Forms of comparison: how, what it means, one of it.
pub(super) const COMPARISONS: &[(&str, &str, &str)] = &[
    ("is", "Is this, or has this among several.", "priority is stat"),
    ("is not", "Is something else, and known.", "priority is not routine"),
    ("is one of", "Is any of these.", "priority is one of stat, asap"),
    ("is not one of", "Is none of these, and known.", "priority is not one of routine, timed"),
    ("is above", "Greater than.", "value is above 6.5 mmol/L"),
    ("is below", "Less than.", "value is below 2.5 mmol/L"),
    ("is below … or above", "Outside of these two, which are inside.", "value is below 2.5 mmol/L or above 6.5 mmol/L"),
    ("is at least", "This or greater.", "value is at least 6.5 mmol/L"),
    ("is at most", "This or less.", "value is at most 2.5 mmol/L"),
    ("is between … and", "From the one to the other, both included.", "value is between 2.5 mmol/L and 6.5 mmol/L"),
    ("is missing", "It is not known; needs no `missing` clause.", "ordering clinician is missing"),
    ("is present", "It is known; needs no `missing` clause.", "location is present"),
];

/// Roles that the facts of a report fill, and the three sorts of name.
pub(super) const PEOPLE: &[(&str, &str)] = &[
    ("the ordering clinician", "Who ordered, by the newest news."),
    ("the attending clinician", "Who is in charge of the patient, by the newest news."),
    ("the covering clinician", "Who is on duty in the roster that covers the place of the patient."),
    ("the reporting clinician", "Who wrote the report."),
    ("the copied clinicians", "Everybody who gets copies."),
    ("the recipient", "In an escalation: whom the `page` clause of the alert names."),
    ("desk \"Operations\"", "A desk of the ward."),
    ("roster \"Lab lead\"", "Whoever is on duty in a roster of the ward."),
    ("person \"Ana Ruiz\"", "A person of the ward."),
];

pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::SecureMessage => "A message in a clinical messenger; delivered when the device shows it.",
        Channel::Phone => "A call; answered with a code on the keypad.",
        Channel::Sms => "A text message; answered by a reply with the code.",
        Channel::Pager => "A pager; answered by a reply with the code.",
        Channel::Email => "A mail; answered by its link.",
        Channel::Inbox => "The inbox of the clinician's record system.",
        Channel::Worklist => "A list of tasks that a desk works through.",
        Channel::Portal => "The patient's portal; takes no answer.",
        Channel::App => "A notification in an app.",
        Channel::Letter => "A letter; takes no answer.",
        Channel::InPerson => "Somebody said it; only in reports from elsewhere.",
        Channel::Fax => "A fax; only in reports from elsewhere.",
    }
}

/// What a placeholder is replaced with.
pub(super) fn placeholder(word: &str) -> &'static str {
    const MEANINGS: &[(&str, &str)] = &[
        ("link", "Opens the report after sign-in."),
        ("code", "A short code that belongs to this one message, for the answer."),
        ("severity", "The severity."),
        ("raised", "When it was raised."),
        ("due", "When an answer is due."),
        ("waited", "How long it has waited."),
        ("count", "How many reports, or items of a digest."),
        ("site", "The site."),
        ("rule", "The name of the rule."),
        ("kind", "The kind of report."),
        ("test", "The test."),
        ("value", "The value with its unit."),
        ("finding", "The coded text of the result."),
        ("flag", "The flags."),
        ("priority", "The priority."),
        ("modality", "The modality."),
        ("location", "Where the patient is."),
    ];
    MEANINGS.iter().find(|(known, _)| *known == word).map_or("", |(_, meaning)| meaning)
}
