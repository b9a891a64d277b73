//! Age: how old was the patient at the event, as far as anybody may know?
//!
//! - **Source**: domain page section 2 (`patient_age`); 90 and over as one is the Safe Harbor rule, 45 CFR 164.514(b)(2)(i)(C).
//! - **Not here**: where a birth date stands in a message.

use wardline_rules::{
    event::Event,
    time::{DAY, Date},
};

use super::time::{Precision, Written};

/// The oldest age that is told apart.
const AGE_MAX: i64 = 90;

/// Whole years at the event, 90 and over as 90; nothing of a birth date that names no day, or that makes no age.
pub(super) fn age(born: &Written, event: &Event) -> Option<i64> {
    if matches!(born.precision, Precision::Year | Precision::Month) {
        return None;
    }
    let at = event.occurred_at.or(event.msg.made_at)?.lo;
    let today = Date::from_days(i32::try_from(at.micros().div_euclid(DAY)).ok()?);
    let (born, today) = (Date::from_days(born.days).ymd(), today.ymd());
    let had_birthday = (today.1, today.2) >= (born.1, born.2);
    let age = i64::from(today.0) - i64::from(born.0) - i64::from(!had_birthday);
    (0..150).contains(&age).then_some(age.min(AGE_MAX))
}
