//! Share: how many of how many, and what can few cases tell?
//!
//! - **Source**: analytics page 4.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array},
    datatypes::{DataType, Int64Type},
};
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::scalar::{numbers, scalar};
use crate::{codes::Code, error::Error};

/// Half the width of 95 % of a normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The functions.
pub(super) fn scalars() -> Vec<ScalarUDF> {
    let two = |name, work: fn(&[ArrayRef]) -> Result<ArrayRef, Error>| {
        scalar(name, &[2], DataType::Float64, Volatility::Immutable, work)
    };
    vec![
        two("attainment", attainment),
        two("wilson_lo", |given| wilson(given, -1.0)),
        two("wilson_hi", |given| wilson(given, 1.0)),
    ]
}

fn counts(given: &[ArrayRef]) -> Result<(Int64Array, Int64Array), Error> {
    Ok((numbers::<Int64Type>(given, 0, &DataType::Int64)?, numbers::<Int64Type>(given, 1, &DataType::Int64)?))
}

#[expect(clippy::cast_precision_loss, reason = "counts of reports are far below 2^53")]
fn attainment(given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (met, breached) = counts(given)?;
    if met.iter().chain(breached.iter()).flatten().any(|count| count < 0) {
        return Err(Error::new(Code::Range, "a count below zero"));
    }
    let told = met.iter().zip(breached.iter()).map(|(met, breached)| {
        let (met, breached) = (met? as f64, breached? as f64);
        (met + breached > 0.0).then(|| met / (met + breached))
    });
    Ok(Arc::new(told.collect::<Float64Array>()))
}

/// One bound of the Wilson interval of k of n.
#[expect(clippy::cast_precision_loss, reason = "counts of reports are far below 2^53")]
fn wilson(given: &[ArrayRef], side: f64) -> Result<ArrayRef, Error> {
    let (hits, sizes) = counts(given)?;
    let told = hits.iter().zip(sizes.iter()).map(|(hit, size)| {
        let (Some(hit), Some(size)) = (hit, size) else { return Ok(None) };
        if hit < 0 || hit > size {
            return Err(Error::new(Code::Range, format!("{hit} of {size} is no share")));
        }
        let (k, n) = (hit as f64, size as f64);
        let share = k / n;
        let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let bound = (share + Z * Z / (2.0 * n) + side * half) / (1.0 + Z * Z / n);
        Ok((size > 0).then(|| bound.clamp(0.0, 1.0)))
    });
    Ok(Arc::new(told.collect::<Result<Float64Array, Error>>()?))
}
