//! Rows: how do the rows of an answer get onto the Postgres wire?
//!
//! As the rows of a query, those of a cursor, or the bytes of a COPY. Nothing is read that nobody takes.
//!
//! - **Not here**: which rows ([`crate::session`]), how COPY frames them ([`super::copy`]).

use std::{fmt::Debug, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _, stream};
use pgwire::{
    api::{
        ClientInfo, Type,
        portal::Format,
        results::{FieldInfo, Tag},
    },
    error::{PgWireError, PgWireResult},
    messages::{
        PgWireBackendMessage,
        copy::{CopyData, CopyDone, CopyOutResponse},
        data::DataRow,
        startup::ParameterStatus,
    },
};

use super::copy::Form;
use crate::{
    codes::Code,
    error::Error,
    limits::{COPY_ROWS_MAX, ROWS_MAX},
    nested,
    render::instant,
    session::Answer,
    snapshot::Snapshot,
};

/// The columns as the wire names them: what is nested is JSON.
pub(super) fn fields(schema: &SchemaRef, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
    let plain = nested::plain_schema(schema);
    let mut fields = arrow_schema_to_pg_fields(&plain, format, None)?;
    for (field, known) in fields.iter_mut().zip(schema.fields()) {
        if nested::is_nested(known.data_type()) {
            *field = FieldInfo::new(known.name().clone(), None, None, Type::JSON, field.format());
        }
    }
    Ok(fields)
}

/// The rows of one batch.
fn encoded(batch: RecordBatch, fields: &Arc<Vec<FieldInfo>>) -> Result<Vec<PgWireResult<DataRow>>, Error> {
    Ok(encode_recordbatch(fields.clone(), nested::plain(batch)?).collect())
}

/// How many bytes rows have.
fn bytes(rows: &[PgWireResult<DataRow>]) -> usize {
    rows.iter().flatten().map(|row| row.data.len()).sum()
}

/// The rows of an answer, batch by batch.
pub(super) fn stream_of(
    answer: Answer,
    fields: Arc<Vec<FieldInfo>>,
) -> impl Stream<Item = PgWireResult<DataRow>> + Send + 'static {
    let batches = stream::unfold((answer, 0_usize, false), move |(mut answer, mut count, has_ended)| {
        let fields = fields.clone();
        async move {
            if has_ended {
                return None;
            }
            let rows = match answer.next().await? {
                Ok(batch) => {
                    count += batch.num_rows();
                    if count > ROWS_MAX {
                        Err(answer.failed(Error::new(Code::Rows, "the answer has more than 1,000,000 rows")))
                    } else {
                        encoded(batch, &fields).inspect(|rows| answer.sent(bytes(rows)))
                    }
                }
                Err(error) => Err(error),
            };
            let (rows, is_last) = match rows {
                Ok(rows) => (rows, false),
                Err(error) => (vec![Err(error.into())], true),
            };
            Some((stream::iter(rows), (answer, count, is_last)))
        }
    });
    batches.flatten()
}

/// The rows that a cursor gave.
pub(super) fn stream_of_parts(
    batches: Vec<RecordBatch>,
    fields: &Arc<Vec<FieldInfo>>,
) -> Result<impl Stream<Item = PgWireResult<DataRow>> + Send + 'static, Error> {
    let parts = batches.into_iter().map(|batch| encoded(batch, fields)).collect::<Result<Vec<_>, _>>()?;
    Ok(stream::iter(parts.into_iter().flatten()))
}

/// Sends all rows as COPY does; gives what the command is said to have done.
pub(super) async fn copy<C>(client: &mut C, mut answer: Answer, form: &Form) -> PgWireResult<Tag>
where
    C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let fields = Arc::new(fields(&answer.schema, &form.of_values())?);
    let count = i16::try_from(fields.len()).unwrap_or(i16::MAX);
    let formats = vec![i16::from(form.code()); fields.len()];
    client.send(PgWireBackendMessage::CopyOutResponse(CopyOutResponse::new(form.code(), count, formats))).await?;
    if let Some(names) = form.names(fields.iter().map(FieldInfo::name)) {
        client.feed(PgWireBackendMessage::CopyData(CopyData::new(names.into()))).await?;
    }
    let mut message = form.head().to_vec();
    let mut rows = 0;
    while let Some(batch) = answer.next().await {
        for row in encoded(batch?, &fields)? {
            rows += 1;
            if rows > COPY_ROWS_MAX {
                return Err(answer.failed(Error::new(Code::Rows, "the answer has more than 20,000,000 rows")).into());
            }
            form.row(&row?, &mut message)?;
            answer.sent(message.len());
            let sent = CopyData::new(core::mem::take(&mut message).into());
            client.feed(PgWireBackendMessage::CopyData(sent)).await?;
        }
    }
    message.extend_from_slice(form.tail());
    if !message.is_empty() {
        client.feed(PgWireBackendMessage::CopyData(CopyData::new(message.into()))).await?;
    }
    client.feed(PgWireBackendMessage::CopyDone(CopyDone::new())).await?;
    Ok(Tag::new("COPY").with_rows(rows))
}

/// Says which epoch, log time and watermark the next rows are of.
pub(super) async fn tell<C>(client: &mut C, snapshot: &Snapshot) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let commit = &snapshot.commit;
    let told = [
        ("wardline.epoch", commit.epoch.to_string()),
        ("wardline.at", instant(Some(commit.at)).unwrap_or_default()),
        ("wardline.watermark", instant(commit.watermark_at).unwrap_or_default()),
    ];
    for (name, value) in told {
        client.feed(PgWireBackendMessage::ParameterStatus(ParameterStatus::new(name.to_owned(), value))).await?;
    }
    Ok(())
}
