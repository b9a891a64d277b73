//! Check: can reports be made from these figures?
//!
//! Everything that generating relies on is refused here, by name of the figure, so that it cannot fail later.
//! - **How it fits**: the last step of [`Profile::parse`](super::Profile::parse).
//! - **Not here**: waits, which check themselves while they are read.

use std::fmt::Display;

use super::{Profile, SettingFigures};
use crate::calendar::{Calendar, Flat, Holiday};
use crate::error::Error;
use crate::limits::{FEEDS_MAX, GROUP_REPORTS_MAX, SITES_MAX};
use crate::vocabulary::Setting;

/// **Errors**: the first figure that makes no sense.
pub(super) fn check(profile: &Profile) -> Result<(), Error> {
    volumes(profile)?;
    names(profile)?;
    places(profile)?;
    groups(profile)?;
    for setting in profile.shares.keys() {
        match profile.setting.get(setting) {
            Some(figures) => check_setting(profile, *setting, figures)?,
            None => return Err(wrong(profile, setting.word(), "has a share but no table")),
        }
    }
    faults(profile)
}

fn wrong(profile: &Profile, figure: impl Display, problem: &'static str) -> Error {
    Error::ProfileFigure { name: profile.name.clone(), figure: figure.to_string(), problem }
}

fn require(holds: bool, profile: &Profile, figure: impl Display, problem: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(wrong(profile, figure, problem)) }
}

fn volumes(profile: &Profile) -> Result<(), Error> {
    let above = |number: f64| number.is_finite() && number > 0.0;
    require(above(profile.reports_per_year), profile, "reports_per_year", "must be above 0")?;
    require(above(profile.peak_factor), profile, "peak_factor", "must be above 0")?;
    require((1..=SITES_MAX).contains(&profile.sites), profile, "sites", "must lie between 1 and 100,000")?;
    require((1..=FEEDS_MAX).contains(&profile.feeds), profile, "feeds", "must lie between 1 and 100,000")?;
    require(profile.patients > 0, profile, "patients", "must be above 0")?;
    require(profile.clinicians > 0, profile, "clinicians", "must be above 0")?;
    for (figure, exponent) in [
        ("patient_zipf", profile.patient_zipf),
        ("clinician_zipf", profile.clinician_zipf),
        ("test_zipf", profile.test_zipf),
        ("site_zipf", profile.site_zipf),
    ] {
        let sound = above(exponent) && exponent < 8.0 && (exponent - 1.0).abs() > 1e-6;
        require(sound, profile, figure, "must lie between 0 and 8 and not be 1")?;
    }
    let whole = (profile.shares.values().sum::<f64>() - 1.0).abs() < 1e-9;
    require(whole && profile.shares.values().all(|share| *share >= 0.0), profile, "shares", "must add up to 1")
}

fn names(profile: &Profile) -> Result<(), Error> {
    let place = |text: &str| {
        (1..=48).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ._/-".contains(&byte))
    };
    let feed = |text: &str| {
        (1..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    require(place(&profile.site_prefix), profile, "site_prefix", "must be letters, digits, blanks or . _ / -")?;
    let departments = !profile.departments.is_empty() && profile.departments.iter().all(|name| place(name));
    require(departments, profile, "departments", "must be names of letters, digits, blanks or . _ / -")?;
    let roles = !profile.feed_roles.is_empty() && profile.feed_roles.iter().all(|name| feed(name));
    require(roles, profile, "feed_roles", "must be short words of small letters and digits")
}

fn places(profile: &Profile) -> Result<(), Error> {
    let zone = |name: &String| Calendar::new(name, &[], Flat::default()).is_some();
    let zones = !profile.zones.is_empty() && profile.zones.iter().all(zone);
    require(zones, profile, "zones", "must be IANA zones such as America/Chicago")?;
    let enough = usize::try_from(profile.sites).is_ok_and(|sites| sites >= profile.zones.len());
    require(enough, profile, "zones", "must not be more than there are sites")?;
    let holidays = profile.holidays.iter().all(|text| Holiday::parse(text).is_some());
    require(holidays, profile, "holidays", "must look like 12-25, 11-4th-thu, 05-last-mon or easter-2")
}

fn groups(profile: &Profile) -> Result<(), Error> {
    let group = &profile.group;
    let mut sum: f64 = group.shares.iter().sum();
    if let Some(long) = &group.long {
        sum += long.share;
        let ends = long.least >= 1 && long.least <= long.most && long.most <= GROUP_REPORTS_MAX;
        require(ends, profile, "group.long", "must have 1 ≤ least ≤ most ≤ 99")?;
        require(long.mean > f64::from(long.least), profile, "group.long.mean", "must be above `least`")?;
    }
    let short = group.shares.len() <= 99 && group.shares.iter().all(|share| *share >= 0.0);
    require(short && (sum - 1.0).abs() < 1e-9, profile, "group.shares", "must add up to 1 with `long`")
}

fn check_setting(profile: &Profile, setting: Setting, figures: &SettingFigures) -> Result<(), Error> {
    let named = |key: &str| format!("setting.{}.{key}", setting.word());
    let weights = |weights: &[f64], count: usize| {
        weights.len() == count && weights.iter().all(|weight| *weight >= 0.0) && weights.iter().sum::<f64>() > 0.0
    };
    require(weights(&figures.hours, 24), profile, named("hours"), "must be 24 weights")?;
    require(weights(&figures.weekdays, 7), profile, named("weekdays"), "must be 7 weights, Monday first")?;
    require((0.0..1.0).contains(&figures.season), profile, named("season"), "must lie between 0 and 1")?;
    require((0.0..=10.0).contains(&figures.holiday), profile, named("holiday"), "must lie between 0 and 10")?;
    let kinds = is_mix(figures.kinds.values());
    require(kinds, profile, named("kinds"), "must be shares between 0 and 1")?;
    let priorities = is_mix(figures.priorities.values());
    require(priorities, profile, named("priorities"), "must be shares between 0 and 1")?;
    let place = is_plain(&figures.locations.prefix) && figures.locations.count > 0;
    require(place, profile, named("locations"), "must have a plain prefix and a count above 0")?;
    let class = CLASSES.contains(&figures.class.as_str());
    require(class, profile, named("class"), "must be a class of encounter")
}

/// Classes of the event format.
const CLASSES: [&str; 7] = ["inpatient", "emergency", "outpatient", "preadmit", "recurring", "newborn", "other"];

fn is_mix<'a>(mut shares: impl Iterator<Item = &'a f64> + Clone) -> bool {
    shares.clone().sum::<f64>() > 0.0 && shares.all(|share| (0.0..=1.0).contains(share))
}

fn is_plain(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    prefix.len() <= 40 && prefix.starts_with(|c: char| c.is_ascii_alphanumeric()) && prefix.bytes().all(plain)
}

fn faults(profile: &Profile) -> Result<(), Error> {
    require(profile.fault.contains_key(&profile.faults), profile, "faults", "must name one of the fault sets")
}
