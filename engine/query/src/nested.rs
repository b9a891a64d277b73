//! Nested: how are structs and lists shown to who has no such types?
//!
//! As JSON: a sketch, its buckets, or what a statement made of them.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
    json::LineDelimitedWriter,
};

use crate::{codes::Code, error::Error};

/// Whether a column needs it: a list of plain values does not.
pub(crate) fn is_nested(kind: &DataType) -> bool {
    match kind {
        DataType::Struct(_) => true,
        DataType::List(item) | DataType::LargeList(item) => is_nested(item.data_type()),
        _ => false,
    }
}

/// Each cell as JSON; `None` where it is NULL.
///
/// # Errors
/// WL1515 for what JSON cannot say.
pub(crate) fn texts(column: &ArrayRef) -> Result<Vec<Option<String>>, Error> {
    let failed = |error: arrow::error::ArrowError| {
        tracing::warn!(%error, "query.nested");
        Error::new(Code::Failed, "a value cannot be shown as JSON")
    };
    let schema = Arc::new(Schema::new(vec![Field::new("v", column.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema, vec![column.clone()]).map_err(failed)?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(&batch).and_then(|()| writer.finish()).map_err(failed)?;
    let written = String::from_utf8(writer.into_inner()).unwrap_or_default();
    let cell = |line: &str| line.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}')).map(str::to_owned);
    let cells: Vec<Option<String>> = written.lines().map(cell).collect();
    if cells.len() == column.len() {
        Ok(cells)
    } else {
        Err(Error::new(Code::Failed, "a value cannot be shown as JSON"))
    }
}

/// The columns with texts in the place of what is nested.
pub(crate) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    if !schema.fields().iter().any(|field| is_nested(field.data_type())) {
        return schema.clone();
    }
    let fields = schema.fields().iter().map(|field| {
        let kind = if is_nested(field.data_type()) { DataType::Utf8 } else { field.data_type().clone() };
        field.as_ref().clone().with_data_type(kind).with_nullable(true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows with texts in the place of what is nested.
///
/// # Errors
/// WL1515 for what JSON cannot say.
pub(crate) fn plain(batch: RecordBatch) -> Result<RecordBatch, Error> {
    let schema = batch.schema();
    let shown = plain_schema(&schema);
    if Arc::ptr_eq(&schema, &shown) {
        return Ok(batch);
    }
    let column = |column: &ArrayRef| {
        if !is_nested(column.data_type()) {
            return Ok(column.clone());
        }
        Ok(Arc::new(StringArray::from(texts(column)?)) as ArrayRef)
    };
    let columns = batch.columns().iter().map(column).collect::<Result<Vec<_>, Error>>()?;
    RecordBatch::try_new(shown, columns).map_err(|_| Error::new(Code::Failed, "a value cannot be shown as JSON"))
}
