//! Read: what may be kept of a tree whose types or keys are not all right?
//!
//! The lenient way from a tree to the [`Wire`]: an unknown key or a value of the wrong type is dropped with a note and
//! the event goes on; only what makes the fact itself unknown refuses the line [EVT-1] [EVT-2] [EVT-3].
//!
//! - **Not here**: the meaning of values ([`convert`](super::convert)).

use wardline_rules::{decimal::Decimal, quality::Fault};

use super::{
    Refusal,
    num::Num,
    refusal,
    tree::Tree,
    wire::{
        Field, Map, Wire, WireAnswer, WireAttributes, WireCode, WireId, WireMerge, WireMilestone, WireMsg, WirePerson,
        WireReport, WireResult, WireScalar, WireTests, WireTime, WireTimeParts,
    },
};
use crate::{codec::notes::Notes, codes::Code};

/// Reads a whole event; in strict mode an unknown key refuses it.
pub(super) fn wire<'t>(tree: &'t Tree<'_>, strict: bool, notes: &mut Notes) -> Result<Wire<'t>, Refusal> {
    let Tree::Object(entries) = tree else { return Err(refusal(Code::NotJson, "")) };
    let mut keys = Keys { entries, path: "", notes, unknown: false };
    let merge = merge(&mut keys)?;
    let answer = answer(&mut keys)?;
    let wire = Wire {
        v: keys.version(),
        event_id: keys.text("event_id"),
        r#type: keys.text("type"),
        source: keys.text("source"),
        msg: keys.read("msg", msg),
        report: keys.read("report", report),
        patient: keys.read("patient", id),
        encounter: keys.read("encounter", id),
        kind: keys.text("kind"),
        test: keys.read("test", tests),
        priority: keys.text("priority"),
        step: keys.text("step"),
        occurred_at: keys.read("occurred_at", time),
        evidence: keys.text("evidence"),
        milestones: keys.list("milestones", milestone),
        planned_at: keys.read("planned_at", time),
        received_at: keys.text("received_at"),
        site: keys.text("site"),
        department: keys.text("department"),
        location: keys.text("location"),
        class: keys.text("class"),
        people: keys.list("people", person),
        flags: keys.list("flags", plain_text),
        flags_off: keys.list("flags_off", plain_text),
        results: keys.list("results", result),
        reason: keys.text("reason"),
        channel: keys.text("channel"),
        attributes: keys.read("attributes", attributes),
        answer,
        merge,
    };
    keys.only(&EVENT_KEYS);
    let has_unknown = keys.unknown;
    if strict && has_unknown { Err(refusal(Code::UnknownField, "")) } else { Ok(wire) }
}

const EVENT_KEYS: [&str; 30] = [
    "v",
    "event_id",
    "type",
    "source",
    "msg",
    "report",
    "patient",
    "encounter",
    "kind",
    "test",
    "priority",
    "step",
    "occurred_at",
    "evidence",
    "milestones",
    "planned_at",
    "received_at",
    "site",
    "department",
    "location",
    "class",
    "people",
    "flags",
    "flags_off",
    "results",
    "reason",
    "channel",
    "attributes",
    "answer",
    "merge",
];

/// The keys of one object and what was found wrong with them.
struct Keys<'t, 'n> {
    entries: &'t [(std::borrow::Cow<'t, str>, Tree<'t>)],
    /// Where the object stands, with a point at its end.
    path: &'static str,
    notes: &'n mut Notes,
    unknown: bool,
}

/// Reads a part of a tree; `None` if its type is wrong.
type Part<'t, T> = fn(&'t Tree<'t>, &'static str, &mut Inner<'_>) -> Option<T>;

/// What parts of a tree share while they are read.
struct Inner<'n> {
    notes: &'n mut Notes,
    unknown: bool,
}

