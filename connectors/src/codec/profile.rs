//! Profile: what is particular about one feed?
//!
//! Everything a hospital may have to say about a source before its messages can be read: plain values, no code, each
//! with a default that suits a sender who keeps to the standard. A feed of another vendor is another profile.
//!
//! - **How it fits**: the shell reads it from the feed's section of the configuration; codecs only look at it.
//! - **Not here**: what the core decides by source (when a report is settled, what counts as late).
//! - **Source**: domain page sections 4 and 5, the rows marked °.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::Error as _};
use wardline_rules::{
    Text,
    time::{Zone, zone},
    words::{Flag, Kind},
};

/// What is particular about one feed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Name of the feed; events of its dotted children are accepted too.
    pub source: Text,
    /// Refuse unknown fields of JSON instead of dropping them [EVT-2].
    pub strict: bool,
    /// Believe the producer's `received_at`: imports of history only.
    pub import: bool,
    /// Zone of times without an offset.
    #[serde(deserialize_with = "read_zone")]
    pub zone: Option<Zone>,
    /// Zone of the site, asked last.
    #[serde(deserialize_with = "read_zone")]
    pub site_zone: Option<Zone>,
    /// Whether the offset of the message or the zone of the source comes first [TIM-2].
    pub zone_rule: ZoneRule,
    /// Midnight exactly means that only the date is known [TIM-6].
    pub midnight_is_date: bool,
    /// Character set where MSH-18 names none.
    pub charset: Option<Text>,
    /// Values of MSH-11 that are accepted; empty means `P` alone.
    pub processing: BTreeSet<Text>,
    /// How HL7 messages are answered [ACK-2].
    pub ack_mode: AckMode,
    /// Namespaces of numbers that name none.
    pub authorities: Authorities,
    /// Other names of namespaces, and the one we use.
    pub namespaces: BTreeMap<Text, Text>,
    /// Drop zeros in front of numbers [IDN-4].
    pub trim_zeros: bool,
    /// Whether a number means a report or a report's test; part of identity in the core [IDN-3].
    pub number_scope: NumberScope,
    /// Kind of reports that do not say theirs.
    #[serde(deserialize_with = "read_kind")]
    pub kind: Option<Kind>,
    /// Kinds by type of document (TXA-2).
    #[serde(deserialize_with = "read_kinds")]
    pub document_kinds: BTreeMap<Text, Kind>,
    /// Departments by diagnostic service (OBR-24).
    pub departments: BTreeMap<Text, Text>,
    /// Sites by sending facility (MSH-4) or by PV1-3.4.
    pub sites: BTreeMap<Text, Text>,
    /// Priorities by local code, as the event spells them.
    pub priorities: BTreeMap<Text, Text>,
    /// Field of an HL7 message that holds the accession number, such as `OBR-18`, where SPM-30 does not.
    pub accession_field: Option<Text>,
    /// Attributes beyond those that every installation knows.
    pub attributes: BTreeSet<Text>,
    /// HL7 fields that become attributes, such as `ZDS-2` to `bench`.
    pub attribute_fields: BTreeMap<Text, Text>,
    /// HL7 fields that raise a flag when valued, such as `ZDS-3` to `poct`.
    #[serde(deserialize_with = "read_flags")]
    pub flag_fields: BTreeMap<Text, Flag>,
    /// Reasons of `wait.<reason>` beyond those that every installation knows.
    pub waits: BTreeSet<Text>,
    /// A request to cancel is a cancellation: for fillers that never confirm [REP-7].
    pub trust_cancel_request: bool,
    /// How test patients are known [EVT-9].
    pub test_patients: TestPatients,
}

/// Namespaces of numbers that name none [IDN-4].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authorities {
    /// Of placer numbers.
    pub placer: Text,
    /// Of filler numbers.
    pub filler: Text,
    /// Of accession numbers.
    pub accession: Text,
    /// Of requisition numbers.
    pub group: Text,
    /// Of patients.
    pub patient: Text,
    /// Of encounters.
    pub encounter: Text,
    /// Of people.
    pub person: Text,
}

/// How test patients are known: any of these is enough [EVT-9].
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestPatients {
    /// Their identifiers begin so.
    pub prefixes: Vec<Text>,
    /// Their authority is one of these.
    pub authorities: BTreeSet<Text>,
    /// Their class (PV1-2, or `class` of JSON) is one of these.
    pub classes: BTreeSet<Text>,
}

/// Which zone is asked first for a time without an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneRule {
    /// The offset in the header of the message: the standard's default.
    #[default]
    MessageFirst,
    /// The zone of the source: for senders that stamp headers in UTC and write local times elsewhere.
    SourceFirst,
}

/// How HL7 messages are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckMode {
    /// As MSH-15 and MSH-16 ask.
    #[default]
    Auto,
    /// One AA, AE or AR, whatever the header asks.
    Original,
}

