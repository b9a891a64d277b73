//! Items: what may a script use besides operators?
//!
//! Each is pure and touches at most one value of bounded size.
//! - **Not here**: operators, which are built in.

use rhai::{Array, Dynamic, ImmutableString, Map, Module};

/// Microseconds of a minute and of an hour.
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The functions a script may call, in order of their names.
pub(super) const NAMES: &[&str] = &["contains", "ends_with", "hours_between", "len", "minutes_between", "starts_with"];

/// Registers every item.
pub(super) fn register(module: &mut Module) {
    super::occasion::register(module);
    module.set_iterable::<Array>();
    module.set_native_fn("contains", |list: &mut Array, wanted: Dynamic| {
        Ok(list.iter().any(|item| is_same(item, &wanted)))
    });
    module.set_native_fn("contains", |map: &mut Map, key: ImmutableString| Ok(map.contains_key(key.as_str())));
    module.set_native_fn("contains", |text: ImmutableString, part: ImmutableString| Ok(text.contains(part.as_str())));
    module.set_native_fn("starts_with", |text: ImmutableString, part: ImmutableString| {
        Ok(text.starts_with(part.as_str()))
    });
    module.set_native_fn("ends_with", |text: ImmutableString, part: ImmutableString| Ok(text.ends_with(part.as_str())));
    module.set_native_fn("len", |list: &mut Array| Ok(whole(list.len())));
    module.set_native_fn("len", |map: &mut Map| Ok(whole(map.len())));
    module.set_native_fn("len", |text: ImmutableString| Ok(whole(text.chars().count())));
    module.set_native_fn("minutes_between", |from: i64, to: i64| Ok(between(from, to, MINUTE)));
    module.set_native_fn("hours_between", |from: i64, to: i64| Ok(between(from, to, HOUR)));
}

/// Whole units from one time to another, rounded down.
fn between(from: i64, to: i64, unit: i64) -> i64 {
    to.saturating_sub(from).div_euclid(unit)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether two plain values are the same; a whole number equals a decimal of the same value. Lists and maps are no members.
fn is_same(left: &Dynamic, right: &Dynamic) -> bool {
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return *left == *right;
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return left == right;
    }
    let number = |value: &Dynamic| value.as_int().map(Into::into).or_else(|_| value.as_decimal()).ok();
    number(left).zip(number(right)).is_some_and(|(left, right): (rust_decimal::Decimal, _)| left == right)
}
