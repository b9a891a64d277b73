//! World: what does not change while reports come and go?
//!
//! A profile made ready to draw from: calendars, choices, names of sites and feeds, the menu with its departments, the clocks of the feeds.
//! Everything here is fixed by (profile, fault set, seed); a [`World`] is only ever read.
//!
//! - **How it fits**: [`arrivals`](crate::arrivals), [`life`](crate::life), [`faults`](crate::faults) and [`line`](crate::line) all borrow it.
//! - **Not here**: anything about a single report.

use std::collections::BTreeMap;

use crate::calendar::{Calendar, Flat, Holiday};
use crate::draw::{GeometricTail, Weighted, Zipf, whole};
use crate::error::Error;
use crate::profile::{FaultFigures, LabTest, Menu, Profile, SettingFigures, Specimen};
use crate::random::{Domain, Stream};
use crate::vocabulary::{Kind, Priority, Setting};

/// A test of the menu with its place.
#[derive(Debug, Clone)]
pub struct Offer {
    /// LOINC code.
    pub code: String,
    /// The department that performs it here.
    pub department: String,
    /// Used only when the others are used up.
    pub is_spare: bool,
    /// Of cultures.
    pub specimen: Option<Specimen>,
}

/// The tests of one kind and how one is chosen.
#[derive(Debug, Clone)]
pub struct Offers {
    /// Most frequent first.
    pub tests: Vec<Offer>,
    /// Choice among those that are not spare.
    pub choice: Weighted,
}

/// The choices of one setting.
#[derive(Debug, Clone)]
pub struct SettingChoices {
    /// Kinds, weighted per requisition.
    pub kinds: Vec<Kind>,
    /// Chooses an index of `kinds`.
    pub kind: Weighted,
    /// Priorities of the setting.
    pub priorities: Vec<Priority>,
    /// Chooses an index of `priorities`.
    pub priority: Weighted,
    /// Mean number of reports in a requisition.
    pub reports_per_group: f64,
}

/// Sites of one zone.
#[derive(Debug, Clone)]
pub struct ZoneSites {
    /// Site numbers.
    pub sites: Vec<u32>,
    /// Chooses an index of `sites`.
    pub site: Weighted,
    /// Share of all reports.
    pub share: f64,
}

/// Everything fixed by profile, fault set and seed.
#[derive(Debug, Clone)]
pub struct World {
    /// The figures.
    pub profile: Profile,
    /// The fault set.
    pub faults: FaultFigures,
    /// The seed.
    pub seed: u64,
    /// One per zone.
    pub calendars: Vec<Calendar>,
    /// One per zone.
    pub zones: Vec<ZoneSites>,
    /// Per setting with a share.
    pub settings: BTreeMap<Setting, SettingChoices>,
    /// Among all patients.
    pub patients: Zipf,
    /// Among all clinicians.
    pub clinicians: Zipf,
    /// Laboratory tests with limits, in the order of their offers.
    pub lab: Vec<LabTest>,
    /// Sizes of requisitions: 1, 2, 3 …, then a long one.
    pub size: Weighted,
    /// Long requisitions.
    pub long: Option<GeometricTail>,
    /// Site names.
    pub site_names: Vec<String>,
    /// Feed names.
    pub feed_names: Vec<String>,
    /// How far each feed's clock is ahead, in microseconds.
    pub feed_clocks: Vec<i64>,
    offers: Vec<Offers>,
}

