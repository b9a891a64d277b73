//! Series: which rows does `generate_series` make?
//!
//! Instants in steps of an interval, or whole numbers; never more than a statement may have.
//!
//! - LIMIT: `SERIES_ROWS_MAX`; beyond it WL1528.
//! - **Source**: analytics page 4.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray},
    datatypes::{DataType, Field, IntervalUnit, Schema},
};
use datafusion::{
    catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider},
    error::Result as FusionResult,
    logical_expr::Expr,
    scalar::ScalarValue,
};
use wardline_tables::time::DAY;

use super::scalar::{instant, thrown};
use crate::{codes::Code, error::Error, limits::SERIES_ROWS_MAX};

/// The table function.
#[derive(Debug)]
pub(super) struct Series;

impl TableFunctionImpl for Series {
    fn call_with_args(&self, arguments: TableFunctionArgs<'_, '_>) -> FusionResult<Arc<dyn TableProvider>> {
        let column = made(arguments.exprs()).map_err(thrown)?;
        let schema = Arc::new(Schema::new(vec![Field::new("value", column.data_type().clone(), false)]));
        let batch = RecordBatch::try_new(schema.clone(), vec![column])?;
        Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
    }
}

fn misfit() -> Error {
    Error::new(Code::Parameter, "generate_series takes two instants and an interval, or two or three whole numbers")
}

fn made(given: &[Expr]) -> Result<ArrayRef, Error> {
    let constant = |expr: &Expr| match expr {
        Expr::Literal(value, _) => Ok(value.clone()),
        _ => Err(misfit()),
    };
    let values: Vec<ScalarValue> = given.iter().map(constant).collect::<Result<_, _>>()?;
    match values.as_slice() {
        [from, to] => numbers(from, to, &ScalarValue::Int64(Some(1))),
        [from, to, step] => match step.data_type() {
            DataType::Interval(_) => instants(from, to, step),
            _ => numbers(from, to, step),
        },
        _ => Err(misfit()),
    }
}

fn numbers(from: &ScalarValue, to: &ScalarValue, step: &ScalarValue) -> Result<ArrayRef, Error> {
    let number = |value: &ScalarValue| match value.cast_to(&DataType::Int64) {
        Ok(ScalarValue::Int64(number)) if value.data_type().is_integer() || value.is_null() => Ok(number),
        _ => Err(misfit()),
    };
    let (Some(from), Some(to), Some(step)) = (number(from)?, number(to)?, number(step)?) else {
        return Ok(Arc::new(Int64Array::from(Vec::<i64>::new())));
    };
    walk(from, to, step).map(|values| Arc::new(Int64Array::from(values)) as ArrayRef)
}

fn instants(from: &ScalarValue, to: &ScalarValue, step: &ScalarValue) -> Result<ArrayRef, Error> {
    let at = |value: &ScalarValue| match value.cast_to(&instant()) {
        Ok(ScalarValue::TimestampMicrosecond(at, _)) => Ok(at),
        _ => Err(misfit()),
    };
    let step = match step.cast_to(&DataType::Interval(IntervalUnit::MonthDayNano)) {
        Ok(ScalarValue::IntervalMonthDayNano(Some(step))) if step.months == 0 => {
            i64::from(step.days) * DAY + step.nanoseconds / 1_000
        }
        _ => return Err(Error::new(Code::Parameter, "a step is an interval of days, hours, minutes or seconds")),
    };
    let values = match (at(from)?, at(to)?) {
        (Some(from), Some(to)) => walk(from, to, step)?,
        _ => Vec::new(),
    };
    Ok(Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")))
}

/// The values from one to another, both included.
fn walk(from: i64, to: i64, step: i64) -> Result<Vec<i64>, Error> {
    if step == 0 {
        return Err(Error::new(Code::Parameter, "a step of zero never arrives"));
    }
    let count = (i128::from(to) - i128::from(from)) / i128::from(step) + 1;
    let is_away = (to < from && step > 0) || (to > from && step < 0);
    if is_away {
        return Ok(Vec::new());
    }
    let count = usize::try_from(count).ok().filter(|count| *count <= SERIES_ROWS_MAX);
    let count = count.ok_or_else(|| Error::new(Code::Series, "the series has more than 1,000,000 rows"))?;
    Ok(std::iter::successors(Some(from), |last| last.checked_add(step)).take(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_includes_both_ends_and_knows_its_bound() {
        assert_eq!(walk(1, 5, 2).unwrap(), [1, 3, 5]);
        assert_eq!(walk(5, 1, -2).unwrap(), [5, 3, 1]);
        assert_eq!(walk(1, 6, 2).unwrap(), [1, 3, 5]);
        assert_eq!(walk(6, 1, -2).unwrap(), [6, 4, 2]);
        assert_eq!(walk(2, 1, 1).unwrap(), Vec::<i64>::new());
        assert_eq!(walk(1, 1_000_000, 1).unwrap().len(), SERIES_ROWS_MAX);
        assert_eq!(walk(1, 1_000_001, 1).unwrap_err().code, Code::Series);
        assert_eq!(walk(i64::MIN, i64::MAX, 1).unwrap_err().code, Code::Series);
        assert_eq!(walk(1, 2, 0).unwrap_err().code, Code::Parameter);
    }
}
