//! Handler: what does one session answer to simple and extended queries?
//!
//! - INVARIANT: between `BEGIN` and `COMMIT` every statement reads the snapshot of the `BEGIN`.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
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

/// The snapshot of a transaction, and since when it holds it.
type Pinned = Option<(Arc<Snapshot>, Instant)>;

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
        let pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pinned {
            Some((_, since)) if since.elapsed() > PIN_MAX => {
                Err(Error::new(Code::Pinned, "the transaction is older than five minutes"))
            }
            pinned => Ok(pinned.as_ref().map(|(snapshot, _)| snapshot.clone())),
        }
    }

    fn command(&self, command: Command) -> Result<Response, Error> {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        match command {
            Command::Begin => {
                *pinned = Some((self.shared.sql.snapshot()?, Instant::now()));
                Ok(Response::TransactionStart(Tag::new("BEGIN")))
            }
            Command::End(tag) => {
                *pinned = None;
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
