//! Gather: how do the durations of a group, or sketches of them, become one sketch?
//!
//! One list a group, sorted now and then; groups of slices are many and small, so nothing is made for each but that list.
//!
//! - **Source**: analytics page 4.
//! - **Not here**: what is told of a sketch ([`super::turnaround`]).

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, BooleanArray},
    datatypes::{DataType, Field, FieldRef, Int32Type},
};
use datafusion::{
    error::Result as FusionResult,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
    scalar::ScalarValue,
};
use wardline_tables::sketch::{Gather, Malformed, Sketch, Sketches, column, data_type};

use super::scalar::{numbers, thrown};
use crate::{codes::Code, error::Error};

/// Joins sketches.
pub(crate) const MERGE: &str = "tat_merge";

/// The aggregates.
pub(super) fn aggregates() -> Vec<AggregateUDF> {
    let of = |name| AggregateUDF::from(Gatherer { name, signature: Signature::any(1, Volatility::Immutable) });
    vec![of("tat_sketch"), of(MERGE)]
}

/// A column of sketches; `None` if all of it is NULL.
///
/// # Errors
/// WL1521 for a column of anything else.
pub(super) fn sketches(column: &ArrayRef) -> Result<Option<Sketches<'_>>, Error> {
    if column.data_type() == &DataType::Null {
        return Ok(None);
    }
    let sketches = Sketches::of(column);
    sketches.map(Some).ok_or_else(|| Error::new(Code::Sketch, format!("{} is no sketch", column.data_type())))
}

impl From<Malformed> for Error {
    fn from(error: Malformed) -> Self {
        Self::new(Code::Sketch, error.to_string())
    }
}

/// An aggregate that gathers durations, or sketches of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Gatherer {
    name: &'static str,
    signature: Signature,
}

impl AggregateUDFImpl for Gatherer {
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
        Ok(Box::new(Groups { takes_sketches: self.name == MERGE, groups: vec![None] }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> FusionResult<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[sketch]", arguments.name), data_type(), true))])
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> FusionResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups { takes_sketches: self.name == MERGE, groups: Vec::new() }))
    }
}

/// What was gathered of each group; `None` as long as there is nothing.
#[derive(Debug)]
struct Groups {
    takes_sketches: bool,
    groups: Vec<Option<Gather>>,
}

impl Groups {
    fn add_sketches(&mut self, column: &ArrayRef, group: impl Fn(usize) -> Option<usize>) -> Result<(), Error> {
        let Some(sketches) = sketches(column)? else { return Ok(()) };
        for row in 0..column.len() {
            let Some(slot) = group(row).and_then(|group| self.groups.get_mut(group)) else { continue };
            match slot {
                Some(gather) => drop(sketches.gather(row, gather)?),
                None => {
                    let mut gather = Gather::default();
                    if sketches.gather(row, &mut gather)? {
                        *slot = Some(gather);
                    }
                }
            }
        }
        Ok(())
    }

    fn add_durations(&mut self, column: &ArrayRef, group: impl Fn(usize) -> Option<usize>) -> Result<(), Error> {
        let durations = numbers::<Int32Type>(std::slice::from_ref(column), 0, &DataType::Int32)?;
        for (row, duration) in durations.iter().enumerate() {
            let slot = group(row).and_then(|group| self.groups.get_mut(group));
            let (Some(duration), Some(slot)) = (duration, slot) else { continue };
            slot.get_or_insert_default().add(not_negative(duration)?);
        }
        Ok(())
    }

    fn add(&mut self, values: &[ArrayRef], group: impl Fn(usize) -> Option<usize>) -> FusionResult<()> {
        let Some(column) = values.first() else { return Ok(()) };
        let added =
            if self.takes_sketches { self.add_sketches(column, group) } else { self.add_durations(column, group) };
        added.map_err(thrown)
    }

    fn grow(&mut self, total: usize) {
        if self.groups.len() < total {
            self.groups.resize(total, None);
        }
    }
}

fn not_negative(duration: i32) -> Result<i32, Error> {
    if duration < 0 { Err(Error::new(Code::Duration, format!("a duration of {duration} s"))) } else { Ok(duration) }
}

fn finished(groups: Vec<Option<Gather>>) -> ArrayRef {
    let sketches: Vec<Option<Sketch>> = groups.into_iter().map(|group| group.map(Gather::finish)).collect();
    column(sketches.iter().map(Option::as_ref))
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> FusionResult<()> {
        self.grow(total);
        let is_in = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        self.add(values, |row| groups.get(row).copied().filter(|_| is_in(row)))
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> FusionResult<()> {
        self.grow(total);
        let Some(column) = states.first() else { return Ok(()) };
        self.add_sketches(column, |row| groups.get(row).copied()).map_err(thrown)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> FusionResult<ArrayRef> {
        Ok(finished(emit_to.take_needed(&mut self.groups)))
    }

    fn state(&mut self, emit_to: EmitTo) -> FusionResult<Vec<ArrayRef>> {
        Ok(vec![GroupsAccumulator::evaluate(self, emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> FusionResult<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let mut each = Self { takes_sketches: self.takes_sketches, groups: vec![None; rows] };
        let is_in = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        each.add(values, |row| Some(row).filter(|row| is_in(*row)))?;
        Ok(vec![finished(each.groups)])
    }

    fn size(&self) -> usize {
        let held: usize = self.groups.iter().flatten().map(Gather::bytes).sum();
        size_of::<Self>() + self.groups.capacity() * size_of::<Option<Gather>>() + held
    }
}

impl Accumulator for Groups {
    fn update_batch(&mut self, values: &[ArrayRef]) -> FusionResult<()> {
        self.add(values, |_| Some(0))
    }

    fn evaluate(&mut self) -> FusionResult<ScalarValue> {
        let column = finished(self.groups.clone());
        Ok(ScalarValue::Struct(Arc::new(column.as_struct().clone())))
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(self)
    }

    fn state(&mut self) -> FusionResult<Vec<ScalarValue>> {
        Ok(vec![Accumulator::evaluate(self)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> FusionResult<()> {
        states.first().map_or(Ok(()), |column| self.add_sketches(column, |_| Some(0))).map_err(thrown)
    }
}
