//! Answer: what does a sender of FHIR hear?
//!
//! An OperationOutcome, or a response Bundle with one status for each entry. No text of what was sent is quoted.
//!
//! - **How it fits**: the API writes it once the body is durable.
//! - **Source**: domain page 5.5, 5.6; FHIR R4, OperationOutcome and Bundle.

use serde_json::{Value, json};

use super::{Entry, Found, Outcome, Reading, Shape};
use crate::codes::Code;

/// The answer to what was read, and its HTTP status.
#[must_use]
pub fn answer(reading: &Reading) -> (u16, Value) {
    match &reading.found {
        Found::Unreadable(unreadable) => (422, outcome(Some((unreadable.code, unreadable.place.as_str())))),
        Found::Entries(entries) => match reading.shape {
            Shape::Transaction => (200, bundle("transaction-response", entries)),
            Shape::Batch => (200, bundle("batch-response", entries)),
            Shape::Resource | Shape::Message | Shape::Subscription => (200, outcome(None)),
        },
    }
}

fn bundle(kind: &str, entries: &[Entry]) -> Value {
    let entries: Vec<Value> = entries.iter().map(|entry| json!({ "response": response(&entry.outcome) })).collect();
    json!({ "resourceType": "Bundle", "type": kind, "entry": entries })
}

fn response(result: &Outcome) -> Value {
    match result {
        Outcome::Events(_) => json!({ "status": "201 Created" }),
        Outcome::Nothing => json!({ "status": "200 OK" }),
        Outcome::Refused(code) => json!({ "status": status_of(*code), "outcome": outcome(Some((*code, ""))) }),
    }
}

const fn status_of(code: Code) -> &'static str {
    if matches!(code, Code::EntryMethod) { "405 Method Not Allowed" } else { "422 Unprocessable Entity" }
}

/// What is wrong and where, or that nothing is.
#[must_use]
pub fn outcome(refused: Option<(Code, &str)>) -> Value {
    let issue = match refused {
        None => json!({ "severity": "information", "code": "informational", "details": { "text": "stored" } }),
        Some((code, place)) => {
            let mut issue = json!({
                "severity": "error",
                "code": "processing",
                "details": { "text": code.headline() },
                "diagnostics": code.number(),
            });
            if let (false, Some(issue)) = (place.is_empty(), issue.as_object_mut()) {
                issue.insert("expression".to_owned(), json!([place]));
            }
            issue
        }
    };
    json!({ "resourceType": "OperationOutcome", "issue": [issue] })
}
