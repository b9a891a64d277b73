//! Tables: which step, status or kind does a code of HL7 mean?
//!
//! Every row of the mapping as data, so that a reviewer compares line with line. A code that is not here is `None` and
//! the caller notes it.
//!
//! - **Source**: domain page 5.2 to 5.4; HL7 tables 0004, 0038, 0074, 0085, 0119, 0123, 0271, 0485.

use wardline_rules::words::{Flag, Kind, PatientClass, Priority, ResultStatus, Step};

/// What an order control code or an order status does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Control {
    /// A step.
    Step(Step),
    /// `cancelled`, with its reason.
    Cancelled(&'static str),
    /// `exam_started`, or `in_process` where nothing is examined.
    Begun,
    /// `exam_ended`, or fields change where nothing is examined.
    Done,
    /// `partial` with results, else fields change.
    Partial,
    /// A request to cancel; a cancellation on sources that say so.
    CancelRequest,
    /// A flag begins.
    On(Flag),
    /// A flag ends.
    Off(Flag),
    /// Fields change.
    Update,
    /// Fields change, and something is odd about it.
    Odd,
}

/// ORC-1, table 0119.
pub(super) fn control(code: &str) -> Control {
    match code {
        "NW" | "PR" | "CH" | "RO" => Control::Step(Step::Ordered),
        "SN" | "NA" | "OK" => Control::Step(Step::Accepted),
        "CR" | "OC" | "DR" | "OD" => Control::Step(Step::Cancelled),
        "RU" | "RQ" => Control::Cancelled("replaced"),
        "UA" => Control::Cancelled("unable_to_accept"),
        "CA" | "DC" => Control::CancelRequest,
        "UC" | "UD" => Control::Off(Flag::CancelRequested),
        "HD" | "HR" | "OH" => Control::On(Flag::OnHold),
        "RL" | "OE" | "OR" => Control::Off(Flag::OnHold),
        "XO" | "XR" | "XX" | "RP" | "SC" | "SS" | "SR" | "RE" => Control::Update,
        _ => Control::Odd,
    }
}

/// ORC-5, table 0038; `None` if it is not in the table.
pub(super) fn order_status(code: &str) -> Option<Control> {
    Some(match code {
        "SC" => Control::Step(Step::Scheduled),
        "IP" => Control::Begun,
        "CA" | "DC" => Control::Step(Step::Cancelled),
        "RP" => Control::Cancelled("replaced"),
        "CM" => Control::Done,
        "A" => Control::Partial,
        "HD" => Control::On(Flag::OnHold),
        "ER" => Control::Odd,
        _ => return None,
    })
}

/// What OBR-25 says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReportStatus {
    /// A step.
    Step(Step),
    /// `exam_ended`, or `in_process` where nothing is examined.
    Incomplete,
    /// `preliminary`, a correction of a final under way.
    Correcting,
    /// An answer to a query that says nothing about the report.
    Query,
}

/// OBR-25, table 0123; `None` if it is empty or not in the table.
pub(super) fn report_status(code: &str) -> Option<ReportStatus> {
    Some(match code {
        "O" => ReportStatus::Step(Step::Accepted),
        "S" => ReportStatus::Step(Step::Scheduled),
        "I" => ReportStatus::Step(Step::Received),
        "N" => ReportStatus::Incomplete,
        "R" => ReportStatus::Step(Step::Analysed),
        "P" => ReportStatus::Step(Step::Preliminary),
        "M" => ReportStatus::Correcting,
        "A" => ReportStatus::Step(Step::Partial),
        "F" => ReportStatus::Step(Step::Final),
        "C" => ReportStatus::Step(Step::Corrected),
        "X" => ReportStatus::Step(Step::Cancelled),
        "Y" | "Z" => ReportStatus::Query,
        _ => return None,
    })
}

/// OBX-11, table 0085; `None` if it is not in the table.
pub(super) fn result_status(code: &str) -> Option<ResultStatus> {
    Some(match code {
        "I" | "O" | "N" => ResultStatus::Registered,
        "R" | "P" | "S" => ResultStatus::Preliminary,
        "B" => ResultStatus::Appended,
        "F" | "V" | "U" => ResultStatus::Final,
        "C" => ResultStatus::Corrected,
        "A" => ResultStatus::Amended,
        "X" => ResultStatus::Cancelled,
        "D" => ResultStatus::EnteredInError,
        "W" => ResultStatus::WrongPatient,
        _ => return None,
    })
}

