//! Form: what does a row look like as JSON, as CSV, and in the formats of columns?
//!
//! Numbers and truth values as they are, 64-bit numbers that JavaScript would round as strings, instants in UTC to the
//! microsecond where they have one, everything else as text. Arrow and Parquet have the types of the tables, unchanged.
//!
//! - **Not here**: how much may leave ([`super`]).

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, SchemaRef},
    error::ArrowError,
    ipc::writer::StreamWriter,
    util::display::{ArrayFormatter, FormatOptions},
};
use datafusion::parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use serde_json::{Value, json};

use super::Format;
use crate::{codes::Code, error::Error, limits::PARQUET_GROUP_ROWS, nested, session::Answer};

/// Bytes that a writer of columns made and nobody took yet.
#[derive(Clone, Debug, Default)]
struct Made(Arc<Mutex<Vec<u8>>>);

impl Made {
    fn take(&self) -> Vec<u8> {
        core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl io::Write for Made {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Who writes.
enum Writer {
    Text,
    Arrow(Box<StreamWriter<Made>>),
    Parquet(Box<ArrowWriter<Made>>),
}

impl core::fmt::Debug for Writer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Text => "Text",
            Self::Arrow(_) => "Arrow(…)",
            Self::Parquet(_) => "Parquet(…)",
        })
    }
}

/// An answer in its format, as far as it came.
#[derive(Debug)]
pub(super) struct Form {
    format: Format,
    schema: SchemaRef,
    writer: Writer,
    text: Vec<u8>,
    made: Made,
    is_first: bool,
}

impl Form {
    pub(super) fn new(format: Format, schema: &SchemaRef) -> Result<Self, Error> {
        let (mut text, made) = (Vec::new(), Made::default());
        let writer = match format {
            Format::Json => {
                let field = |field: &arrow::datatypes::FieldRef| {
                    let comment = field.metadata().get("comment");
                    json!({ "name": field.name(), "type": type_name(field.data_type()), "comment": comment })
                };
                let columns: Vec<Value> = schema.fields().iter().map(field).collect();
                text.extend_from_slice(format!("{{\"schema\":{},\"rows\":[", Value::from(columns)).as_bytes());
                Writer::Text
            }
            Format::Csv => {
                let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
                text.extend_from_slice(names.join(",").as_bytes());
                text.extend_from_slice(b"\r\n");
                Writer::Text
            }
            Format::Jsonl => Writer::Text,
            Format::Arrow => Writer::Arrow(Box::new(StreamWriter::try_new(made.clone(), schema).map_err(failed)?)),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(PARQUET_GROUP_ROWS))
                    .build();
                let writer = ArrowWriter::try_new(made.clone(), schema.clone(), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(refused)?))
            }
        };
        Ok(Self { format, schema: schema.clone(), writer, text, made, is_first: true })
    }

    /// Bytes that are held and cannot be given out yet.
    pub(super) fn waiting(&self) -> usize {
        match &self.writer {
            Writer::Text | Writer::Arrow(_) => 0,
            Writer::Parquet(writer) => writer.in_progress_size(),
        }
    }

    /// What was written since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self.writer {
            Writer::Text => core::mem::take(&mut self.text),
            Writer::Arrow(_) | Writer::Parquet(_) => self.made.take(),
        }
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        match &mut self.writer {
            Writer::Arrow(writer) => writer.write(batch).map_err(failed),
            Writer::Parquet(writer) => writer.write(batch).map_err(refused),
            Writer::Text => self.add_text(batch),
        }
    }

    fn add_text(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let options = FormatOptions::new()
            .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"))
            .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.f"));
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        let mut nested: Vec<Option<std::vec::IntoIter<Option<String>>>> = Vec::new();
        for column in batch.columns() {
            let is_nested = nested::is_nested(column.data_type());
            nested.push(if is_nested { Some(nested::texts(column)?.into_iter()) } else { None });
        }
        for row in 0..batch.num_rows() {
            let cells = columns.iter().zip(batch.columns()).zip(&mut nested).map(|((shown, column), nested)| {
                if let Some(texts) = nested {
                    return Ok(texts.next().flatten());
                }
                if column.is_null(row) { Ok(None) } else { shown.value(row).try_to_string().map(Some) }
            });
            let cells: Vec<Option<String>> = cells.collect::<Result<_, _>>().map_err(failed)?;
            self.row(cells);
        }
        Ok(())
    }

    fn row(&mut self, cells: Vec<Option<String>>) {
        let fields = self.schema.fields().iter();
        let text = match self.format {
            Format::Json => {
                let values: Vec<Value> =
                    cells.into_iter().zip(fields).map(|(cell, field)| value(cell, field.data_type())).collect();
                let comma = if self.is_first { "" } else { "," };
                format!("{comma}{}", Value::from(values))
            }
            Format::Jsonl => {
                let pairs = cells.into_iter().zip(fields);
                let object: serde_json::Map<String, Value> =
                    pairs.map(|(cell, field)| (field.name().clone(), value(cell, field.data_type()))).collect();
                format!("{}\n", Value::from(object))
            }
            Format::Csv => {
                let cells: Vec<String> =
                    cells.iter().map(|cell| cell.as_deref().map(quoted).unwrap_or_default()).collect();
                format!("{}\r\n", cells.join(","))
            }
            Format::Arrow | Format::Parquet => String::new(),
        };
        self.is_first = false;
        self.text.extend_from_slice(text.as_bytes());
    }

    /// The last bytes.
    pub(super) fn end(mut self, answer: &Answer) -> Result<Vec<u8>, Error> {
        match self.writer {
            Writer::Arrow(mut writer) => writer.finish().map_err(failed)?,
            Writer::Parquet(writer) => drop(writer.close().map_err(refused)?),
            Writer::Text => {
                if self.format == Format::Json {
                    let commit = &answer.snapshot.commit;
                    let end = format!(
                        "],\"epoch\":{},\"at\":{},\"watermark_at\":{}}}",
                        commit.epoch,
                        Value::from(instant(Some(commit.at))),
                        Value::from(instant(commit.watermark_at)),
                    );
                    self.text.extend_from_slice(end.as_bytes());
                }
                return Ok(self.text);
            }
        }
        Ok(self.made.take())
    }
}

