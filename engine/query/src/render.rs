//! Render: how do rows become text?
//!
//! Numbers and truth values as they are, 64-bit numbers that JavaScript would round as strings, instants in UTC to the
//! microsecond where they have one, everything else as text.
//!
//! - **Not here**: formats of the Postgres wire ([`crate::pg`]).

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, SchemaRef},
    error::ArrowError,
    ipc::writer::StreamWriter,
    util::display::{ArrayFormatter, FormatOptions},
};
use serde_json::{Value, json};

use crate::{
    codes::Code,
    error::Error,
    limits::{ROWS_MAX, TEXT_ANSWER_BYTES_MAX},
    nested,
    session::Answer,
};

/// A form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Format {
    /// One object with schema and rows.
    #[default]
    Json,
    /// One object for each row.
    Jsonl,
    /// RFC 4180 with a header.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "arrow" => Some(Self::Arrow),
            _ => None,
        }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// An answer as bytes, and whether rows were left out because `limit` asked for it.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) body: Vec<u8>,
    pub(crate) is_limited: bool,
}

/// The whole answer; an answer that is too large is an error and never a part of one.
///
/// # Errors
/// WL1511, or what the statement runs into.
pub(crate) async fn render(answer: &mut Answer, format: Format, limit: Option<usize>) -> Result<Rendered, Error> {
    let mut form = Form::new(format, &answer.schema.clone())?;
    let most = limit.unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let mut rows = 0;
    let mut is_limited = false;
    while let Some(batch) = answer.next().await {
        let mut batch = batch?;
        if rows + batch.num_rows() > most {
            if limit.is_none_or(|limit| limit > ROWS_MAX) {
                return Err(answer.failed(Error::new(Code::Rows, "the answer has more than 1,000,000 rows")));
            }
            batch = batch.slice(0, most - rows);
            is_limited = true;
        }
        rows += batch.num_rows();
        form.add(&batch)?;
        if form.len() > TEXT_ANSWER_BYTES_MAX {
            return Err(answer.failed(Error::new(Code::Rows, "the answer has more than 64 MiB")));
        }
        if is_limited {
            answer.is_enough();
            break;
        }
    }
    let body = form.end(answer)?;
    answer.sent(body.len());
    Ok(Rendered { body, is_limited })
}

struct Form {
    format: Format,
    schema: SchemaRef,
    body: Vec<u8>,
    arrow: Option<StreamWriter<Vec<u8>>>,
    is_first: bool,
}

impl Form {
    fn new(format: Format, schema: &SchemaRef) -> Result<Self, Error> {
        let mut body = Vec::new();
        let mut arrow = None;
        match format {
            Format::Json => {
                let field = |field: &arrow::datatypes::FieldRef| {
                    let comment = field.metadata().get("comment");
                    json!({ "name": field.name(), "type": type_name(field.data_type()), "comment": comment })
                };
                let columns: Vec<Value> = schema.fields().iter().map(field).collect();
                body.extend_from_slice(format!("{{\"schema\":{},\"rows\":[", Value::from(columns)).as_bytes());
            }
            Format::Csv => {
                let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
                body.extend_from_slice(names.join(",").as_bytes());
                body.extend_from_slice(b"\r\n");
            }
            Format::Arrow => arrow = Some(StreamWriter::try_new(Vec::new(), schema).map_err(failed)?),
            Format::Jsonl => {}
        }
        Ok(Self { format, schema: schema.clone(), body, arrow, is_first: true })
    }

    /// Bytes so far.
    fn len(&self) -> usize {
        self.body.len() + self.arrow.as_ref().map_or(0, |writer| writer.get_ref().len())
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if let Some(writer) = &mut self.arrow {
            return writer.write(batch).map_err(failed);
        }
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
            Format::Arrow => String::new(),
        };
        self.is_first = false;
        self.body.extend_from_slice(text.as_bytes());
    }

    fn end(mut self, answer: &Answer) -> Result<Vec<u8>, Error> {
        if let Some(mut writer) = self.arrow {
            writer.finish().map_err(failed)?;
            return writer.into_inner().map_err(failed);
        }
        if self.format == Format::Json {
            let commit = &answer.snapshot.commit;
            let end = format!(
                "],\"epoch\":{},\"at\":{},\"watermark_at\":{}}}",
                commit.epoch,
                Value::from(instant(Some(commit.at))),
                Value::from(instant(commit.watermark_at)),
            );
            self.body.extend_from_slice(end.as_bytes());
        }
        Ok(self.body)
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
