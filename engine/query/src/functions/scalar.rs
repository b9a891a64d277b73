//! Scalar: how does a function over whole columns become one of SQL?
//!
//! Arguments are cast to what the function wants, strictly: a text that is no number is an error and not NULL. What is
//! called with constants alone gives a constant.
//!
//! - **Not here**: the functions.

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, PrimitiveArray, StringArray},
    compute::{CastOptions, cast_with_options},
    datatypes::{ArrowPrimitiveType, DataType, TimeUnit},
};
use datafusion::{
    error::DataFusionError,
    logical_expr::{ColumnarValue, ScalarUDF, Signature, TypeSignature, Volatility, expr_fn::SimpleScalarUDF},
    scalar::ScalarValue,
};

use crate::{codes::Code, error::Error};

/// The type of instants.
pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// An error of ours, as one that passes through the engine of SQL.
pub(crate) fn thrown(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A function with one of these numbers of arguments.
pub(crate) fn scalar(
    name: &'static str,
    arity: &[usize],
    result: DataType,
    volatility: Volatility,
    work: impl Fn(&[ArrayRef]) -> Result<ArrayRef, Error> + Send + Sync + 'static,
) -> ScalarUDF {
    let run = move |arguments: &[ColumnarValue]| {
        let are_constants = arguments.iter().all(|one| matches!(one, ColumnarValue::Scalar(_)));
        let found = work(&ColumnarValue::values_to_arrays(arguments)?).map_err(thrown)?;
        if are_constants {
            ScalarValue::try_from_array(&found, 0).map(ColumnarValue::Scalar)
        } else {
            Ok(ColumnarValue::Array(found))
        }
    };
    let kinds = arity.iter().map(|count| if *count == 0 { TypeSignature::Nullary } else { TypeSignature::Any(*count) });
    let signature = Signature::one_of(kinds.collect(), volatility);
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, result, Arc::new(run)))
}

/// An argument as a column of a type.
///
/// # Errors
/// WL1514 if it does not fit.
pub(crate) fn cast(arguments: &[ArrayRef], place: usize, kind: &DataType) -> Result<ArrayRef, Error> {
    let misfit = |text: String| Error::new(Code::Parameter, text);
    let argument = arguments.get(place).ok_or_else(|| misfit(format!("argument {} is missing", place + 1)))?;
    if argument.data_type() == kind {
        return Ok(argument.clone());
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(argument, kind, &strict)
        .map_err(|_| misfit(format!("argument {} does not fit: it is {}", place + 1, argument.data_type())))
}

/// An argument as numbers or instants.
///
/// # Errors
/// WL1514 if it does not fit.
pub(crate) fn numbers<T: ArrowPrimitiveType>(
    arguments: &[ArrayRef],
    place: usize,
    kind: &DataType,
) -> Result<PrimitiveArray<T>, Error> {
    let column = cast(arguments, place, kind)?;
    column.as_primitive_opt::<T>().cloned().ok_or_else(|| Error::new(Code::Failed, "a column of another type"))
}

/// An argument as texts.
///
/// # Errors
/// WL1514 if it does not fit.
pub(crate) fn texts(arguments: &[ArrayRef], place: usize) -> Result<StringArray, Error> {
    let column = cast(arguments, place, &DataType::Utf8)?;
    column.as_string_opt::<i32>().cloned().ok_or_else(|| Error::new(Code::Failed, "a column of another type"))
}

/// Rows of a call.
pub(crate) fn rows(arguments: &[ArrayRef]) -> usize {
    arguments.first().map_or(1, |column| column.len())
}
