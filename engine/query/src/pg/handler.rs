//! Handler: what does one session answer to simple and extended queries?
//!
//! - INVARIANT: between `BEGIN` and `COMMIT` every statement reads the snapshot of the `BEGIN`.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use arrow::datatypes::DataType;
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, df::deserialize_parameters, encode_recordbatch, into_pg_type};
use async_trait::async_trait;
use datafusion::common::ParamValues;
use futures::{Sink, Stream, StreamExt as _, stream};
use pgwire::{
    api::{
        ClientInfo, ClientPortalStore, METADATA_USER, PgWireServerHandlers, Type,
        auth::StartupHandler,
        cancel::{CancelHandler, DefaultCancelHandler},
        portal::{Format, Portal},
        query::{ExtendedQueryHandler, SimpleQueryHandler},
        results::{FieldInfo, QueryResponse, Response, Tag},
        stmt::QueryParser,
        store::PortalStore,
    },
    error::{PgWireError, PgWireResult},
    messages::{PgWireBackendMessage, data::DataRow},
};

use super::{
    Shared,
    command::{self, Command},
    startup::Startup,
};
use crate::{
    access::{Role, now},
    codes::Code,
    error::Error,
    limits::ROWS_MAX,
    session::{Answer, Planned},
    snapshot::Snapshot,
};

/// How long a transaction may keep its snapshot.
const PIN_MAX: Duration = Duration::from_secs(300);

/// What a transaction reads.
#[derive(Clone, Debug, Default)]
enum Pinned {
    /// There is none: every statement reads what is newest.
    #[default]
    None,
    /// The snapshot of its beginning, and when that was.
    Held(Arc<Snapshot>, Instant),
    /// It took too long: the snapshot is given up, and nothing is read until the transaction ends.
    Over,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    pinned: Arc<Mutex<Pinned>>,
}

/// What was prepared.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    /// Something that has rows.
    Query(Arc<Planned>),
    /// A session command.
    Command(Command),
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, pinned: Arc::default() }
    }

    fn role(&self, client: &impl ClientInfo) -> Result<Role, Error> {
        if self.shared.access.is_open() {
            return Ok(Role::Phi);
        }
        let user = client.metadata().get(METADATA_USER).map_or("", String::as_str);
        let key = self.shared.access.user(user, now());
        key.and_then(|key| key.role).ok_or_else(|| Error::new(Code::Login, "the key has ended"))
    }

    async fn prepare(&self, client: &(impl ClientInfo + Sync), text: &str) -> Result<Prepared, Error> {
        if let Some(command) = command::read(text)? {
            return Ok(Prepared::Command(command));
        }
        let role = self.role(client)?;
        Ok(Prepared::Query(Arc::new(self.shared.sql.plan(text, role).await?)))
    }

    fn pin(&self) -> Result<Option<Arc<Snapshot>>, Error> {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        give_up(&mut pinned, PIN_MAX);
        match &*pinned {
            Pinned::None => Ok(None),
            Pinned::Held(snapshot, _) => Ok(Some(snapshot.clone())),
            Pinned::Over => Err(Error::new(Code::Pinned, "the transaction is older than five minutes")),
        }
    }

    fn command(&self, command: Command) -> Result<Response, Error> {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        match command {
            Command::Begin => {
                *pinned = Pinned::Held(self.shared.sql.snapshot()?, Instant::now());
                tokio::spawn(give_up_later(Arc::downgrade(&self.pinned), PIN_MAX));
                Ok(Response::TransactionStart(Tag::new("BEGIN")))
            }
            Command::End(tag) => {
                *pinned = Pinned::None;
                Ok(Response::TransactionEnd(Tag::new(tag)))
            }
            Command::Done(tag) => Ok(Response::Execution(Tag::new(tag))),
        }
    }

    async fn answer(
        &self,
        prepared: &Prepared,
        parameters: Option<ParamValues>,
        format: &Format,
    ) -> PgWireResult<Response> {
        let planned = match prepared {
            Prepared::Command(command) => return Ok(self.command(*command)?),
            Prepared::Query(planned) => planned,
        };
        let answer = self.shared.sql.run(planned, parameters, self.pin()?).await?;
        let fields = Arc::new(arrow_schema_to_pg_fields(&answer.schema, format, None)?);
        Ok(Response::Query(QueryResponse::new(fields.clone(), rows(answer, fields))))
    }
}