impl<'t> Keys<'t, '_> {
    fn get(&self, key: &str) -> Option<&'t Tree<'t>> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, tree)| tree)
    }

    fn wrong(&mut self, key: &str) {
        self.notes.add(Fault::UnknownValue, &format!("{}{key}", self.path));
    }

    /// A text; of another type it is dropped.
    fn text(&mut self, key: &'static str) -> Field<&'t str> {
        self.read(key, plain_text)
    }

    fn read<T>(&mut self, key: &'static str, part: Part<'t, T>) -> Field<T> {
        let tree = match self.get(key) {
            None => return Field::Absent,
            Some(Tree::Null) => return Field::Null,
            Some(tree) => tree,
        };
        let mut inner = Inner { notes: self.notes, unknown: self.unknown };
        let read = part(tree, key, &mut inner);
        self.unknown = inner.unknown;
        if read.is_none() {
            self.wrong(key);
        }
        read.map_or(Field::Absent, Field::Is)
    }

    /// A list; elements of another type are dropped one by one.
    fn list<T>(&mut self, key: &'static str, part: Part<'t, T>) -> Field<Vec<T>> {
        let items = match self.get(key) {
            None => return Field::Absent,
            Some(Tree::Null) => return Field::Null,
            Some(Tree::List(items)) => items,
            Some(Tree::Flag(_) | Tree::Number(_) | Tree::Text(_) | Tree::Object(_)) => {
                self.wrong(key);
                return Field::Absent;
            }
        };
        let mut inner = Inner { notes: self.notes, unknown: self.unknown };
        let read: Vec<_> = items.iter().filter_map(|tree| part(tree, key, &mut inner)).collect();
        self.unknown = inner.unknown;
        if read.len() < items.len() {
            self.wrong(key);
        }
        Field::Is(read)
    }

    fn version(&mut self) -> Field<u64> {
        match self.get("v") {
            None => Field::Absent,
            Some(Tree::Number(text)) if Decimal::parse(text) == Some(Decimal::whole(1)) => Field::Is(1),
            Some(_) => Field::Is(0),
        }
    }

    /// Notes every key that is not among `known` [EVT-2].
    fn only(&mut self, known: &[&str]) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
            self.unknown = true;
            let is_plain = (1..=32).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let name = if is_plain { key.as_ref() } else { "" };
            self.notes.add(Fault::UnknownField, &format!("{}{name}", self.path));
        }
    }
}

/// Opens an object at `path`; `None` if the tree is none.
fn open<'t, 'n>(tree: &'t Tree<'t>, path: &'static str, inner: &'n mut Inner<'_>) -> Option<Keys<'t, 'n>> {
    match tree {
        Tree::Object(entries) => Some(Keys { entries, path, notes: &mut *inner.notes, unknown: inner.unknown }),
        Tree::Null | Tree::Flag(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => None,
    }
}

/// Reads an object whose keys are all in `known`.
fn object<'t, T>(
    tree: &'t Tree<'t>,
    path: &'static str,
    known: &[&str],
    inner: &mut Inner<'_>,
    read: impl FnOnce(&mut Keys<'t, '_>) -> Option<T>,
) -> Option<T> {
    let mut keys = open(tree, path, inner)?;
    let value = read(&mut keys);
    keys.only(known);
    let has_unknown = keys.unknown;
    inner.unknown = has_unknown;
    value
}

fn plain_text<'t>(tree: &'t Tree<'t>, _: &'static str, _: &mut Inner<'_>) -> Option<&'t str> {
    tree.text()
}

fn flag<'t>(tree: &'t Tree<'t>, _: &'static str, _: &mut Inner<'_>) -> Option<bool> {
    match tree {
        Tree::Flag(flag) => Some(*flag),
        Tree::Null | Tree::Number(_) | Tree::Text(_) | Tree::List(_) | Tree::Object(_) => None,
    }
}

fn number<'t>(tree: &'t Tree<'t>, _: &'static str, _: &mut Inner<'_>) -> Option<Num> {
    match tree {
        Tree::Number(text) => Num::nearest(text),
        Tree::Text(text) => Num::nearest(text),
        Tree::Null | Tree::Flag(_) | Tree::List(_) | Tree::Object(_) => None,
    }
}

fn msg<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<Map<WireMsg<'t>>> {
    let known = ["id", "made_at", "app", "facility", "format", "trigger", "sha"];
    object(tree, "msg.", &known, inner, |keys| {
        Some(Map(WireMsg {
            id: keys.text("id"),
            made_at: keys.read("made_at", time),
            app: keys.text("app"),
            facility: keys.text("facility"),
            format: keys.text("format"),
            trigger: keys.text("trigger"),
            sha: keys.text("sha"),
        }))
    })
}

fn report<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<Map<WireReport<'t>>> {
    let known = ["placer", "filler", "accession", "group", "parent", "replaces"];
    object(tree, "report.", &known, inner, |keys| {
        Some(Map(WireReport {
            placer: keys.read("placer", id),
            filler: keys.read("filler", id),
            accession: keys.read("accession", id),
            group: keys.read("group", id),
            parent: keys.read("parent", id),
            replaces: keys.read("replaces", id),
        }))
    })
}

