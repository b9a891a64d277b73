//! File: how do batches become one sorted Parquet file, and batches again?
//!
//! A batch numbers its words with 16 bits, a file holds as many as there are: while batches are joined and sorted the
//! numbers have 32 bits, and each piece that is written has a word list of its own.
//!
//! - LIMIT: a file is made in memory; what is hot is bounded by [`HOT_ROWS_MAX`](crate::limits::HOT_ROWS_MAX).
//! - **Not here**: where it is put ([`crate::place`]), which files count ([`crate::manifest`]).

use std::sync::Arc;

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::{SortColumn, SortOptions, cast, concat_batches, lexsort_to_indices, take_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};

use crate::{
    limits::{PAGE_ROWS, ROW_GROUP_ROWS, WORDS_BYTES_MAX},
    schema::{Definition, Type},
};

/// Why a file cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Arrow refused.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Parquet refused.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// The bytes of a file that holds these batches, sorted as the table says and then by epoch and seq.
///
/// # Errors
/// [`Error`].
pub fn write(definition: &Definition, batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    let schema = definition.schema();
    let wide = wide(&schema);
    let batches = batches.iter().map(|batch| as_schema(batch, &wide)).collect::<Result<Vec<_>, _>>()?;
    let all = concat_batches(&wide, &batches)?;
    let sorted = take_record_batch(&all, &order(definition, &all)?)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        // Readers number the words of a row group with 16 bits too; beyond this they stand in the rows themselves.
        .set_dictionary_page_size_limit(WORDS_BYTES_MAX)
        .set_statistics_enabled(EnabledStatistics::Page);
    for column in definition.columns.iter().filter(|column| column.kind == Type::Id) {
        properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(column.name), true);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties.build()))?;
    for from in (0..sorted.num_rows()).step_by(PAGE_ROWS) {
        let piece = sorted.slice(from, PAGE_ROWS.min(sorted.num_rows() - from));
        writer.write(&narrow(&piece, &schema)?)?;
    }
    Ok(writer.into_inner()?)
}

/// The same columns, with words numbered by 32 bits: as many as a file has rows.
fn wide(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(_, words) => {
            let kind = DataType::Dictionary(Box::new(DataType::UInt32), words.clone());
            Arc::new(field.as_ref().clone().with_data_type(kind))
        }
        _ => field.clone(),
    };
    Arc::new(Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata.clone()))
}

fn as_schema(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

/// A piece of at most 65,536 rows as a table has it: its words are numbered anew, for it names few of all there are.
fn narrow(piece: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = piece.columns().iter().zip(schema.fields()).map(|(column, field)| match field.data_type() {
        DataType::Dictionary(_, words) => cast(&cast(column, words)?, field.data_type()),
        _ => Ok(column.clone()),
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

fn order(definition: &Definition, all: &RecordBatch) -> Result<UInt32Array, ArrowError> {
    let columns = definition.sort.iter().copied().chain(["epoch", "seq"]);
    let sort: Vec<SortColumn> = columns
        .filter_map(|name| all.column_by_name(name))
        .map(|column| SortColumn { values: column.clone(), options: Some(SortOptions::default()) })
        .collect();
    lexsort_to_indices(&sort, None)
}

/// All batches of a file.
///
/// # Errors
/// [`Error`].
pub fn read(bytes: Vec<u8>) -> Result<Vec<RecordBatch>, Error> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?.build()?;
    Ok(reader.collect::<Result<_, _>>()?)
}