impl World {
    /// Makes a profile ready.
    ///
    /// **Errors**: an unknown fault set, or a figure no choice can be made from.
    pub fn new(profile: Profile, fault_set: Option<&str>, seed: u64, flat: Flat) -> Result<Self, Error> {
        let name = fault_set.unwrap_or(&profile.faults).to_owned();
        let faults = profile.fault_set(&name).cloned();
        let faults = faults.ok_or(Error::Argument {
            text: name,
            wanted: "fault set",
            example: "--faults clean, realistic or rough",
        })?;
        let figure = |figure: &str| Error::ProfileFigure {
            name: profile.name.clone(),
            figure: figure.to_owned(),
            problem: "leaves nothing to choose from",
        };
        let menu = Menu::built_in().map_err(|message| Error::ProfileShape { name: "menu".to_owned(), message })?;
        let offers = Kind::ALL.iter().map(|kind| offers(*kind, &menu, &profile)).collect::<Option<Vec<_>>>();
        let zones = zones(&profile).ok_or_else(|| figure("sites"))?;
        let (size, long, mean) = sizes(&profile).ok_or_else(|| figure("group"))?;
        let settings = profile.shares.keys().map(|setting| Some((*setting, choices(&profile.setting[setting], mean)?)));
        let settings = settings.collect::<Option<BTreeMap<_, _>>>().ok_or_else(|| figure("setting"))?;
        let feed_names = feed_names(&profile);
        Ok(Self {
            calendars: calendars(&profile, flat),
            patients: Zipf::new(profile.patients, profile.patient_zipf),
            clinicians: Zipf::new(profile.clinicians, profile.clinician_zipf),
            site_names: site_names(&profile),
            feed_clocks: (0..).zip(&feed_names).map(|(feed, _)| feed_clock(&faults, seed, feed)).collect(),
            offers: offers.ok_or_else(|| figure("menu"))?,
            lab: menu.lab,
            faults,
            seed,
            zones,
            settings,
            size,
            long,
            feed_names,
            profile,
        })
    }

    /// The tests of a kind.
    #[must_use]
    pub fn offers(&self, kind: Kind) -> &Offers {
        &self.offers[kind as usize]
    }

    /// The figures of a setting that has a share.
    #[must_use]
    pub fn figures(&self, setting: Setting) -> &SettingFigures {
        &self.profile.setting[&setting]
    }

    /// Share of reports cancelled.
    #[must_use]
    pub fn cancelled(&self) -> f64 {
        self.faults.cancelled.unwrap_or(self.profile.life.cancelled)
    }

    /// Share of reports of a kind that are changed after final.
    #[must_use]
    pub fn changed(&self, kind: Kind) -> f64 {
        let usual = self.profile.life.after.changed_share.get(&kind).copied().unwrap_or(0.0);
        self.faults.changed.unwrap_or(usual)
    }