/// What a number means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberScope {
    /// One test of an order.
    #[default]
    PerTest,
    /// One report.
    PerReport,
}

/// The attributes that every installation knows.
const ATTRIBUTES: [&str; 13] = [
    "analyser",
    "bench",
    "body_site",
    "encounter_status",
    "finding_category",
    "laterality",
    "modality",
    "patient_age",
    "patient_risk",
    "patient_zone",
    "service_line",
    "specimen_class",
    "specimen_type",
];

/// The reasons to wait that every installation knows.
const WAITS: [&str; 4] = ["clinical_info", "outside_consult", "recollect", "special_stain"];

impl Profile {
    /// The profile of `source` with every default.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self { source: Text::from(source), ..Self::default() }
    }

    /// Whether events may carry the attribute `key`.
    #[must_use]
    pub fn declares_attribute(&self, key: &str) -> bool {
        ATTRIBUTES.binary_search(&key).is_ok() || self.attributes.contains(key)
    }

    /// Whether `wait.<reason>` is declared.
    #[must_use]
    pub fn declares_wait(&self, reason: &str) -> bool {
        WAITS.binary_search(&reason).is_ok() || self.waits.contains(reason)
    }

    /// Whether messages with this processing id are for us; an empty one is taken for production.
    #[must_use]
    pub fn accepts_processing(&self, id: &str) -> bool {
        let id = if id.is_empty() { "P" } else { id };
        if self.processing.is_empty() { id == "P" } else { self.processing.contains(id) }
    }

    /// Whether this source may say it is `source`: the feed's name or a dotted child of it. The profile of no feed, as an
    /// import or a backtest of many feeds uses it, speaks for all.
    #[must_use]
    pub fn speaks_for(&self, source: &str) -> bool {
        if self.source.is_empty() {
            return true;
        }
        let rest = source.strip_prefix(self.source.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn read_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zone>, D::Error> {
    let Some(name) = Option::<Text>::deserialize(deserializer)? else { return Ok(None) };
    zone(&name).map(Some).ok_or_else(|| D::Error::custom(format!("`{name}` is no IANA zone")))
}

fn kind_of<E: serde::de::Error>(name: &str) -> Result<Kind, E> {
    Kind::parse(name).ok_or_else(|| E::custom(format!("`{name}` is no kind of report")))
}

fn read_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Kind>, D::Error> {
    Option::<Text>::deserialize(deserializer)?.map(|name| kind_of(&name)).transpose()
}

fn read_kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Text, Kind>, D::Error> {
    let names = BTreeMap::<Text, Text>::deserialize(deserializer)?;
    names.into_iter().map(|(code, name)| Ok((code, kind_of(&name)?))).collect()
}

fn read_flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Text, Flag>, D::Error> {
    let names = BTreeMap::<Text, Text>::deserialize(deserializer)?;
    let flag = |name: &str| {
        let found = Flag::parse(name).filter(|flag| flag.is_from_outside());
        found.ok_or_else(|| D::Error::custom(format!("`{name}` is no flag that a source may raise")))
    };
    names.into_iter().map(|(field, name)| Ok((field, flag(&name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_from_plain_values() {
        let text = r#"{"source":"lis","zone":"America/Chicago","zone_rule":"source_first","kind":"lab",
            "processing":["P","T"],"authorities":{"filler":"BEAKER"},"ack_mode":"original","flag_fields":{"ZDS-3":"poct"}}"#;
        let profile: Profile = serde_json::from_str(text).unwrap();
        assert_eq!(profile.zone.as_ref().unwrap().name(), "America/Chicago");
        assert_eq!((profile.zone_rule, profile.kind), (ZoneRule::SourceFirst, Some(Kind::Lab)));
        assert!(profile.accepts_processing("T") && profile.accepts_processing("") && !profile.accepts_processing("D"));
        assert_eq!(profile.authorities.filler, "BEAKER");
        assert_eq!(profile.flag_fields.get("ZDS-3"), Some(&Flag::Poct));
    }

    #[test]
    fn what_a_profile_cannot_mean_is_refused() {
        for text in [
            r#"{"zone":"America/Chicgo"}"#,
            r#"{"kind":"labs"}"#,
            r#"{"zon":"UTC"}"#,
            r#"{"flag_fields":{"ZDS-1":"stale"}}"#,
        ] {
            assert!(serde_json::from_str::<Profile>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_feed_speaks_for_its_children_only() {
        let profile = Profile::new("lis");
        assert!(profile.speaks_for("lis") && profile.speaks_for("lis.bench-2"));
        assert!(!profile.speaks_for("lis2") && !profile.speaks_for("li") && !profile.speaks_for("ris"));
    }
}
