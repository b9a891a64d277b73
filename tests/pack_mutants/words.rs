//! Words: which words of a ward could stand in each other's place?
//!
//! - **Not here**: where they stand; names of the standard catalogue that no pack uses.

use wardline_dsl::BlockKind;
use wardline_dsl::{
    assist::{Sort, Ward},
    source::Sources,
};

/// Phrases of one sort; each is exchanged for the one behind it, the last for the first.
const SORTS: &[&[&str]] = &[
    &["above", "below"],
    &["at least", "at most"],
    &["and", "or"],
    &["any of", "all of"],
    &["stat", "asap", "urgent", "routine"],
    &["general lab", "microbiology", "blood bank", "point of care"],
    &["pathology", "radiology", "cardiology", "genetics"],
    &["lab", "imaging"],
    &["order is placed", "order is accepted"],
    &["specimen is collected", "specimen is received"],
    &["specimen is accessioned", "specimen is collected"],
    &["exam is started", "exam is completed"],
    &["analysis is started", "analysis is completed"],
    &["report is finalised", "report is delivered"],
    &["report is verified", "report is corrected"],
    &["report is signed out", "report is corrected"],
    &["report is signed", "report is corrected"],
    &["result is verified", "result is corrected"],
    &["result is issued early", "result is finalised"],
    &["report is released to the portal", "report is delivered"],
    &["report is viewed by the patient", "report is released to the portal"],
    &["patient is arrived", "order is placed"],
    &["order is cancelled", "order is placed"],
    &["critical high", "critical low"],
    &["critical", "abnormal"],
    &["finding urgent", "finding followup"],
    &["inpatient", "outpatient", "emergency"],
    &["ordering", "attending", "reporting", "covering"],
    &["secure message", "phone", "sms", "pager", "email", "inbox", "worklist"],
    &["portal", "app", "letter"],
    &["do not match", "match"],
    &["do not start", "use arrival time"],
    &["all decline", "any declines"],
    &["next channel", "next step"],
    &["anyone paged", "everyone paged"],
    &["withdraw what", "keep what"],
    &["per result", "per report", "per order", "per patient"],
    &["minutes", "hours"],
    &["minute", "hour"],
    &["working hours", "hours"],
    &["working days", "days"],
    &["weekly", "daily"],
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    &["observed and actual days", "actual days"],
    &["one message", "each"],
    &["lost", "idle"],
    &["median", "average", "longest"],
    &["becomes", "is no longer"],
    &["count of open", "count of"],
    &["breaches of", "warnings of"],
    &["per site", "per department", "per location"],
    &["is missing", "is present"],
    &["is not one of", "is one of"],
];

/// Each severity turns into one that a silence holds, or does not hold, where it did the other: that is what a day shows.
const SEVERITIES: [(&str, &str); 3] = [("red", "orange"), ("orange", "red"), ("yellow", "red")];

/// Words of one sort in one ward: those above, and what the ward declares.
#[derive(Debug)]
pub(crate) struct Groups {
    phrases: Vec<(String, String)>,
    names: Ward,
}

impl Groups {
    /// The groups of a ward.
    pub(crate) fn of(sources: &Sources) -> Self {
        let names = Ward::read(sources);
        let mut lists: Vec<Vec<String>> =
            SORTS.iter().map(|list| list.iter().map(|word| (*word).to_owned()).collect()).collect();
        for sort in [Sort::Test, Sort::Place, Sort::Site, Sort::Flag] {
            lists.push(declared(&names, &sort));
        }
        let fields: std::collections::BTreeSet<&Sort> =
            names.declared.iter().map(|found| &found.sort).filter(|sort| matches!(sort, Sort::Value(_))).collect();
        lists.extend(fields.into_iter().map(|sort| declared(&names, sort)));
        let pairs = lists.iter().filter(|list| list.len() > 1).flat_map(|list| {
            list.iter().zip(list.iter().cycle().skip(1)).map(|(word, next)| (word.clone(), next.clone()))
        });
        let severities = SEVERITIES.map(|(word, other)| (word.to_owned(), other.to_owned()));
        let mut phrases: Vec<(String, String)> = pairs.chain(severities).collect();
        // The longest first, so that `critical high` is not read as `critical`.
        phrases.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self { phrases, names }
    }

    /// The phrase that a text begins with: its length, and what stands in its place.
    pub(crate) fn word(&self, rest: &str, is_condition: bool) -> Option<(usize, String)> {
        let ends =
            |length: usize| rest[length..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '-');
        let fits = |(word, _): &&(String, String)| rest.starts_with(word.as_str()) && ends(word.len());
        if let Some((word, other)) = self.phrases.iter().find(fits) {
            return Some((word.len(), other.clone()));
        }
        let value = rest.strip_prefix("is ").filter(|_| is_condition)?;
        if let Some(negated) = value.strip_prefix("not ") {
            return (!negated.starts_with("one of")).then(|| ("is not".len(), "is".to_owned()));
        }
        // What cannot be negated would be refused, and show nothing.
        let cannot = ["above", "below", "at ", "between", "missing", "present", "one of", "yes", "no"];
        (!cannot.iter().any(|word| value.starts_with(word))).then(|| ("is".len(), "is not".to_owned()))
    }

    /// Another name of the sort that the word before says.
    pub(crate) fn name(&self, before: &str, name: &str) -> Option<String> {
        let kind = match before {
            "desk" => BlockKind::Desk,
            "person" => BlockKind::Person,
            "roster" => BlockKind::Roster,
            "using" => BlockKind::Escalation,
            "counts" => BlockKind::Calendar,
            _ => return None,
        };
        let all = declared(&self.names, &Sort::Block(kind));
        let place = all.iter().position(|known| known == name)?;
        all.iter().cycle().nth(place + 1).filter(|other| *other != name).cloned()
    }
}

fn declared(names: &Ward, sort: &Sort) -> Vec<String> {
    names.declared.iter().filter(|found| found.sort == *sort).map(|found| found.name.clone()).collect()
}
