//! Kinds: what do we do with a message of this type?
//!
//! HL7 has some hundred and fifty message types; a dozen say something about reports. The others are accepted and
//! ignored, so that a sender which broadcasts everything is not blocked; a type or trigger that HL7 does not have is
//! refused, because sending it again can never help.
//!
//! - **Source**: HL7 v2.9 tables 0003 and 0076; domain page 5.1.

use super::header::Header;
use crate::codes::Code;

/// What a message of some type and trigger is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    /// An order, or a change of one: one event for each ORC.
    Order,
    /// What a filler answered to an order.
    OrderAnswer,
    /// Results: one event for each OBR.
    Results,
    /// A document: one event for each TXA.
    Document,
    /// An appointment: one event for each SCH.
    Appointment,
    /// Where and how a patient is in care.
    Encounter,
    /// Two patients are one.
    PatientMerge,
    /// Two visits or accounts are one.
    EncounterMerge,
    /// A visit belongs to another patient.
    Move,
    /// A type that HL7 has and we do not use.
    Ignored,
    /// An answer; it is never answered.
    Answer,
}

/// What the message is to us.
///
/// # Errors
/// `UnknownMessageType`, `UnknownTrigger`.
pub(super) fn family(header: &Header) -> Result<Family, Code> {
    let (name, trigger) = (header.message_type.as_str(), header.trigger.as_str());
    let family = match name {
        "ORM" | "OMG" | "OML" | "OMI" => Family::Order,
        "ORR" | "ORG" | "ORL" | "ORI" => Family::OrderAnswer,
        "ORU" => Family::Results,
        "OUL" if matches!(trigger, "" | "R21" | "R22" | "R23" | "R24") => Family::Results,
        "MDM" => Family::Document,
        "SIU" => appointment(trigger),
        "ADT" => admission(trigger),
        name if ANSWERS.contains(&name) => Family::Answer,
        name if TYPES.contains(&name) => Family::Ignored,
        name if is_local(name) => Family::Ignored,
        _ => return Err(Code::UnknownMessageType),
    };
    if is_trigger(name, trigger) { Ok(family) } else { Err(Code::UnknownTrigger) }
}

fn admission(trigger: &str) -> Family {
    match trigger {
        "" | "A01" | "A02" | "A03" | "A04" | "A05" | "A06" | "A07" | "A08" | "A11" | "A12" | "A13" => Family::Encounter,
        "A18" | "A30" | "A34" | "A36" | "A39" | "A40" | "A47" => Family::PatientMerge,
        "A35" | "A41" | "A42" | "A50" => Family::EncounterMerge,
        "A43" | "A44" | "A45" => Family::Move,
        _ => Family::Ignored,
    }
}

fn appointment(trigger: &str) -> Family {
    match trigger {
        "" | "S12" | "S13" | "S14" | "S15" | "S17" | "S26" => Family::Appointment,
        _ => Family::Ignored,
    }
}

/// Whether HL7 has this trigger: for the types we read one of theirs, for others three letters or digits such as `P03`
/// or `PC1`. `Z` is anybody's.
fn is_trigger(name: &str, trigger: &str) -> bool {
    let number = trigger.get(1..).filter(|digits| digits.len() == 2).and_then(|digits| digits.parse::<u8>().ok());
    let letter = trigger.bytes().next().unwrap_or(b'Z');
    let Some(number) = number else {
        let is_plain = trigger.len() == 3 && trigger.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return trigger.is_empty() || letter == b'Z' || (is_plain && TYPES.contains(&name));
    };
    if letter == b'Z' {
        return true;
    }
    match name {
        "ADT" => letter == b'A' && (1..=62).contains(&number),
        "ORU" => letter == b'R' && matches!(number, 1 | 3 | 30..=32 | 40 | 42),
        "MDM" => letter == b'T' && (1..=11).contains(&number),
        "SIU" => letter == b'S' && (12..=27).contains(&number),
        "ORM" | "ORR" => letter == b'O' && (1..=2).contains(&number),
        "OMG" | "OML" | "OMI" | "ORG" | "ORL" | "ORI" => letter == b'O' && (1..=60).contains(&number),
        _ => letter.is_ascii_uppercase(),
    }
}

