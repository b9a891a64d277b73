//! File: how do batches become one sorted Parquet file, and batches again?
//!
//! - LIMIT: a file is made in memory; what is hot is bounded by [`HOT_ROWS_MAX`](crate::limits::HOT_ROWS_MAX).
//! - **Not here**: where it is put ([`crate::place`]), which files count ([`crate::manifest`]).

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch},
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
    limits::{PAGE_ROWS, ROW_GROUP_ROWS},
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
    let all = concat_batches(&schema, batches)?;
    let sorted = take_record_batch(&all, &order(definition, &all)?)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page);
    for column in definition.columns.iter().filter(|column| column.kind == Type::Id) {
        properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(column.name), true);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build()))?;
    writer.write(&sorted)?;
    Ok(writer.into_inner()?)
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
