//! Moment: which moment is a statement of, and which is it on the wall?
//!
//! `now()` is the log time of the snapshot, in microseconds as the columns are: no cast stands between the two, so files
//! can be left out by their statistics.
//!
//! - **Source**: analytics page 3.6.

use std::sync::Arc;

use arrow::{
    array::{Int64Array, TimestampMicrosecondArray},
    datatypes::{DataType, Field, FieldRef},
};
use datafusion::{
    common::internal_err,
    error::Result as FusionResult,
    logical_expr::{
        ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
        simplify::{ExprSimplifyResult, SimplifyContext},
    },
    scalar::ScalarValue,
};

use super::scalar::{instant, scalar};
use crate::{access, snapshot::Snapshot};

/// The functions that are the same for all statements.
pub(super) fn scalars() -> Vec<ScalarUDF> {
    let wall = scalar("clock_timestamp", &[0], instant(), Volatility::Volatile, |_| {
        Ok(Arc::new(TimestampMicrosecondArray::from(vec![access::now()]).with_timezone("UTC")))
    });
    vec![ScalarUDF::from(Now { signature: Signature::nullary(Volatility::Stable) }), wall]
}

/// Those that tell of the snapshot of one statement.
pub(crate) fn of_snapshot(snapshot: &Snapshot) -> Vec<ScalarUDF> {
    let epoch = i64::try_from(snapshot.commit.epoch).unwrap_or(i64::MAX);
    vec![scalar("snapshot_epoch", &[0], DataType::Int64, Volatility::Stable, move |_| {
        Ok(Arc::new(Int64Array::from(vec![epoch])))
    })]
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Now {
    signature: Signature,
}

impl ScalarUDFImpl for Now {
    fn name(&self) -> &str {
        "now"
    }

    fn aliases(&self) -> &[String] {
        static ALSO: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| vec!["current_timestamp".to_owned()]);
        &ALSO
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> FusionResult<DataType> {
        Ok(instant())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> FusionResult<FieldRef> {
        Ok(Arc::new(Field::new("now", instant(), false)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> FusionResult<ColumnarValue> {
        internal_err!("now() was not replaced by the time of the snapshot")
    }

    fn simplify(&self, given: Vec<Expr>, context: &SimplifyContext) -> FusionResult<ExprSimplifyResult> {
        let Some(at) = context.query_execution_start_time() else { return Ok(ExprSimplifyResult::Original(given)) };
        let at = ScalarValue::TimestampMicrosecond(Some(at.timestamp_micros()), Some("UTC".into()));
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(at, None)))
    }
}
