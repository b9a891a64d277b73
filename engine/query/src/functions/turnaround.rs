//! Turnaround: which functions make, join and read sketches of durations?
//!
//! Two aggregates, which keep one [`Sketch`] a group, and the functions that tell a figure of a sketch.
//!
//! - **Source**: analytics page 4.

use std::{fmt::Debug, sync::Arc};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, StructArray,
    },
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int32Type},
};
use datafusion::{
    error::Result as FusionResult,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, ScalarUDF, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
    scalar::ScalarValue,
};

use wardline_tables::sketch::data_type;

use super::scalar::{numbers, scalar, thrown};
use crate::{
    codes::Code,
    error::Error,
    sketch::{Column, Sketch, column},
};

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
            quantiles(given, |sketch, q| sketch.quantile_bounds(q).map(|bounds| bounds.0))
        }),
        two("tat_quantile_hi", i32s.clone(), |given| {
            quantiles(given, |sketch, q| sketch.quantile_bounds(q).map(|bounds| bounds.1))
        }),
        one("tat_count", i64s, |given| {
            Ok(Arc::new(each(given, |sketch| Some(sketch.count()))?.collect::<Int64Array>()))
        }),
        one("tat_exact", DataType::Boolean, |given| {
            Ok(Arc::new(each(given, |sketch| Some(sketch.is_list()))?.collect::<BooleanArray>()))
        }),
        one("tat_min", i32s.clone(), |given| Ok(Arc::new(each(given, Sketch::min)?.collect::<Int32Array>()))),
        one("tat_max", i32s, |given| Ok(Arc::new(each(given, Sketch::max)?.collect::<Int32Array>()))),
        two("tat_fraction_within", f64s, within),
        one("tat_buckets", bucket_kind(), buckets),
    ]
}

/// The aggregates.
pub(super) fn aggregates() -> Vec<AggregateUDF> {
    vec![
        AggregateUDF::from(Gather { name: "tat_sketch", signature: Signature::any(1, Volatility::Immutable) }),
        AggregateUDF::from(Gather { name: "tat_merge", signature: Signature::any(1, Volatility::Immutable) }),
    ]
}

/// What is told of the sketch of each row.
fn each<T>(given: &[ArrayRef], tell: impl Fn(&Sketch) -> Option<T>) -> Result<std::vec::IntoIter<Option<T>>, Error> {
    let first = given.first().ok_or_else(|| Error::new(Code::Sketch, "there is no sketch"))?;
    if first.data_type() == &DataType::Null {
        return Ok((0..first.len()).map(|_| None).collect::<Vec<_>>().into_iter());
    }
    let sketches = Column::of(first)?;
    let told = (0..first.len()).map(|row| Ok(sketches.get(row)?.as_ref().and_then(&tell)));
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

/// An aggregate that gathers durations, or sketches of them, into one sketch.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Gather {
    name: &'static str,
    signature: Signature,
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> FusionResult<DataType> {
        Ok(data_type())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> FusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(Gathered { takes_sketches: self.name == "tat_merge", ..Gathered::default() }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> FusionResult<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[sketch]", arguments.name), data_type(), true))])
    }
}

/// What was gathered of one group.
#[derive(Debug, Default)]
struct Gathered {
    takes_sketches: bool,
    sketch: Option<Sketch>,
}

impl Gathered {
    fn add_sketches(&mut self, column: &ArrayRef) -> Result<(), Error> {
        if column.data_type() == &DataType::Null {
            return Ok(());
        }
        let sketches = Column::of(column)?;
        for row in 0..column.len() {
            if let Some(sketch) = sketches.get(row)? {
                self.sketch.get_or_insert_default().merge(&sketch);
            }
        }
        Ok(())
    }

    fn add_durations(&mut self, column: &ArrayRef) -> Result<(), Error> {
        let durations = numbers::<Int32Type>(std::slice::from_ref(column), 0, &DataType::Int32)?;
        for duration in durations.iter().flatten() {
            if duration < 0 {
                return Err(Error::new(Code::Duration, format!("a duration of {duration} s")));
            }
            self.sketch.get_or_insert_default().add(duration);
        }
        Ok(())
    }
}

impl Accumulator for Gathered {
    fn update_batch(&mut self, values: &[ArrayRef]) -> FusionResult<()> {
        let add = if self.takes_sketches { Self::add_sketches } else { Self::add_durations };
        values.first().map_or(Ok(()), |column| add(self, column)).map_err(thrown)
    }

    fn evaluate(&mut self) -> FusionResult<ScalarValue> {
        if let Some(sketch) = &mut self.sketch {
            sketch.settle();
        }
        let column = column(std::slice::from_ref(&self.sketch)).map_err(thrown)?;
        Ok(ScalarValue::Struct(Arc::new(column.as_struct().clone())))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sketch.as_ref().map_or(0, Sketch::bytes)
    }

    fn state(&mut self) -> FusionResult<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> FusionResult<()> {
        states.first().map_or(Ok(()), |column| self.add_sketches(column)).map_err(thrown)
    }
}