/// Types that begin with Z are a site's own.
fn is_local(name: &str) -> bool {
    name.len() == 3 && name.starts_with('Z') && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Answers to queries, and plain ones.
const ANSWERS: [&str; 23] = [
    "ACK", "ADR", "DOC", "EDR", "ERP", "MCF", "MFD", "MFK", "MFR", "NMR", "ORF", "OSR", "QCK", "RCI", "RCL", "RDR",
    "RDY", "ROR", "RSP", "RTB", "SQR", "TBR", "VXX",
];

/// Table 0076, without the types named above.
const TYPES: [&str; 125] = [
    "BAR", "BPS", "BRP", "BRT", "BTS", "CCF", "CCI", "CCM", "CCQ", "CCR", "CCU", "CNQ", "CQU", "CRM", "CSU", "DBC",
    "DBU", "DEL", "DEO", "DER", "DFT", "DPR", "DRC", "DRG", "EAC", "EAN", "EAR", "EHC", "EQQ", "ERQ", "ESR", "ESU",
    "INR", "INU", "ITM", "LSR", "LSU", "MFN", "MFQ", "NMD", "NMQ", "OMB", "OMD", "OMN", "OMP", "OMQ", "OMS", "OPL",
    "OPR", "OPU", "ORA", "ORB", "ORD", "ORN", "ORP", "ORS", "ORX", "OSF", "OSM", "OSQ", "OSU", "OUL", "PEX", "PGL",
    "PIN", "PMU", "PPG", "PPP", "PPR", "PPT", "PPV", "PRR", "PTR", "QBP", "QCN", "QRF", "QRY", "QSB", "QSX", "QVR",
    "RAR", "RAS", "RDE", "RDS", "REF", "RER", "RGR", "RGV", "RPA", "RPI", "RPL", "RPR", "RQA", "RQC", "RQI", "RQP",
    "RQQ", "RRA", "RRD", "RRE", "RRG", "RRI", "RSY", "SCN", "SDN", "SDR", "SLN", "SLR", "SMD", "SPQ", "SQM", "SRM",
    "SRR", "SSR", "SSU", "STC", "STI", "SUR", "TCR", "TCU", "UDM", "VQQ", "VTQ", "VXQ", "VXU",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, trigger: &str) -> Result<Family, Code> {
        family(&Header { message_type: name.into(), trigger: trigger.into(), ..Header::default() })
    }

    #[test]
    fn types_find_their_families() {
        // Domain page 5.1
        for (name, trigger, expected) in [
            ("ORU", "R01", Family::Results),
            ("OUL", "R22", Family::Results),
            ("OML", "O21", Family::Order),
            ("ORR", "O02", Family::OrderAnswer),
            ("MDM", "T02", Family::Document),
            ("SIU", "S12", Family::Appointment),
            ("SIU", "S18", Family::Ignored),
            ("ADT", "A08", Family::Encounter),
            ("ADT", "A40", Family::PatientMerge),
            ("ADT", "A45", Family::Move),
            ("ADT", "A60", Family::Ignored),
            ("DFT", "P03", Family::Ignored),
            ("PPR", "PC1", Family::Ignored),
            ("ZPM", "Z01", Family::Ignored),
            ("ACK", "R01", Family::Answer),
        ] {
            assert_eq!(of(name, trigger), Ok(expected), "{name}^{trigger}");
        }
    }

    #[test]
    fn what_hl7_does_not_know_is_refused() {
        // Domain page 5.6, row 4
        assert_eq!(of("XYZ", "R01"), Err(Code::UnknownMessageType));
        assert_eq!(of("ORU", "Q99"), Err(Code::UnknownTrigger));
        assert_eq!(of("ADT", "A99"), Err(Code::UnknownTrigger));
        assert_eq!(of("ORU", "R1"), Err(Code::UnknownTrigger));
    }
}
