//! Hl7: how does an event read as an HL7 v2 message?
//!
//! Orders are ORM^O01, everything a department says is ORU^R01, one message for each event, in its frame. What HL7 v2 has no place for (a
//! reading, a release to the patient, an answer on the phone) is left out.
//! ```text
//!  line of JSON ─▶ [`message`] ─▶ VT MSH PID PV1 ORC OBR [OBX …] FS CR
//! ```
//! - **How it fits**: `run` wraps its lines in [`messages`] when the target speaks MLLP.
//! - **Not here**: faults of that wire (cut times, missing zones); FHIR.
//! - **Source**: HL7 v2.5, chapters 4 and 7; the mapping page of the feeds.

use serde::Deserialize;

use crate::drive::Lines;

/// Lines of JSON as framed messages; those that cannot be said are skipped.
#[must_use]
pub fn messages(mut lines: Lines) -> Lines {
    let mut line = Vec::new();
    Box::new(move |message| {
        loop {
            line.clear();
            let at = lines(&mut line)?;
            if let Some(text) = self::message(&line) {
                message.push(0x0b);
                message.extend_from_slice(text.as_bytes());
                message.extend_from_slice(b"\x1c\r");
                return Some(at);
            }
        }
    })
}

/// An event, as far as HL7 says it.
#[derive(Deserialize)]
struct Event<'a> {
    event_id: &'a str,
    source: &'a str,
    #[serde(borrow)]
    report: Report<'a>,
    #[serde(default)]
    patient: &'a str,
    #[serde(default)]
    kind: &'a str,
    #[serde(default)]
    test: &'a str,
    #[serde(default)]
    priority: &'a str,
    step: &'a str,
    occurred_at: &'a str,
    #[serde(default)]
    site: &'a str,
    #[serde(default)]
    location: &'a str,
    #[serde(default, borrow)]
    results: Vec<Finding<'a>>,
}

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    placer: Option<Number<'a>>,
    #[serde(borrow)]
    filler: Option<Number<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Alone(&'a str),
    Named { id: &'a str, ns: &'a str },
}

#[derive(Deserialize)]
struct Finding<'a> {
    code: &'a str,
    num: Option<serde_json::Number>,
    text: Option<&'a str>,
    #[serde(default)]
    unit: &'a str,
    #[serde(default, borrow)]
    abnormal: Vec<&'a str>,
}

/// How a step is said: order control and order status, or the status of a result.
enum Said {
    Order { control: &'static str, status: &'static str },
    Result(&'static str),
}

fn said(step: &str) -> Option<Said> {
    let order = |control, status| Some(Said::Order { control, status });
    let result = |status| Some(Said::Result(status));
    match step {
        "ordered" => order("NW", ""),
        "accepted" => order("OK", ""),
        "scheduled" => order("SC", "SC"),
        "cancelled" => order("OC", "CA"),
        "exam_started" => order("SC", "IP"),
        "exam_ended" => order("SC", "CM"),
        "received" => result("I"),
        "in_process" => result("N"),
        "analysed" => result("R"),
        "partial" => result("A"),
        "preliminary" => result("P"),
        "final" => result("F"),
        "corrected" => result("C"),
        _ => None,
    }
}

/// The message of one line; `None` for what HL7 v2 has no place for, or what is no event.
#[must_use]
pub fn message(line: &[u8]) -> Option<String> {
    let event: Event<'_> = serde_json::from_slice(line).ok()?;
    let said = said(event.step)?;
    let at = instant(event.occurred_at)?;
    let (placer, filler) = (number(event.report.placer.as_ref()), number(event.report.filler.as_ref()));
    let (kind, id) = match said {
        Said::Order { .. } => ("ORM^O01", event.event_id),
        Said::Result(_) => ("ORU^R01", event.event_id),
    };
    let mut text = format!("MSH|^~\\&|{}|{}|WARDLINE||{at}||{kind}|{id}|P|2.5\r", event.source, event.site);
    text += &format!("PID|1||{}^^^HOSPITAL^MR\rPV1|1||{}\r", event.patient, event.location);
    let (control, order, status, received) = match said {
        Said::Order { control, status } => (control, status, "", ""),
        Said::Result(status) => ("RE", "", status, if status == "I" { at.as_str() } else { "" }),
    };
    let time = if order.is_empty() && control == "RE" { "" } else { at.as_str() };
    text += &format!("ORC|{control}|{placer}|{filler}||{order}||||{time}\r");
    let service = service(event.kind);
    let urgency = urgency(event.priority);
    // Fields 4 test, 5 priority, 14 received, 22 status changed, 24 service, 25 status, 27.6 priority.
    let changed = if status.is_empty() { "" } else { at.as_str() };
    text += &format!(
        "OBR|1|{placer}|{filler}|{test}^{test}^LN|{urgency}|||||||||{received}||||||||{changed}||{service}|{status}||^^^^^{urgency}\r",
        test = event.test,
    );
    if matches!(said, Said::Result(_)) {
        for (place, finding) in (1_u32..).zip(&event.results) {
            text += &observation(place, finding, status);
        }
    }
    Some(text)
}

fn observation(place: u32, finding: &Finding<'_>, status: &str) -> String {
    let (kind, value) = match (&finding.num, finding.text) {
        (Some(number), _) => ("NM", number.to_string()),
        (None, Some(text)) => ("ST", text.to_owned()),
        (None, None) => ("TX", "See the report.".to_owned()),
    };
    let abnormal = finding.abnormal.join("~");
    format!(
        "OBX|{place}|{kind}|{code}^{code}^LN||{value}|{}||{abnormal}|||{status}\r",
        finding.unit,
        code = finding.code
    )
}

/// `2026-01-05T06:00:12Z` as `20260105060012+0000`.
fn instant(text: &str) -> Option<String> {
    let digits: String = text.strip_suffix('Z')?.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.get(..14)?;
    Some(format!("{digits}+0000"))
}

fn number(number: Option<&Number<'_>>) -> String {
    match number {
        None => String::new(),
        Some(Number::Alone(id)) => (*id).to_owned(),
        Some(Number::Named { id, ns }) => format!("{id}^{ns}"),
    }
}

fn service(kind: &str) -> &'static str {
    match kind {
        "micro" => "MB",
        "blood_bank" => "BLB",
        "pathology" => "PAT",
        "genetics" => "GE",
        "imaging" => "RAD",
        "cardiology" => "EC",
        "pulmonary" => "PF",
        _ => "LAB",
    }
}

fn urgency(priority: &str) -> &'static str {
    match priority {
        "stat" => "S",
        "asap" | "urgent" => "A",
        "timed" => "T",
        _ => "R",
    }
}

#[cfg(test)]
mod tests;
