//! Arrow: which events do the rows of an Arrow stream say?
//!
//! Each row is the event that the same names and values would be as JSON, and is read as such: one meaning, whatever the
//! way. Columns are named as the fields of the event; structs and lists nest as they do there; a null is an absent field.
//! Texts may be numbered (dictionaries). Types that say the same bytes many times over are not read (views, run ends).
//!
//! - **How it fits**: `POST /v1/events` with the stream's media type; [`json`](super::json) reads what comes out.
//! - LIMIT: `ARROW_ROWS_MAX`, `ARROW_FIELDS_MAX`, `ARROW_TEXT_BYTES_MAX`: how long the text would be is added up before any
//!   of it is written, so that no dictionary grows into more.
//! - **Not here**: compressed buffers, files with a footer (only streams).
//! - **Source**: Arrow columnar format 1.5, "IPC Streaming Format".

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::{
    array::{Array, AsArray as _, RecordBatch},
    buffer::Buffer,
    datatypes::{DataType, Schema},
    ipc::reader::StreamDecoder,
    json::LineDelimitedWriter,
};

use crate::limits::{ARROW_FIELDS_MAX, ARROW_NAME_BYTES_MAX, ARROW_ROWS_MAX, ARROW_TEXT_BYTES_MAX};

/// The media type of a stream.
pub const MEDIA_TYPE: &str = "application/vnd.apache.arrow.stream";

/// Bytes that a value takes beside its text: its quotes, a comma, a number or a time at its longest.
const AROUND: u64 = 56;
/// Bytes of JSON that one byte of a text becomes at most: `\u0007`.
const ESCAPED: u64 = 6;

/// Why a body gives no rows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// It is no stream, ends too early, or contradicts itself.
    #[error("the body is no whole Arrow stream")]
    Malformed,
    /// A column has a type that no field of an event has.
    #[error("the column `{0}` has a type that is not read")]
    Column(String),
    /// More rows, columns or text than one request may have.
    #[error("the stream has more rows, columns or text than one request may have")]
    TooLarge,
}

/// The rows of a stream as lines of JSON.
///
/// # Errors
/// See [`Flaw`]; nothing of the stream counts then.
pub fn lines(body: &[u8]) -> Result<Vec<u8>, Flaw> {
    // The crate panics at headers that name types it does not know; nothing of ours is shared with what is given up then.
    catch_unwind(AssertUnwindSafe(|| read(body))).unwrap_or(Err(Flaw::Malformed))
}

fn read(body: &[u8]) -> Result<Vec<u8>, Flaw> {
    let mut decoder = StreamDecoder::new();
    let mut rest = Buffer::from(body);
    let (mut rows, mut bytes) = (0_usize, 0_u64);
    let mut text = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut text);
    while !rest.is_empty() {
        let batch = decoder.decode(&mut rest).map_err(|_| Flaw::Malformed)?;
        if let Some(schema) = decoder.schema() {
            check(&schema)?;
        }
        let Some(batch) = batch else { continue };
        rows = rows.saturating_add(batch.num_rows());
        bytes = bytes.saturating_add(weight_of(&batch)?);
        if rows > ARROW_ROWS_MAX || bytes > ARROW_TEXT_BYTES_MAX {
            return Err(Flaw::TooLarge);
        }
        writer.write(&batch).map_err(|_| Flaw::Malformed)?;
    }
    decoder.finish().map_err(|_| Flaw::Malformed)?;
    if decoder.schema().is_none() {
        return Err(Flaw::Malformed);
    }
    writer.finish().map_err(|_| Flaw::Malformed)?;
    drop(writer);
    Ok(text)
}

fn check(schema: &Schema) -> Result<(), Flaw> {
    let fields = schema.flattened_fields();
    if fields.len() > ARROW_FIELDS_MAX || fields.iter().any(|field| field.name().len() > ARROW_NAME_BYTES_MAX) {
        return Err(Flaw::TooLarge);
    }
    let odd = schema.fields().iter().find(|field| !is_read(field.data_type()));
    odd.map_or(Ok(()), |field| Err(Flaw::Column(field.name().clone())))
}