fn optional<'t>(field: &Field<&'t str>) -> Option<&'t str> {
    match field {
        Field::Is(text) => Some(text),
        Field::Absent | Field::Null => None,
    }
}

fn id<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireId<'t>> {
    if let Some(id) = tree.text() {
        return Some(WireId { id, ns: "", is_bare: true });
    }
    object(tree, "", &["id", "ns"], inner, |keys| {
        let (id, ns) = (keys.text("id"), keys.text("ns"));
        Some(WireId { id: optional(&id)?, ns: optional(&ns).unwrap_or_default(), is_bare: false })
    })
}

fn code<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireCode<'t>> {
    if let Some(code) = tree.text() {
        return Some(WireCode { code, system: "", display: "" });
    }
    object(tree, "test.", &["code", "system", "display"], inner, |keys| {
        let (code, system, display) = (keys.text("code"), keys.text("system"), keys.text("display"));
        Some(WireCode {
            code: optional(&code)?,
            system: optional(&system).unwrap_or_default(),
            display: optional(&display).unwrap_or_default(),
        })
    })
}

fn tests<'t>(tree: &'t Tree<'t>, key: &'static str, inner: &mut Inner<'_>) -> Option<WireTests<'t>> {
    match tree {
        Tree::List(items) => Some(WireTests::Many(items.iter().filter_map(|item| code(item, key, inner)).collect())),
        Tree::Text(_) | Tree::Object(_) => code(tree, key, inner).map(WireTests::One),
        Tree::Null | Tree::Flag(_) | Tree::Number(_) => None,
    }
}

fn time<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireTime<'t>> {
    if let Some(text) = tree.text() {
        return Some(WireTime::Text(text));
    }
    object(tree, "time.", &["lo", "hi", "p", "z", "q"], inner, |keys| {
        let q = keys.list("q", plain_text);
        let [lo, hi, p, z] = ["lo", "hi", "p", "z"].map(|key| keys.text(key));
        Some(WireTime::Parts(Box::new(WireTimeParts { lo, hi, p, z, q })))
    })
}

fn milestone<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<Map<WireMilestone<'t>>> {
    object(tree, "milestones.", &["step", "at", "evidence"], inner, |keys| {
        let (step, at, evidence) = (keys.text("step"), keys.read("at", time), keys.text("evidence"));
        Some(Map(WireMilestone { step, at, evidence }))
    })
}

fn person<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<Map<WirePerson<'t>>> {
    object(tree, "people.", &["role", "token", "id", "ns"], inner, |keys| {
        Some(Map(WirePerson {
            role: keys.text("role"),
            token: keys.text("token"),
            id: keys.text("id"),
            ns: keys.text("ns"),
        }))
    })
}

const RESULT_KEYS: [&str; 14] = [
    "code",
    "sub",
    "num",
    "cmp",
    "unit",
    "coded",
    "text",
    "narrative",
    "ref_low",
    "ref_high",
    "abnormal",
    "status",
    "observed_at",
    "critical",
];

fn result<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<Map<WireResult<'t>>> {
    object(tree, "results.", &RESULT_KEYS, inner, |keys| {
        let num = keys.read("num", number);
        // A number with more digits than are kept is text [EVT-5].
        let is_text = matches!((&num, keys.get("num")), (Field::Absent, Some(Tree::Number(_) | Tree::Text(_))));
        let narrative = if is_text { Field::Is(true) } else { keys.read("narrative", flag) };
        Some(Map(WireResult {
            code: keys.read("code", code),
            sub: keys.text("sub"),
            num,
            cmp: keys.text("cmp"),
            unit: keys.text("unit"),
            coded: keys.read("coded", code),
            text: keys.text("text"),
            narrative,
            ref_low: keys.read("ref_low", number),
            ref_high: keys.read("ref_high", number),
            abnormal: keys.list("abnormal", plain_text),
            status: keys.text("status"),
            observed_at: keys.read("observed_at", time),
            critical: keys.read("critical", flag),
        }))
    })
}