/// Lets go of a snapshot that is held for too long: its hot rows are memory that nobody else can have.
fn give_up(pinned: &mut Pinned, after: Duration) {
    if matches!(pinned, Pinned::Held(_, since) if since.elapsed() >= after) {
        *pinned = Pinned::Over;
    }
}

/// Does so for a session that says nothing more.
async fn give_up_later(pinned: Weak<Mutex<Pinned>>, after: Duration) {
    tokio::time::sleep(after).await;
    if let Some(pinned) = pinned.upgrade() {
        give_up(&mut pinned.lock().unwrap_or_else(PoisonError::into_inner), after);
    }
}

/// The rows of an answer, batch by batch; nothing is read that nobody takes.
fn rows(answer: Answer, fields: Arc<Vec<FieldInfo>>) -> impl Stream<Item = PgWireResult<DataRow>> + Send + 'static {
    let batches = stream::unfold((answer, 0_usize, false), move |(mut answer, mut count, has_ended)| {
        let fields = fields.clone();
        async move {
            if has_ended {
                return None;
            }
            let rows: Vec<PgWireResult<DataRow>> = match answer.next().await? {
                Ok(batch) => {
                    count += batch.num_rows();
                    if count > ROWS_MAX {
                        let error = Error::new(Code::Rows, "the answer has more than 1,000,000 rows");
                        return Some((stream::iter(vec![Err(error.into())]), (answer, count, true)));
                    }
                    encode_recordbatch(fields, batch).collect()
                }
                Err(error) => return Some((stream::iter(vec![Err(error.into())]), (answer, count, true))),
            };
            Some((stream::iter(rows), (answer, count, false)))
        }
    });
    batches.flatten()
}

#[async_trait]
impl SimpleQueryHandler for Session {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = self.prepare(client, query).await?;
        Ok(vec![self.answer(&prepared, None, &Format::UnifiedText).await?])
    }
}

#[async_trait]
impl QueryParser for Session {
    type Statement = Prepared;

    async fn parse_sql<C>(&self, client: &C, sql: &str, _: &[Option<Type>]) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        Ok(Some(self.prepare(client, sql).await?))
    }

    fn get_parameter_types(&self, statement: &Prepared) -> PgWireResult<Vec<Type>> {
        let Prepared::Query(planned) = statement else { return Ok(Vec::new()) };
        let kind = |kind: &Option<DataType>| kind.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type);
        planned.parameters()?.iter().map(kind).collect()
    }

    fn get_result_schema(&self, statement: &Prepared, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        match statement {
            Prepared::Command(_) => Ok(Vec::new()),
            Prepared::Query(planned) => {
                arrow_schema_to_pg_fields(&planned.schema(), format.unwrap_or(&Format::UnifiedText), None)
            }
        }
    }
}

#[async_trait]
impl ExtendedQueryHandler for Session {
    type Statement = Prepared;
    type QueryParser = Self;

    fn query_parser(&self) -> Arc<Self> {
        Arc::new(self.clone())
    }

    async fn do_query<C>(&self, _: &mut C, portal: &Portal<Prepared>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = &portal.statement.statement;
        let parameters = match prepared {
            Prepared::Query(planned) if portal.parameter_len() > 0 => {
                let types = planned.parameters()?;
                let types: Vec<Option<&DataType>> = types.iter().map(Option::as_ref).collect();
                Some(deserialize_parameters(portal, &types)?)
            }
            Prepared::Query(_) | Prepared::Command(_) => None,
        };
        self.answer(prepared, parameters, &portal.result_column_format).await
    }
}

impl PgWireServerHandlers for Session {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::new(self.clone())
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::new(self.clone())
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::new(Startup::new(self.shared.clone()))
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::new(DefaultCancelHandler::new(self.shared.running.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_that_falls_silent_in_a_transaction_does_not_keep_its_rows() {
        let snapshot = Arc::new(Snapshot::new(Default::default(), Arc::default(), Arc::default()));
        let kept = Arc::downgrade(&snapshot);
        let pinned = Arc::new(Mutex::new(Pinned::Held(snapshot, Instant::now())));
        give_up(&mut pinned.lock().unwrap(), PIN_MAX);
        assert!(kept.upgrade().is_some(), "not before its time");
        give_up_later(Arc::downgrade(&pinned), Duration::from_millis(5)).await;
        assert!(kept.upgrade().is_none());
        assert!(matches!(*pinned.lock().unwrap(), Pinned::Over), "and it does not go on with other rows");
    }
}
