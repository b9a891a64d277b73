//! Share: how does a report with more results than fit become several events?
//!
//! Same step, time and identity; critical results first, so that the first event to be applied raises the alert; what is
//! merged again by code and sub cannot be told from one event.
//!
//! - LIMIT: `RESULTS_MAX`, `EVENT_BYTES_MAX`.
//! - **Source**: domain page [EVT-8].

use wardline_rules::{
    Text,
    event::{Event, ResultItem},
    limits::{EVENT_BYTES_MAX, RESULTS_MAX},
    quality::{Fault, Note},
    words::Abnormal,
};

use crate::codec::json::encode;

/// Results whose encoding certainly fits: 60 of a thousand bytes, the longest that cleaning leaves.
const SURELY_FIT: usize = 60;

/// Appends `event` to `events`, in as many parts as it needs.
pub(in crate::codec) fn push(mut event: Event, events: &mut Vec<Event>) {
    if event.results.len() <= SURELY_FIT || size(&event) <= EVENT_BYTES_MAX && event.results.len() <= RESULTS_MAX {
        return events.push(event);
    }
    let mut results = core::mem::take(&mut event.results);
    results.sort_by_key(|result| !is_critical(result));
    event.notes.push(Note::new(Fault::ResultsSplit, "OBX"));
    let base = size(&event) + LIST.len();
    let mut parts: Vec<Vec<ResultItem>> = vec![Vec::new()];
    let mut used = base;
    for result in results {
        let more = size_of_result(&event, &result, base);
        let part = parts.last_mut().filter(|part| used + more <= EVENT_BYTES_MAX && part.len() < RESULTS_MAX);
        match part {
            Some(part) => part.push(result),
            None => {
                parts.push(vec![result]);
                used = base;
            }
        }
        used += more;
    }
    for (index, part) in parts.into_iter().enumerate() {
        let event_id = if index == 0 { event.event_id.clone() } else { numbered(&event.event_id, index + 1) };
        events.push(Event { event_id, results: part, ..event.clone() });
    }
}

fn numbered(event_id: &str, number: usize) -> Text {
    Text::from(format!("{event_id}#{number}"))
}

fn is_critical(result: &ResultItem) -> bool {
    result.critical == Some(true) || result.abnormal.iter().copied().any(Abnormal::is_critical)
}

fn size(event: &Event) -> usize {
    let mut text = String::new();
    let _ = encode(event, &mut text);
    text.len()
}

/// What one result adds to those before it: its own bytes and a comma, which the brackets of a list of one outweigh.
fn size_of_result(event: &Event, result: &ResultItem, base: usize) -> usize {
    let alone = Event { results: vec![result.clone()], ..event.clone() };
    size(&alone).saturating_sub(base) + 1
}

/// The key and brackets of a list.
const LIST: &str = r#","results":[]"#;
