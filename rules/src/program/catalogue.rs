//! Catalogue: which names has this hospital added to the standard ones?
//!
//! Names compare exactly as written; how a source's codes become them is the mapping of that source.

use super::{DeskId, FeedId, PlaceId, RosterId, SiteId, TestId};
use crate::{
    Text,
    time::Zone,
    unit::Unit,
    words::{Channel, KindSet},
};

/// The names of one ward.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Catalogue {
    /// Hospitals and clinics.
    pub sites: Vec<Site>,
    /// Places patients are at: units, clinics.
    pub places: Vec<Place>,
    /// Values of coded fields, by field.
    pub values: Vec<FieldValues>,
    /// Declared waiting flags: the reason as events spell it (`special_stain` for `awaiting special stain`).
    pub waits: Vec<Text>,
    /// Tests.
    pub tests: Vec<DeclaredTest>,
    /// Feeds.
    pub feeds: Vec<Feed>,
    /// Channels and the sink each goes through.
    pub channels: Vec<DeclaredChannel>,
    /// Texts to patients.
    pub templates: Vec<Template>,
    /// The desk `Operations`, if declared: it hears of faults.
    pub operations: Option<DeskId>,
}

/// A hospital or clinic.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Its name, as events spell it.
    pub name: Text,
    /// Its zone; the ward's if none.
    pub zone: Option<Zone>,
}

/// A place patients are at.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// Its name, as events spell it in `location`.
    pub name: Text,
    /// Where it is.
    pub site: Option<SiteId>,
    /// Whose roster is the covering clinician of its patients.
    pub covered_by: Option<RosterId>,
}

/// The values a coded field may have: `values specimen class: surgical biopsy, autopsy`.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldValues {
    /// The field, as the ward spells it.
    pub field: Text,
    /// Its values.
    pub values: Vec<Text>,
}

/// A test and the codes that mean it.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredTest {
    /// Its name.
    pub name: Text,
    /// Its LOINC codes.
    pub loinc: Vec<Text>,
    /// Its unit, if its results are quantities.
    pub unit: Option<Unit>,
}

/// A configured way in.
#[derive(Clone, PartialEq, Debug)]
pub struct Feed {
    /// Its name: the `source` of its events, compared without regard to case.
    pub name: Text,
    /// What it carries; empty if not said.
    pub carries: KindSet,
    /// Where it comes from.
    pub site: Option<SiteId>,
}

/// A channel and the sink it goes through.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredChannel {
    /// The channel.
    pub channel: Channel,
    /// The `[[channel]]` of the installation that carries it.
    pub via: Text,
}

/// A text to patients.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    /// Its name.
    pub name: Text,
    /// Its language.
    pub language: Text,
    /// The text with `{placeholders}`.
    pub text: Text,
}

impl Catalogue {
    /// The test of a code: a declared LOINC code, or the test's own name as code.
    #[must_use]
    pub fn test_of_code(&self, code: &str) -> Option<TestId> {
        position(&self.tests, |test| test.loinc.iter().any(|loinc| loinc == code) || test.name == code).map(TestId)
    }

    /// The place of that name.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<PlaceId> {
        position(&self.places, |place| place.name == name).map(PlaceId)
    }

    /// The site of that name.
    #[must_use]
    pub fn site(&self, name: &str) -> Option<SiteId> {
        position(&self.sites, |site| site.name == name).map(SiteId)
    }

    /// The feed that an event's `source` names, without regard to case.
    #[must_use]
    pub fn feed(&self, source: &str) -> Option<FeedId> {
        position(&self.feeds, |feed| feed.name.eq_ignore_ascii_case(source)).map(FeedId)
    }
}

fn position<T>(list: &[T], is: impl Fn(&T) -> bool) -> Option<u32> {
    list.iter().position(is).and_then(|found| u32::try_from(found).ok())
}