fn attributes<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireAttributes<'t>> {
    let Tree::Object(entries) = tree else { return None };
    let scalar = |tree: &'t Tree<'t>| match tree {
        Tree::Null => Some(WireScalar::Null),
        Tree::Flag(flag) => Some(WireScalar::Flag(*flag)),
        Tree::Number(text) => Decimal::nearest(text).map(|(number, _)| WireScalar::Number(number)),
        Tree::Text(text) => Some(WireScalar::Text(text)),
        Tree::List(_) | Tree::Object(_) => None,
    };
    let read: Vec<_> = entries.iter().filter_map(|(key, tree)| Some((key.as_ref(), scalar(tree)?))).collect();
    if read.len() < entries.len() {
        inner.notes.add(Fault::AttributeDropped, "attributes");
    }
    Some(WireAttributes { entries: read })
}

/// What an answer says; without the act the fact is unknown.
fn answer<'t>(keys: &mut Keys<'t, '_>) -> Result<Option<Box<WireAnswer<'t>>>, Refusal> {
    match keys.read("answer", answer_parts) {
        Field::Is(answer) => Ok(Some(Box::new(answer))),
        Field::Absent if keys.get("answer").is_some() => Err(refusal(Code::UnknownAct, "answer.act")),
        Field::Absent | Field::Null => Ok(None),
    }
}

fn answer_parts<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireAnswer<'t>> {
    let known = ["act", "code", "nid", "by", "told_by", "value", "unit", "result"];
    object(tree, "answer.", &known, inner, |keys| {
        let (who, licence) = match keys.read("by", by) {
            Field::Is((who, licence)) => (Some(who), licence),
            Field::Absent | Field::Null => (None, None),
        };
        let told_by = match keys.read("told_by", by) {
            Field::Is((who, _)) => Some(who),
            Field::Absent | Field::Null => None,
        };
        let result = match keys.read("result", code) {
            Field::Is(code) => Some(code),
            Field::Absent | Field::Null => None,
        };
        let [act, code, nid, unit] = ["act", "code", "nid", "unit"].map(|key| optional(&keys.text(key)));
        let value = optional(&keys.read("value", digits));
        Some(WireAnswer { act: act?, code, nid, by: who, licence, told_by, value, unit, result })
    })
}

/// A number or a text, as it was written.
fn digits<'t>(tree: &'t Tree<'t>, _: &'static str, _: &mut Inner<'_>) -> Option<&'t str> {
    match tree {
        Tree::Number(text) => Some(text),
        Tree::Text(text) => Some(text),
        Tree::Null | Tree::Flag(_) | Tree::List(_) | Tree::Object(_) => None,
    }
}

fn by<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<(WirePerson<'t>, Option<&'t str>)> {
    object(tree, "answer.by.", &["token", "id", "ns", "licence"], inner, |keys| {
        let licence = optional(&keys.text("licence"));
        let person =
            WirePerson { role: Field::Absent, token: keys.text("token"), id: keys.text("id"), ns: keys.text("ns") };
        Some((person, licence))
    })
}

/// What joins what; anything less is no merge.
fn merge<'t>(keys: &mut Keys<'t, '_>) -> Result<Option<Box<WireMerge<'t>>>, Refusal> {
    match keys.read("merge", merge_parts) {
        Field::Is(merge) => Ok(Some(Box::new(merge))),
        Field::Absent if keys.get("merge").is_some() => Err(refusal(Code::UnknownMerge, "merge")),
        Field::Absent | Field::Null => Ok(None),
    }
}

fn merge_parts<'t>(tree: &'t Tree<'t>, _: &'static str, inner: &mut Inner<'_>) -> Option<WireMerge<'t>> {
    fn both<T>(from: Field<T>, into: Field<T>) -> Option<(T, T)> {
        match (from, into) {
            (Field::Is(from), Field::Is(into)) => Some((from, into)),
            (Field::Absent | Field::Null | Field::Is(_), _) => None,
        }
    }
    object(tree, "merge.", &["what", "from", "into"], inner, |keys| {
        let what = optional(&keys.text("what"))?;
        if what == "report" {
            let (from, into) = both(keys.read("from", report), keys.read("into", report))?;
            return Some(WireMerge::Reports(Box::new((from.0, into.0))));
        }
        let (from, into) = both(keys.read("from", id), keys.read("into", id))?;
        match what {
            "patient" => Some(WireMerge::Patients(from, into)),
            "encounter" => Some(WireMerge::Encounters(from, into)),
            _ => None,
        }
    })
}