/// Whether values of a type cannot stand for more than their own bytes, but for numbered texts, which are added up.
fn is_read(kind: &DataType) -> bool {
    if let DataType::List(item) | DataType::LargeList(item) = kind {
        return is_read(item.data_type());
    }
    if let DataType::Struct(fields) = kind {
        return fields.iter().all(|field| is_read(field.data_type()));
    }
    if let DataType::Dictionary(_, values) = kind {
        return matches!(**values, DataType::Utf8 | DataType::LargeUtf8);
    }
    kind.is_integer()
        || kind.is_floating()
        || matches!(
            kind,
            DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Boolean
                | DataType::Decimal128(..)
                | DataType::Timestamp(..)
                | DataType::Date32
        )
}

/// How long the text of a batch is at most.
fn weight_of(batch: &RecordBatch) -> Result<u64, Flaw> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    columns.map(|(field, column)| weight(column, field.name())).try_fold(0_u64, |sum, one| Ok(sum.saturating_add(one?)))
}

fn weight(array: &dyn Array, name: &str) -> Result<u64, Flaw> {
    let own = number(array.len()).saturating_mul(number(name.len()) + AROUND);
    let text = |bytes: u64| own.saturating_add(bytes.saturating_mul(ESCAPED));
    if let Some(list) = array.as_list_opt::<i32>() {
        return Ok(own.saturating_add(weight(list.values(), "")?));
    }
    if let Some(list) = array.as_list_opt::<i64>() {
        return Ok(own.saturating_add(weight(list.values(), "")?));
    }
    if let Some(fields) = array.as_struct_opt() {
        let parts = fields.fields().iter().zip(fields.columns());
        return parts
            .map(|(field, column)| weight(column, field.name()))
            .try_fold(own, |sum, one| Ok(sum.saturating_add(one?)));
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Ok(text(number(texts.value_data().len())));
    }
    if let Some(texts) = array.as_string_opt::<i64>() {
        return Ok(text(number(texts.value_data().len())));
    }
    if let Some(numbered) = array.as_any_dictionary_opt() {
        let lengths: Vec<u64> = if let Some(texts) = numbered.values().as_string_opt::<i32>() {
            texts.iter().map(|text| number(text.map_or(0, str::len))).collect()
        } else if let Some(texts) = numbered.values().as_string_opt::<i64>() {
            texts.iter().map(|text| number(text.map_or(0, str::len))).collect()
        } else {
            return Err(Flaw::Column(name.to_owned()));
        };
        if lengths.is_empty() {
            return Ok(own);
        }
        let keys = numbered.normalized_keys();
        let all =
            keys.iter().filter_map(|key| lengths.get(*key)).fold(0_u64, |sum, length| sum.saturating_add(*length));
        return Ok(text(all));
    }
    Ok(own)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, DictionaryArray, Int32Array, NullArray, StringArray},
        compute::cast,
        datatypes::{Field, Int32Type},
        ipc::writer::StreamWriter,
        json::ReaderBuilder,
    };

    use super::*;

    fn stream(batches: &[RecordBatch]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
        drop(writer);
        bytes
    }

    fn column(name: &str, array: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([(name, array)]).unwrap()
    }

    fn shown(body: &[u8]) -> Result<String, Flaw> {
        lines(body).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_row_is_the_line_with_the_same_names_and_values() {
        let text = concat!(
            r#"{"v":1,"event_id":"a","source":"lis","report":{"filler":"F1"},"step":"final","results":[{"code":"2823-3","num":"7.1"}]}"#,
            "\n",
            r#"{"v":1,"event_id":"b","source":"lis","report":{"filler":"F2"},"step":"received"}"#,
            "\n"
        );
        let item = DataType::Struct(
            vec![Field::new("code", DataType::Utf8, true), Field::new("num", DataType::Utf8, true)].into(),
        );
        let schema = Arc::new(Schema::new(vec![
            Field::new("v", DataType::Int32, false),
            Field::new("event_id", DataType::Utf8, true),
            Field::new("source", DataType::Utf8, true),
            Field::new("report", DataType::Struct(vec![Field::new("filler", DataType::Utf8, true)].into()), true),
            Field::new("step", DataType::Utf8, true),
            Field::new("results", DataType::List(Arc::new(Field::new("item", item, true))), true),
        ]));
        let mut reader = ReaderBuilder::new(schema).build(text.as_bytes()).unwrap();
        let batch = reader.next().unwrap().unwrap();
        // The source as a column of numbered texts.
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let is_source = field.name() == "source";
            (field.name().clone(), if is_source { cast(column, &numbered).unwrap() } else { column.clone() })
        });
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(shown(&stream(&[batch.slice(0, 1), batch.slice(1, 1)])).as_deref(), Ok(text));
    }

    #[test]
    fn a_stream_that_is_cut_anywhere_gives_nothing() {
        let whole = stream(&[column("event_id", Arc::new(StringArray::from(vec!["a", "b"])))]);
        assert!(shown(&whole).is_ok());
        // The last eight bytes say that it ends, and may be left out.
        for length in 0..whole.len() - 8 {
            let cut = shown(&whole[..length]);
            let is_header_alone = cut.as_deref() == Ok("");
            assert!(cut == Err(Flaw::Malformed) || is_header_alone, "{length}: {cut:?}");
        }
        assert_eq!(shown(b"{\"v\":1}\n"), Err(Flaw::Malformed));
    }

    #[test]
    fn changed_bytes_never_panic_and_never_grow() {
        let whole = stream(&[column("event_id", Arc::new(StringArray::from(vec!["a", "bc", "def"])))]);
        for place in 0..whole.len() {
            for bit in [1, 0x80] {
                let mut bytes = whole.clone();
                bytes[place] ^= bit;
                if let Ok(text) = lines(&bytes) {
                    assert!(text.len() < 4_096, "{place}");
                }
            }
        }
    }

    #[test]
    fn a_dictionary_that_would_grow_is_refused_before_it_does() {
        let numbered = |length: usize| {
            let values: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(length)]));
            let keys = Int32Array::from(vec![0; ARROW_ROWS_MAX]);
            stream(&[column("location", Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).unwrap()))])
        };
        let small = numbered(8);
        assert_eq!(lines(&small).unwrap().len(), ARROW_ROWS_MAX * "{\"location\":\"xxxxxxxx\"}\n".len());
        let bomb = numbered(1 << 20);
        assert!(bomb.len() < 2 << 20, "{}", bomb.len());
        assert_eq!(lines(&bomb), Err(Flaw::TooLarge), "64 GiB of text");
    }

    #[test]
    fn more_rows_or_columns_than_may_be_and_types_that_are_not_read_are_refused() {
        let rows = Int32Array::from(vec![1; ARROW_ROWS_MAX + 1]);
        assert_eq!(lines(&stream(&[column("v", Arc::new(rows))])), Err(Flaw::TooLarge));
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let many = (0..=ARROW_FIELDS_MAX).map(|number| (format!("c{number}"), one.clone()));
        assert_eq!(lines(&stream(&[RecordBatch::try_from_iter(many).unwrap()])), Err(Flaw::TooLarge));
        let long = column(&"n".repeat(ARROW_NAME_BYTES_MAX + 1), one);
        assert_eq!(lines(&stream(&[long])), Err(Flaw::TooLarge));
        let nothing = column("nothing", Arc::new(NullArray::new(1_000_000)));
        assert_eq!(lines(&stream(&[nothing])), Err(Flaw::Column("nothing".to_owned())));
    }
}
