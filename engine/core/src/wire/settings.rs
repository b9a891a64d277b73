//! Settings: how does what `site.toml` says stand in the log and in a checkpoint?
//!
//! ```text
//!  critical (test, unit, below?, above?)…, objectives (clock, share u32)…, shifts (name, from u16, to u16)…,
//!  duplicate window, at risk within: i64 microseconds
//! ```
//!
//! - **Not here**: what it means (`wardline_rules::settings`).

use std::collections::BTreeMap;

use wardline_rules::{
    Text,
    limits::{CRITICAL_LIMITS_MAX, SITE_NAMES_MAX},
    settings::{CriticalLimit, SiteSettings},
    time::{Span, TimeOfDay},
    unit::Unit,
};

use super::bytes::{Put, Take};

pub(crate) fn put(site: &SiteSettings, put: &mut Put<'_>) {
    let SiteSettings { critical, objectives, shifts, duplicate_window, at_risk_within } = site;
    put.list(critical, |put, limit| {
        put.text(&limit.test);
        put.text(limit.unit.code());
        put.option(limit.below.as_ref(), |put, below| put.decimal(*below));
        put.option(limit.above.as_ref(), |put, above| put.decimal(*above));
    });
    put.count(objectives.len());
    for (clock, share) in objectives {
        put.text(clock);
        put.u32(*share);
    }
    put.count(shifts.len());
    for (name, (from, to)) in shifts {
        put.text(name);
        put.u32(u32::from(from.minutes()));
        put.u32(u32::from(to.minutes()));
    }
    put_span(*duplicate_window, put);
    put_span(*at_risk_within, put);
}

pub(crate) fn take(take: &mut Take<'_>) -> Option<SiteSettings> {
    let critical = take.list(CRITICAL_LIMITS_MAX, take_limit)?;
    let objectives: BTreeMap<Text, u32> =
        take.list(SITE_NAMES_MAX, |take| Some((take.text()?, take.u32()?)))?.into_iter().collect();
    let shifts = take.list(SITE_NAMES_MAX, |take| Some((take.text()?, (take_time(take)?, take_time(take)?))))?;
    Some(SiteSettings {
        critical,
        objectives,
        shifts: shifts.into_iter().collect(),
        duplicate_window: take_span(take)?,
        at_risk_within: take_span(take)?,
    })
}

fn take_limit(take: &mut Take<'_>) -> Option<CriticalLimit> {
    Some(CriticalLimit {
        test: take.text()?,
        unit: Unit::parse(take.str()?)?,
        below: take.option(Take::decimal)?,
        above: take.option(Take::decimal)?,
    })
}

fn take_time(take: &mut Take<'_>) -> Option<TimeOfDay> {
    TimeOfDay::from_minutes(u16::try_from(take.u32()?).ok()?)
}

fn put_span(span: Span, put: &mut Put<'_>) {
    put.raw(&span.micros().to_le_bytes());
}

fn take_span(take: &mut Take<'_>) -> Option<Span> {
    take.array().map(|bytes| Span::from_micros(i64::from_le_bytes(bytes)))
}