    /// The feed through which a site says things of a role; an index of `feed_names`.
    ///
    /// A site has one feed per role as long as there are enough; fewer feeds are shared by several sites.
    #[must_use]
    pub fn feed(&self, site: u32, role: FeedRole) -> usize {
        let roles = &self.profile.feed_roles;
        let wanted = role.preferred().iter().find_map(|name| roles.iter().position(|known| known == name));
        let site = usize::try_from(site).unwrap_or(0);
        (site * roles.len() + wanted.unwrap_or(0)) % self.feed_names.len()
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedRole {
    /// The record: orders, reviews, releases.
    Record,
    /// The department of a kind.
    Department(Kind),
    /// The patient portal.
    Portal,
    /// Whoever writes down answers to critical calls.
    Calls,
}

impl FeedRole {
    /// Names of feed roles that may speak for it, best first.
    const fn preferred(self) -> &'static [&'static str] {
        match self {
            Self::Record => &["ehr"],
            Self::Department(Kind::Lab | Kind::BloodBank) => &["lis"],
            Self::Department(Kind::Micro) => &["micro", "lis"],
            Self::Department(Kind::Pathology | Kind::Genetics) => &["ap", "lis"],
            Self::Department(Kind::Imaging) => &["ris"],
            Self::Department(Kind::Cardiology | Kind::Pulmonary) => &["cardio", "ris"],
            Self::Portal => &["portal", "ehr"],
            Self::Calls => &["calls", "ehr"],
        }
    }
}

fn calendars(profile: &Profile, flat: Flat) -> Vec<Calendar> {
    let holidays: Vec<Holiday> = profile.holidays.iter().filter_map(|text| Holiday::parse(text)).collect();
    profile.zones.iter().filter_map(|zone| Calendar::new(zone, &holidays, flat)).collect()
}

fn zones(profile: &Profile) -> Option<Vec<ZoneSites>> {
    let weight = |site: u32| libm::pow(f64::from(site) + 1.0, -profile.site_zipf);
    let all: f64 = (0..profile.sites).map(weight).sum();
    let zone = |zone: usize| {
        let sites: Vec<u32> = (0..profile.sites).skip(zone).step_by(profile.zones.len()).collect();
        let share = sites.iter().map(|site| weight(*site)).sum::<f64>() / all;
        Some(ZoneSites { site: Weighted::new(sites.iter().map(|site| weight(*site)))?, sites, share })
    };
    (0..profile.zones.len()).map(zone).collect()
}

/// The choice of a size, the long tail, and the mean size.
fn sizes(profile: &Profile) -> Option<(Weighted, Option<GeometricTail>, f64)> {
    let group = &profile.group;
    let mut mean: f64 = (1..).zip(&group.shares).map(|(size, share)| f64::from(size) * share).sum();
    let mut weights = group.shares.clone();
    let long = group.long.as_ref().map(|long| (long.share, GeometricTail::new(long.least, long.mean, long.most)));
    if let Some((share, tail)) = &long {
        weights.push(*share);
        mean += share * tail.mean();
    }
    Some((Weighted::new(weights)?, long.map(|(_, tail)| tail), mean))
}

/// Kinds are drawn per requisition with weight share ÷ size, so that the mix holds per report.
fn choices(figures: &SettingFigures, mean_size: f64) -> Option<SettingChoices> {
    let size = |kind: Kind| {
        if matches!(kind, Kind::Lab | Kind::BloodBank) { mean_size } else { 1.0 }
    };
    let kinds: Vec<Kind> = figures.kinds.keys().copied().collect();
    let weights: Vec<f64> = figures.kinds.iter().map(|(kind, share)| share / size(*kind)).collect();
    Some(SettingChoices {
        reports_per_group: figures.kinds.values().sum::<f64>() / weights.iter().sum::<f64>(),
        kind: Weighted::new(weights)?,
        kinds,
        priorities: figures.priorities.keys().copied().collect(),
        priority: Weighted::new(figures.priorities.values().copied())?,
    })
}

fn offers(kind: Kind, menu: &Menu, profile: &Profile) -> Option<Offers> {
    let tests: Vec<Offer> = menu
        .tests(kind)
        .into_iter()
        .map(|test| Offer {
            code: test.code.clone(),
            department: department(&test.departments, &profile.departments).to_owned(),
            is_spare: test.spare,
            specimen: test.specimen,
        })
        .collect();
    let usual = tests.iter().filter(|test| !test.is_spare).count();
    Some(Offers { choice: Weighted::zipf(usual, profile.test_zipf)?, tests })
}

fn department<'a>(wanted: &'a [String], known: &'a [String]) -> &'a str {
    let found = wanted.iter().find(|name| known.contains(name)).or(known.first());
    found.map_or("LAB", String::as_str)
}

fn site_names(profile: &Profile) -> Vec<String> {
    if profile.sites == 1 {
        return vec![profile.site_prefix.clone()];
    }
    (1..=profile.sites).map(|site| format!("{}-{site}", profile.site_prefix)).collect()
}

fn feed_names(profile: &Profile) -> Vec<String> {
    let prefix: String = profile.site_prefix.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let roles = profile.feed_roles.len();
    let count = usize::try_from(profile.feeds).unwrap_or(1);
    (0..count)
        .map(|feed| match (count <= roles, &profile.feed_roles[feed % roles]) {
            (true, role) => format!("{prefix}-{role}"),
            (false, role) => format!("{prefix}-{role}-{}", feed / roles + 1),
        })
        .collect()
}

/// How far a feed's clock is ahead: a little on most, wildly on some.
fn feed_clock(faults: &FaultFigures, seed: u64, feed: u64) -> i64 {
    let mut stream = Stream::new(seed, Domain::FeedClock, feed);
    let seconds = if stream.chance(faults.clock_wild_share) {
        (2.0 * stream.unit() - 1.0) * faults.clock_wild_seconds
    } else {
        stream.normal() * faults.clock_seconds
    };
    whole(seconds) * 1_000_000
}

#[cfg(test)]
mod tests;
