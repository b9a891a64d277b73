//! Handler: what does one session answer to simple and extended queries?
//!
//! - INVARIANT: between `BEGIN` and `COMMIT` every statement reads the snapshot of the `BEGIN`.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use arrow::datatypes::{DataType, SchemaRef};
use arrow_pg::datatypes::{df::deserialize_parameters, into_pg_type};
use async_trait::async_trait;
use datafusion::common::ParamValues;
use futures::Sink;
use pgwire::{
    api::{
        ClientInfo, ClientPortalStore, METADATA_USER, PgWireServerHandlers, Type,
        auth::StartupHandler,
        cancel::{CancelHandler, DefaultCancelHandler},
        portal::{Format, Portal},
        query::{ExtendedQueryHandler, SimpleQueryHandler, send_describe_response},
        results::{DescribePortalResponse, FieldInfo, QueryResponse, Response, Tag},
        stmt::QueryParser,
        store::PortalStore,
    },
    error::{PgWireError, PgWireResult},
    messages::{
        PgWireBackendMessage,
        extendedquery::{Describe, TARGET_TYPE_BYTE_PORTAL},
    },
};

use super::{
    Peer, Shared,
    command::{self, Command},
    copy::Form,
    cursor::{Cursors, unknown},
    rows,
    startup::Startup,
};
use crate::{
    access::{Asker, Role, now},
    codes::Code,
    error::Error,
    session::Planned,
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
    peer: Peer,
    pinned: Arc<Mutex<Pinned>>,
    cursors: Arc<tokio::sync::Mutex<Cursors>>,
}

/// What was prepared.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    /// Something that has rows.
    Query(Arc<Planned>),
    /// The rows of a query, in the form of COPY.
    Copy(Arc<Planned>, Form),
    /// A cursor over a query.
    Declare(String, Arc<Planned>),
    /// So many rows of a cursor, with the columns it has.
    Fetch(String, usize, SchemaRef),
    /// A session command.
    Command(Command),
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, peer: Peer) -> Self {
        Self { shared, peer, pinned: Arc::default(), cursors: Arc::default() }
    }

    fn asker(&self, client: &impl ClientInfo) -> Result<Asker, Error> {
        let user = client.metadata().get(METADATA_USER).map_or("", String::as_str);
        if self.shared.access.is_open() {
            return Ok(Asker::new("loopback", Role::Phi, "postgres"));
        }
        let key = self.shared.access.user(user, now());
        let role = key.and_then(|key| key.role).ok_or_else(|| Error::new(Code::Login, "the key has ended"))?;
        Ok(Asker::new(user, role, "postgres"))
    }

    async fn prepare(&self, client: &(impl ClientInfo + Sync), text: &str) -> Result<Prepared, Error> {
        let asker = self.asker(client)?;
        let command = command::read(text).inspect_err(|error| self.shared.sql.refused(&asker, text, error))?;
        let plan = |text: String| async move { self.shared.sql.plan(&text, &asker).await.map(Arc::new) };
        Ok(match command {
            None => Prepared::Query(plan(text.to_owned()).await?),
            Some(Command::Copy(query, form)) => Prepared::Copy(plan(query).await?, form),
            Some(Command::Declare(name, query)) => Prepared::Declare(name, plan(query).await?),
            Some(Command::Fetch(name, count)) => {
                let schema = self.cursors.lock().await.schema(&name).ok_or_else(|| unknown(&name))?;
                Prepared::Fetch(name, count, schema)
            }
            Some(command) => Prepared::Command(command),
        })
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

    async fn command(&self, command: &Command) -> Result<Response, Error> {
        if let Command::Close(name) = command {
            self.cursors.lock().await.close(name.as_deref())?;
            return Ok(Response::Execution(Tag::new("CLOSE CURSOR")));
        }
        if let Command::End(_) = command {
            self.cursors.lock().await.close(None)?;
        }
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
            Command::Copy(..) | Command::Declare(..) | Command::Fetch(..) | Command::Close(_) => {
                Err(Error::new(Code::Failed, "a command that was not prepared"))
            }
        }
    }

    async fn answer<C>(
        &self,
        client: &mut C,
        prepared: &Prepared,
        (parameters, format): (Option<ParamValues>, &Format),
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let planned = match prepared {
            Prepared::Command(command) => return Ok(self.command(command).await?),
            Prepared::Fetch(name, count, schema) => {
                let fields = Arc::new(rows::fields(schema, format)?);
                let batches = self.cursors.lock().await.fetch(name, *count).await?;
                let mut response = QueryResponse::new(fields.clone(), rows::stream_of_parts(batches, &fields)?);
                response.set_command_tag("FETCH");
                return Ok(Response::Query(response));
            }
            Prepared::Query(planned) | Prepared::Copy(planned, _) | Prepared::Declare(_, planned) => planned,
        };
        let answer = self.shared.sql.run(planned, parameters, self.pin()?).await?;
        rows::tell(client, &answer.snapshot).await?;
        match prepared {
            Prepared::Copy(_, form) => Ok(Response::Execution(rows::copy(client, answer, form).await?)),
            Prepared::Declare(name, _) => {
                self.cursors.lock().await.open(name, answer)?;
                Ok(Response::Execution(Tag::new("DECLARE CURSOR")))
            }
            Prepared::Query(_) | Prepared::Fetch(..) | Prepared::Command(_) => {
                let fields = Arc::new(rows::fields(&answer.schema, format)?);
                Ok(Response::Query(QueryResponse::new(fields.clone(), rows::stream_of(answer, fields))))
            }
        }
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
        Ok(vec![self.answer(client, &prepared, (None, &Format::UnifiedText)).await?])
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
        let (Prepared::Query(planned) | Prepared::Copy(planned, _) | Prepared::Declare(_, planned)) = statement else {
            return Ok(Vec::new());
        };
        let kind = |kind: &Option<DataType>| kind.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type);
        planned.parameters()?.iter().map(kind).collect()
    }

    fn get_result_schema(&self, statement: &Prepared, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        match statement {
            Prepared::Command(_) | Prepared::Copy(..) | Prepared::Declare(..) => Ok(Vec::new()),
            Prepared::Query(planned) => rows::fields(&planned.schema(), format.unwrap_or(&Format::UnifiedText)),
            Prepared::Fetch(_, _, schema) => rows::fields(schema, format.unwrap_or(&Format::UnifiedText)),
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

    /// A cursor may be described by its name, as if it were a portal.
    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().filter(|_| message.target_type == TARGET_TYPE_BYTE_PORTAL);
        let schema = match name {
            Some(name) => self.cursors.lock().await.schema(name),
            None => None,
        };
        match schema {
            Some(schema) => {
                let fields = rows::fields(&schema, &Format::UnifiedText)?;
                send_describe_response(client, &DescribePortalResponse::new(fields)).await
            }
            None => self._on_describe(client, message).await,
        }
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Prepared>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = &portal.statement.statement;
        let parameters = match prepared {
            Prepared::Query(planned) | Prepared::Copy(planned, _) | Prepared::Declare(_, planned)
                if portal.parameter_len() > 0 =>
            {
                let types = planned.parameters()?;
                let types: Vec<Option<&DataType>> = types.iter().map(Option::as_ref).collect();
                Some(deserialize_parameters(portal, &types)?)
            }
            Prepared::Query(_)
            | Prepared::Copy(..)
            | Prepared::Declare(..)
            | Prepared::Fetch(..)
            | Prepared::Command(_) => None,
        };
        self.answer(client, prepared, (parameters, &portal.result_column_format)).await
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
        Arc::new(Startup::new(self.shared.clone(), self.peer))
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