/// An instant as text.
pub(crate) fn instant(micros: Option<i64>) -> Option<String> {
    let at = chrono::DateTime::from_timestamp_micros(micros?)?;
    Some(at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string())
}

/// The largest number that JavaScript keeps exactly.
const SAFE: u64 = 1 << 53;

pub(crate) fn value(cell: Option<String>, kind: &DataType) -> Value {
    let Some(text) = cell else { return Value::Null };
    match kind {
        DataType::Boolean => Value::from(text == "true"),
        _ if nested::is_nested(kind) => serde_json::from_str(&text).unwrap_or(Value::Null),
        _ if kind.is_integer() => match text.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= SAFE => Value::from(number),
            Ok(_) | Err(_) => Value::from(text),
        },
        _ if kind.is_floating() => {
            text.parse::<f64>().ok().filter(|number| number.is_finite()).map_or(Value::Null, Value::from)
        }
        _ => Value::from(text),
    }
}

/// A cell of RFC 4180: in quotes where it must be.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The name of a type as the documentation writes it.
pub(crate) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Timestamp(_, Some(_)) => "ts".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Dictionary(_, _) => "sym".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "txt".to_owned(),
        DataType::Int16 => "i16".to_owned(),
        DataType::Int32 => "i32".to_owned(),
        DataType::Int64 => "i64".to_owned(),
        DataType::Float64 => "f64".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        _ if nested::is_nested(kind) => "json".to_owned(),
        other => other.to_string(),
    }
}

fn failed(error: ArrowError) -> Error {
    tracing::warn!(%error, "query.render");
    Error::new(Code::Failed, "the answer cannot be written")
}

fn refused(error: ParquetError) -> Error {
    tracing::warn!(%error, "query.render");
    Error::new(Code::Failed, "the answer cannot be written as Parquet")
}
