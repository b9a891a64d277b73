//! Catalogue: which names has this ward, and which severities?
//!
//! - **Not here**: holiday files, people.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::Text;
use wardline_rules::program::{
    Catalogue, DeclaredChannel, DeclaredTest, DeskId, Feed, FieldValues, Place, RosterId, Severity, Site, SiteId,
    Template,
};
use wardline_rules::unit::Unit;
use wardline_rules::words::KindSet;

use super::context::Context;
use super::{length, names, text};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest;
use crate::syntax::basic::Name;
use crate::syntax::{Block, Detail, catalogue as tree};
use crate::vocabulary::{BlockKind, RESERVED};

/// Collects what all catalogue blocks declare. A second entry of one name is WL0202; the first counts.
pub(super) fn catalogue(cx: &mut Context<'_>) -> Catalogue {
    let mut all = Catalogue::default();
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Catalogue).collect();
    for block in &blocks {
        for (site, _) in block.site() {
            add_site(cx, &mut all, site);
        }
    }
    for block in blocks {
        block.place().for_each(|(place, _)| add_place(cx, &mut all, place));
        block.values().for_each(|(values, _)| add_values(cx, &mut all, values));
        block.flag().for_each(|(flag, _)| add_flag(cx, &mut all, flag));
        block.test().for_each(|(test, _)| add_test(cx, &mut all, test));
        block.feed().for_each(|(feed, _)| add_feed(cx, &mut all, feed));
        block.channel().for_each(|(channels, _)| add_channels(&mut all, channels));
        block.template().for_each(|(template, _)| add_template(cx, &mut all, template));
    }
    once(&mut all);
    all.operations = cx.names.find(BlockKind::Desk, "Operations").map(|(index, _)| DeskId(index));
    all
}

/// Whether a name is new among those known; WL0202 if not.
fn is_new<'n>(cx: &mut Context<'_>, mut known: impl Iterator<Item = &'n str>, name: &Name, what: &str) -> bool {
    let again = known.any(|known| known == name.node);
    if again {
        let found = Diagnostic::new(Code::WL0202, name.span, format!("There are two {what} \"{}\".", name.node));
        cx.report(found.because("A name means one thing: delete one of them."));
    }
    !again
}

fn add_site(cx: &mut Context<'_>, all: &mut Catalogue, site: &tree::Site) {
    let zone = site.zone.as_ref().and_then(|zone| cx.zone_of(&zone.node, zone.span));
    if is_new(cx, all.sites.iter().map(|site| site.name.as_str()), &site.name, "sites") {
        all.sites.push(Site { name: site.name.node.as_str().into(), zone });
    }
}

/// The site of a name; WL0201 if it is not declared.
fn site_id(cx: &mut Context<'_>, all: &Catalogue, name: &Name) -> Option<SiteId> {
    let found = all.site(&name.node);
    if found.is_none() {
        let sites: Vec<&str> = all.sites.iter().map(|site| site.name.as_str()).collect();
        cx.report(unknown("site", name, &sites));
    }
    found
}

fn add_place(cx: &mut Context<'_>, all: &mut Catalogue, place: &tree::Place) {
    let site = place.at.as_ref().and_then(|at| site_id(cx, all, at));
    let covered_by =
        place.covered_by.as_ref().and_then(|roster| names::resolve(cx, BlockKind::Roster, roster)).map(RosterId);
    if is_new(cx, all.places.iter().map(|place| place.name.as_str()), &place.name, "places") {
        all.places.push(Place { name: place.name.node.as_str().into(), site, covered_by });
    }
}

/// Fields whose values a ward declares.
pub(super) const VALUE_FIELDS: &[&str] = &["specimen class", "specimen site", "department", "patient risk", "finding"];

fn add_values(cx: &mut Context<'_>, all: &mut Catalogue, values: &tree::Values) {
    if !VALUE_FIELDS.contains(&values.field.node.as_str()) {
        let found = Diagnostic::new(
            Code::WL0201,
            values.field.span,
            format!("No field \"{}\" has values of the ward.", values.field.node),
        );
        cx.report(suggested(found, &values.field, VALUE_FIELDS, "Fields with values are"));
        return;
    }
    let field = values.field.node.as_str();
    if !all.values.iter().any(|known| known.field == field) {
        all.values.push(FieldValues { field: field.into(), values: Vec::new() });
    }
    let Some(known) = all.values.iter_mut().find(|known| known.field == field) else { return };
    known.values.extend(values.values.iter().map(|value| Text::from(value.node.as_str())));
}

