//! Turnaround: which functions tell a figure of a sketch of durations?
//!
//! - **Source**: analytics page 4.
//! - **Not here**: making and joining sketches ([`super::gather`]).

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int32Type},
};
use datafusion::logical_expr::{ScalarUDF, Volatility};
use wardline_tables::sketch::Sketch;

use super::{
    gather::sketches,
    scalar::{numbers, scalar},
};
use crate::{codes::Code, error::Error};

/// Functions of one sketch.
pub(super) fn scalars() -> Vec<ScalarUDF> {
    let (i32s, i64s, f64s) = (DataType::Int32, DataType::Int64, DataType::Float64);
    let one = |name, result, work: fn(&[ArrayRef]) -> Result<ArrayRef, Error>| {
        scalar(name, &[1], result, Volatility::Immutable, work)
    };
    let two = |name, result, work: fn(&[ArrayRef]) -> Result<ArrayRef, Error>| {
        scalar(name, &[2], result, Volatility::Immutable, work)
    };
    vec![
        two("tat_quantile", i32s.clone(), |given| quantiles(given, Sketch::quantile)),
        two("tat_quantile_lo", i32s.clone(), |given| {
            quantiles(given, |sketch, q| sketch.quantile_within(q).map(|bounds| bounds.0))
        }),
        two("tat_quantile_hi", i32s.clone(), |given| {
            quantiles(given, |sketch, q| sketch.quantile_within(q).map(|bounds| bounds.1))
        }),
        one("tat_count", i64s, |given| {
            Ok(Arc::new(each(given, |sketch| Some(sketch.count()))?.collect::<Int64Array>()))
        }),
        one("tat_exact", DataType::Boolean, |given| {
            Ok(Arc::new(each(given, |sketch| Some(sketch.is_exact()))?.collect::<BooleanArray>()))
        }),
        one("tat_min", i32s.clone(), |given| Ok(Arc::new(each(given, Sketch::min)?.collect::<Int32Array>()))),
        one("tat_max", i32s, |given| Ok(Arc::new(each(given, Sketch::max)?.collect::<Int32Array>()))),
        two("tat_fraction_within", f64s, within),
        one("tat_buckets", bucket_kind(), buckets),
    ]
}

/// What is told of the sketch of each row.
fn each<T>(given: &[ArrayRef], tell: impl Fn(&Sketch) -> Option<T>) -> Result<std::vec::IntoIter<Option<T>>, Error> {
    let first = given.first().ok_or_else(|| Error::new(Code::Sketch, "there is no sketch"))?;
    let sketches = sketches(first)?;
    let get = |row| sketches.as_ref().map_or(Ok(None), |sketches| sketches.get(row));
    let told = (0..first.len()).map(|row| Ok(get(row)?.as_ref().and_then(&tell)));
    Ok(told.collect::<Result<Vec<_>, Error>>()?.into_iter())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a million, bounds were checked"
)]
fn quantiles(given: &[ArrayRef], tell: fn(&Sketch, u32) -> Option<i32>) -> Result<ArrayRef, Error> {
    let shares = numbers::<Float64Type>(given, 1, &DataType::Float64)?;
    if shares.iter().flatten().any(|share| !(0.0..=1.0).contains(&share)) {
        return Err(Error::new(Code::Range, "a quantile is asked for between 0 and 1"));
    }
    let sketches = each(given, |sketch| Some(sketch.clone()))?;
    let told = sketches.zip(shares.iter()).map(|(sketch, share)| {
        let millionths = (share? * 1_000_000.0).round() as u32;
        tell(&sketch?, millionths)
    });
    Ok(Arc::new(told.collect::<Int32Array>()))
}

#[expect(clippy::cast_precision_loss, reason = "counts of reports are far below 2^53")]
fn within(given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let limits = numbers::<Int32Type>(given, 1, &DataType::Int32)?;
    let sketches = each(given, |sketch| Some(sketch.clone()))?;
    let told = sketches.zip(limits.iter()).map(|(sketch, limit)| {
        let sketch = sketch?;
        let count = sketch.count();
        (count > 0).then_some(sketch.surely_within(limit?) as f64 / count as f64)
    });
    Ok(Arc::new(told.collect::<Float64Array>()))
}

fn bucket_fields() -> Fields {
    ["lo_s", "hi_s", "n"].into_iter().map(|name| Field::new(name, DataType::Int32, false)).collect()
}

fn bucket_item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(bucket_fields()), true))
}

fn bucket_kind() -> DataType {
    DataType::List(bucket_item())
}

fn buckets(given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (mut low, mut high, mut count, mut lengths) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut is_there = Vec::new();
    for sketch in each(given, |sketch| Some(sketch.clone()))? {
        let before = low.len();
        for (lo, hi, n) in sketch.iter().flat_map(Sketch::buckets) {
            low.push(lo);
            high.push(hi);
            count.push(i32::try_from(n).unwrap_or(i32::MAX));
        }
        lengths.push(low.len() - before);
        is_there.push(sketch.is_some());
    }
    let columns: Vec<ArrayRef> =
        [low, high, count].into_iter().map(|column| Arc::new(Int32Array::from(column)) as ArrayRef).collect();
    let values = StructArray::new(bucket_fields(), columns, None);
    let list = ListArray::new(
        bucket_item(),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(values),
        Some(NullBuffer::from(is_there)),
    );
    Ok(Arc::new(list))
}