/// OBR-24, table 0074; `None` if it is not in the table.
pub(in crate::codec) fn service_kind(code: &str) -> Option<Kind> {
    Some(match code {
        "LAB" | "CH" | "HM" | "URN" | "SR" | "TX" | "IMM" | "BG" | "OSL" => Kind::Lab,
        "MB" | "MCB" | "MYC" | "PAR" | "VR" => Kind::Micro,
        "BLB" => Kind::BloodBank,
        "PAT" | "SP" | "CP" => Kind::Pathology,
        "GE" | "CG" => Kind::Genetics,
        "RAD" | "IMG" | "CT" | "NMR" | "NMS" | "RUS" | "OUS" | "RX" | "XRC" | "VUS" => Kind::Imaging,
        "EC" | "CUS" | "CTH" => Kind::Cardiology,
        "PF" => Kind::Pulmonary,
        "AU" | "EN" | "ICU" | "NRS" | "OT" | "OTH" | "PHR" | "PHY" | "PT" | "RC" | "RT" => Kind::Other,
        _ => return None,
    })
}

/// TQ1-9 and its elders, table 0485; `None` if it is not in the table.
pub(super) fn priority(code: &str) -> Option<Priority> {
    Some(match code {
        "S" | "STAT" => Priority::Stat,
        "A" | "ASAP" => Priority::Asap,
        "R" | "ROUTINE" => Priority::Routine,
        "P" => Priority::Preop,
        "T" => Priority::Timed,
        "C" => Priority::Callback,
        code if is_timing(code) => Priority::Timed,
        _ => return None,
    })
}

/// `TS`, `TM30`, `TH2` …: within so many seconds, minutes, hours, days, weeks, months.
fn is_timing(code: &str) -> bool {
    let unit = code.strip_prefix('T').and_then(|rest| rest.bytes().next());
    let digits = code.get(2..).unwrap_or_default();
    matches!(unit, Some(b'S' | b'M' | b'H' | b'D' | b'W' | b'L')) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// PV1-2, table 0004.
pub(super) fn class(code: &str) -> PatientClass {
    match code {
        "I" | "B" => PatientClass::Inpatient,
        "E" => PatientClass::Emergency,
        "O" => PatientClass::Outpatient,
        "P" => PatientClass::Preadmit,
        "R" => PatientClass::Recurring,
        _ => PatientClass::Other,
    }
}

/// TXA-17, table 0271; `None` if it is not in the table.
pub(super) fn document_status(code: &str) -> Option<Step> {
    Some(match code {
        "DI" => Step::Dictated,
        "DO" => Step::Transcribed,
        "IN" | "IP" => Step::InProcess,
        "PA" => Step::Preliminary,
        "AU" | "LA" => Step::Final,
        _ => return None,
    })
}

/// The words that a text value may be; any other text is narrative, since a name could stand there.
const WORDS: [&str; 34] = [
    "ABNORMAL",
    "ABSENT",
    "BORDERLINE",
    "DETECTED",
    "EQUIVOCAL",
    "FEW",
    "HEAVY",
    "HIGH",
    "INCONCLUSIVE",
    "INDETERMINATE",
    "INTERMEDIATE",
    "INVALID",
    "LARGE",
    "LOW",
    "MANY",
    "MODERATE",
    "NEG",
    "NEGATIVE",
    "NO GROWTH",
    "NON-REACTIVE",
    "NONE",
    "NONE SEEN",
    "NONREACTIVE",
    "NORMAL",
    "NOT DETECTED",
    "POS",
    "POSITIVE",
    "PRESENT",
    "RARE",
    "REACTIVE",
    "RESISTANT",
    "SMALL",
    "SUSCEPTIBLE",
    "TRACE",
];

/// The short word that `text` is, in capitals; `None` if it is anything else.
pub(in crate::codec) fn result_word(text: &str) -> Option<&'static str> {
    let capitals = text.trim_ascii().to_ascii_uppercase();
    WORDS.binary_search(&capitals.as_str()).ok().and_then(|index| WORDS.get(index)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        assert!(WORDS.is_sorted());
        assert_eq!(result_word(" Not Detected "), Some("NOT DETECTED"));
        assert_eq!(result_word("SMITH"), None);
    }

    #[test]
    fn timings_count_as_timed() {
        for code in ["T", "TS", "TM30", "TH2"] {
            assert_eq!(priority(code), Some(Priority::Timed), "{code}");
        }
        assert_eq!(priority("TX"), None);
        assert_eq!(priority("PRN"), None);
    }
}