/// Each value once, where it is named first.
fn once(all: &mut Catalogue) {
    for known in &mut all.values {
        let mut seen = BTreeSet::new();
        known.values.retain(|value| seen.insert(value.clone()));
    }
}

/// The values of each field, to look them up.
pub(super) fn values(catalogue: &Catalogue) -> BTreeMap<Text, BTreeSet<Text>> {
    catalogue.values.iter().map(|known| (known.field.clone(), known.values.iter().cloned().collect())).collect()
}

/// A flag of the ward begins with `awaiting`; its reason has at most 15 characters in events.
fn add_flag(cx: &mut Context<'_>, all: &mut Catalogue, flag: &Name) {
    const REASON_CHARS_MAX: usize = 15;
    let Some(reason) = flag.node.strip_prefix("awaiting ") else {
        let found = Diagnostic::new(Code::WL0108, flag.span, "A flag of the ward begins with awaiting.");
        let corrected = format!("flag      awaiting {}", flag.node);
        cx.report(found.because("It says what a report waits for.").help("Change it to:", &[&corrected]));
        return;
    };
    let reason = reason.replace([' ', '-'], "_");
    if reason.chars().count() > REASON_CHARS_MAX {
        let message =
            format!("What follows awaiting has {} characters; {REASON_CHARS_MAX} are allowed.", reason.chars().count());
        cx.problem(Code::WL0107, flag.span, message);
    } else if is_new(
        cx,
        all.waits.iter().map(wardline_rules::Text::as_str),
        &Name { node: reason.clone(), span: flag.span },
        "flags",
    ) {
        all.waits.push(reason.as_str().into());
    }
}

fn add_test(cx: &mut Context<'_>, all: &mut Catalogue, test: &tree::Test) {
    let unit = test.unit.as_ref().and_then(|unit| self::unit(cx, unit));
    for loinc in &test.loinc {
        loinc_check_digit(cx, loinc);
    }
    let loinc = test.loinc.iter().map(|code| code.node.as_str().into()).collect();
    if is_new(cx, all.tests.iter().map(|test| test.name.as_str()), &test.name, "tests") {
        all.tests.push(DeclaredTest { name: test.name.node.as_str().into(), loinc, unit });
    }
}

/// A unit of the edition; WL0309 if it is none.
pub(super) fn unit(cx: &mut Context<'_>, unit: &Name) -> Option<Unit> {
    let found = Unit::parse(&unit.node);
    if found.is_none() {
        let units: Vec<&str> = Unit::codes().collect();
        let found = Diagnostic::new(Code::WL0309, unit.span, format!("\"{}\" is no unit I know.", unit.node));
        cx.report(suggested(found, unit, &units, "Units are written as UCUM does, such as"));
    }
    found
}

/// SPEC: LOINC Users' Guide, appendix on the check digit: mod 10 by Luhn.
fn loinc_check_digit(cx: &mut Context<'_>, loinc: &Name) {
    let Some((number, check)) = loinc.node.split_once('-') else { return };
    let digits = number.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.enumerate().map(|(at, digit)| if at % 2 == 0 { luhn(digit) } else { digit }).sum();
    let right = (10 - sum % 10) % 10;
    if check != right.to_string() {
        let message = format!("{} is not a LOINC code: its check digit would be {right}.", loinc.node);
        let found = Diagnostic::new(Code::WL0208, loinc.span, message);
        cx.report(found.because("A digit is wrong, or two are swapped.").replace(
            "If the number is right, change it to:",
            loinc.span,
            format!("{number}-{right}"),
        ));
    }
}

fn luhn(digit: u32) -> u32 {
    let doubled = digit * 2;
    if doubled > 9 { doubled - 9 } else { doubled }
}

fn add_feed(cx: &mut Context<'_>, all: &mut Catalogue, feed: &tree::Feed) {
    let site = feed.at.as_ref().and_then(|at| site_id(cx, all, at));
    let carries = feed.carries.as_ref().map_or(KindSet::NONE, |kinds| kinds.node);
    if is_new(cx, all.feeds.iter().map(|feed| feed.name.as_str()), &feed.name, "feeds") {
        all.feeds.push(Feed { name: feed.name.node.as_str().into(), carries, site });
    }
}

fn add_channels(all: &mut Catalogue, channels: &tree::Channels) {
    for channel in &channels.channels {
        let via = channels.via.node.as_str();
        match all.channels.iter_mut().find(|known| known.channel == channel.node) {
            Some(known) => known.via = via.into(),
            None => all.channels.push(DeclaredChannel { channel: channel.node, via: via.into() }),
        }
    }
}

fn add_template(cx: &mut Context<'_>, all: &mut Catalogue, template: &tree::Template) {
    text::template(cx, &template.text);
    let (name, language) = (template.name.node.as_str(), template.language.node.as_str());
    all.templates.push(Template {
        name: name.into(),
        language: language.into(),
        text: template.text.node.as_str().into(),
    });
}

/// The severities, highest first.
pub(super) fn severities(cx: &mut Context<'_>) -> Vec<Severity> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Severity).collect();
    let rules = [BlockKind::Sla, BlockKind::Alert].into_iter().any(|kind| cx.of_kind(kind).next().is_some());
    if blocks.is_empty() && rules {
        let span = cx.ward.map_or(Span::default(), |ward| ward.header);
        let found = Diagnostic::new(Code::WL0105, span, "This ward declares no severity.");
        cx.report(found.help("Use the starter pack:", &["uses      pack \"starter\""]));
    }
    blocks.into_iter().filter_map(|block| severity(cx, block)).collect()
}

fn severity(cx: &mut Context<'_>, block: &Block) -> Option<Severity> {
    let Detail::Severity(detail) = &block.detail else { return None };
    let calendar = detail.counts.as_ref().and_then(|name| length::calendar(cx, name));
    let answer_within = length::length(
        cx,
        &detail.answer_within,
        length::Use { calendar: detail.counts.as_ref(), what: "answer within" },
    )?;
    Some(Severity {
        name: block.name().into(),
        answer_within,
        calendar,
        ignores_quiet: detail.ignores_quiet,
        cannot_be_held: detail.cannot_be_held,
    })
}

/// WL0201 for a name that is not in a list of the catalogue; where none is near, how it would be declared.
pub(super) fn unknown(what: &str, name: &Name, known: &[&str]) -> Diagnostic {
    let found = Diagnostic::new(Code::WL0201, name.span, format!("I don't know the {what} \"{}\".", name.node));
    or_declare(suggested(found, name, known, "The catalogue has"), what, name, known)
}

/// Adds how a name would be declared, where none is near that could be meant.
pub(super) fn or_declare(found: Diagnostic, what: &str, name: &Name, known: &[&str]) -> Diagnostic {
    let is_near = suggest::nearest(&name.node, known.iter().copied()).is_some();
    match declaration(what, &name.node, known).filter(|_| !is_near) {
        Some(clause) => found.help("If the name is right, declare it in a catalogue:", &[&clause]),
        None => found,
    }
}

/// The clause that would declare a name; `None` where a ward can declare none.
fn declaration(what: &str, name: &str, known: &[&str]) -> Option<String> {
    let is_bare = name.split(' ').all(|word| !RESERVED.contains(&word) && word.starts_with(char::is_alphabetic));
    let entry = if is_bare { name.to_owned() } else { format!("\"{name}\"") };
    match what {
        "site" | "place" => Some(format!("{what:<9} {entry}")),
        "test" => Some(format!("test      {entry}, LOINC …, in …")),
        "feed" => Some(format!("feed      {name}")),
        field if VALUE_FIELDS.contains(&field) && known.is_empty() => Some(format!("values    {field}: {entry}")),
        _ => None,
    }
}

/// A suggestion where a name is near, else what there is.
pub(super) fn suggested(found: Diagnostic, name: &Name, known: &[&str], there_is: &str) -> Diagnostic {
    match suggest::nearest(&name.node, known.iter().copied()) {
        Some(near) => found.replace(format!("Did you mean {near}? Change it to:"), name.span, near),
        None if known.is_empty() => found.because("The catalogue has none yet."),
        None => found.because(format!("{there_is}: {}.", names::some(known))),
    }
}
