//! Session: what happens to a statement between its text and its rows?
//!
//! ```text
//!  text ─► guard ─► turn (4 run, 16 wait) ─► snapshot ─► plan ─► stream, bounded in time and memory
//! ```
//! Everything about a role is made once: catalog, functions, limits. A statement gets a copy that carries its snapshot, so
//! that all its tables are read as of one epoch.
//!
//! - **How it fits**: HTTP and the Postgres wire both ask [`Sql`].
//! - **Not here**: formats of answers.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Schema, SchemaRef},
};
use chrono::{DateTime, Utc};
use datafusion::{
    common::ParamValues,
    execution::{
        FunctionRegistry as _, SessionState,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::FairSpillPool,
        object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry as _},
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
    logical_expr::LogicalPlan,
    physical_plan::execute_stream,
    sql::{parser::Statement, sqlparser::ast},
};
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use futures::StreamExt as _;
use object_store::local::LocalFileSystem;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use url::Url;

use crate::{
    access::{Asker, Role},
    alive::{Alive, Mark},
    audit::{self, Asked, Audit},
    catalog, clients,
    codes::Code,
    error::Error,
    figures::{Figures, Levels},
    functions::moment,
    guard,
    limits::{MIN_EPOCH_WAIT, POOL_BYTES, RUNNING_MAX, SPILL_BYTES, STATEMENT_TIME, WAIT_MAX, WAITING_MAX},
    snapshot::{Newest, Snapshot},
    source::STORE,
    times::{Find, Wards},
};

/// Answers statements.
#[derive(Debug)]
pub struct Sql {
    newest: Newest,
    states: BTreeMap<Role, SessionState>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    parser: PostgresCompatibilityParser,
    audit: Arc<Audit>,
    figures: Arc<Figures>,
    runtime: Arc<RuntimeEnv>,
    hands: Handle,
    alive: Alive,
    /// How long a statement may take.
    pub(crate) time: Duration,
}

/// A statement that was planned.
#[derive(Clone, Debug)]
pub struct Planned {
    statement: ast::Statement,
    /// The plan as of when it was made; shows types.
    pub plan: LogicalPlan,
    asker: Asker,
    hash: String,
    tables: String,
}

/// Rows on their way; whoever drops it ends the statement.
#[derive(Debug)]
pub struct Answer {
    /// What they were read from.
    pub snapshot: Arc<Snapshot>,
    /// Their columns.
    pub schema: SchemaRef,
    parts: mpsc::Receiver<Part>,
    deadline: Instant,
    task: JoinHandle<()>,
    asked: Asked,
}

/// What a statement has once it is its turn.
struct Begun {
    turn: OwnedSemaphorePermit,
    snapshot: Arc<Snapshot>,
    state: SessionState,
}

/// What a running statement sends.
#[derive(Debug)]
enum Part {
    Begin(SchemaRef),
    Batch(RecordBatch),
    Fail(Error),
    End,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Answer {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// WL1510 past the deadline, WL1512 without memory, and what the rows themselves run into.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, Error>> {
        let error = match timeout_at(self.deadline, self.parts.recv()).await {
            Ok(Some(Part::Batch(batch))) => {
                self.asked.rows(batch.num_rows());
                return Some(Ok(batch));
            }
            Ok(Some(Part::End)) => {
                self.asked.ended_well();
                return None;
            }
            Ok(Some(Part::Fail(error))) => error,
            Ok(Some(Part::Begin(_)) | None) => broken(),
            Err(_) => too_long(),
        };
        Some(Err(self.failed(error)))
    }

    /// Takes note that the answer ends in this error.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        self.asked.failed(&error);
        error
    }

    /// Takes note of bytes that were sent.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.asked.bytes(bytes);
    }

    /// Takes note that no more was asked for.
    pub(crate) fn is_enough(&mut self) {
        self.asked.ended_well();
    }
}

/// A statement that ended without saying so: an answer must not look whole then.
fn broken() -> Error {
    Error::new(Code::Failed, "the statement ended before its rows did")
}

fn too_long() -> Error {
    Error::new(Code::Time, "the statement took longer than 30 s")
}

impl Sql {
    /// Prepares both roles.
    ///
    /// - **Input** `archive`: the folder of the files; `spill`: one for sorts that do not fit into memory; `audit`: one for who asked what,
    ///   if that is kept; `find`: what a
    ///   ward says about time; `hands`: where statements run, so that one that never pauses keeps nobody else from being heard.
    ///
    /// # Errors
    /// A folder that is not there, or a mistake of ours.
    pub async fn open(
        (archive, spill, audit): (&Path, &Path, Option<&Path>),
        newest: Newest,
        (find, hands): (Find, Handle),
    ) -> Result<Self, Error> {
        let runtime = runtime(archive, spill)?;
        let figures = Arc::new(Figures::new()?);
        let audit = Audit::open(audit, figures.clone());
        let audit = Arc::new(audit.map_err(|error| Error::new(Code::Audit, error.to_string()))?);
        let wards = Wards::new(newest.clone(), find);
        let mut states = BTreeMap::new();
        for role in Role::ALL {
            states.insert(role, catalog::state(role, runtime.clone(), (&wards, &audit)).await?);
        }
        let running = Arc::new(Semaphore::new(RUNNING_MAX));
        let waiting = Arc::new(Semaphore::new(WAITING_MAX));
        Ok(Self {
            newest,
            states,
            running,
            waiting,
            parser: PostgresCompatibilityParser::new(),
            audit,
            figures,
            runtime,
            hands,
            alive: Alive::default(),
            time: STATEMENT_TIME,
        })
    }

    /// Names of all functions that a role may call.
    #[cfg(test)]
    pub(crate) fn functions(&self, role: Role) -> Vec<String> {
        let state = &self.states[&role];
        let scalar = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
        scalar.chain(state.window_functions().keys()).cloned().collect()
    }

    /// The newest snapshot.
    ///
    /// # Errors
    /// WL1506 before the first.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        self.newest.get().ok_or_else(|| Error::new(Code::Behind, "no rows have come from the engine yet"))
    }

    /// The newest snapshot, if it is kept up to date.
    ///
    /// # Errors
    /// WL1506 before the first, and when the engine has not been heard for so long.
    pub fn fresh(&self, unheard_max: Duration) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.snapshot()?;
        match self.newest.unheard() {
            Some(unheard) if unheard > unheard_max => {
                Err(Error::new(Code::Behind, format!("no rows for {} s: the engine is not heard", unheard.as_secs())))
            }
            Some(_) | None => Ok(snapshot),
        }
    }

    /// Waits until an epoch is visible.
    ///
    /// # Errors
    /// WL1506 if it is not in time.
    pub async fn wait_for(&self, epoch: u64) -> Result<(), Error> {
        let reached = timeout(MIN_EPOCH_WAIT, self.newest.reaches(epoch)).await;
        reached.map_err(|_| Error::new(Code::Behind, format!("epoch {epoch} is not visible yet")))
    }

    /// Reads and plans a statement.
    ///
    /// # Errors
    /// [`Error`] with a code of its own for each way to get it wrong.
    pub async fn plan(&self, text: &str, asker: &Asker) -> Result<Planned, Error> {
        self.read(text, asker).await.inspect_err(|error| self.refused(asker, text, error))
    }

    /// Takes note of a statement that does not run.
    pub fn refused(&self, asker: &Asker, text: &str, error: &Error) {
        // One that cannot be written down is not answered either.
        if let Ok(mut asked) = self.audit.begin(asker, &audit::hash(text), "") {
            asked.failed(error);
        }
    }

    /// The figures of this process as Prometheus reads them.
    #[must_use]
    pub fn metrics(&self) -> String {
        let waiting = WAITING_MAX.saturating_sub(self.waiting.available_permits());
        let at = self.newest.get().map_or(0, |snapshot| snapshot.commit.at);
        let (memory, pinned) = (self.runtime.memory_pool.reserved(), self.newest.pinned());
        self.figures.text(Levels { waiting, memory, pinned, at })
    }

    /// What is counted, for whoever counts more.
    #[must_use]
    pub fn figures(&self) -> Arc<Figures> {
        self.figures.clone()
    }

    async fn read(&self, text: &str, asker: &Asker) -> Result<Planned, Error> {
        guard::scan(text)?;
        let parsed = self.parser.parse(text);
        let statements = parsed.map_err(|error| Error::new(Code::Syntax, error.to_string()))?;
        let mut statement = guard::one(statements)?;
        if let Some(query) = clients::shown(&statement) {
            let parsed = self.parser.parse(&query);
            statement = guard::one(parsed.map_err(|error| Error::new(Code::Syntax, error.to_string()))?)?;
        }
        clients::simplify(&mut statement);
        let state = self.state(asker.role, &self.snapshot()?)?;
        let plan = plan(&state, statement.clone()).await?;
        let tables = state.resolve_table_references(&Statement::Statement(Box::new(statement.clone())))?;
        let mut tables: Vec<String> = tables.iter().map(|table| table.table().to_owned()).collect();
        tables.sort();
        tables.dedup();
        Ok(Planned { statement, plan, asker: asker.clone(), hash: audit::hash(text), tables: tables.join(" ") })
    }

    /// Runs a planned statement as of the newest snapshot, or of the one that is given.
    ///
    /// # Errors
    /// [`Error`]; WL1513 if there is no turn in time.
    pub async fn run(
        &self,
        planned: &Planned,
        parameters: Option<ParamValues>,
        pinned: Option<Arc<Snapshot>>,
    ) -> Result<Answer, Error> {
        let mut asked = self.audit.begin(&planned.asker, &planned.hash, &planned.tables)?;
        let begun = self.begin(planned, pinned).await.inspect_err(|error| asked.failed(error))?;
        self.perform(planned, parameters, (begun, asked)).await
    }

    /// Waits for a turn, and takes a snapshot.
    async fn begin(&self, planned: &Planned, pinned: Option<Arc<Snapshot>>) -> Result<Begun, Error> {
        let turn = self.turn().await?;
        let snapshot = pinned.map_or_else(|| self.snapshot(), Ok)?;
        let state = self.state(planned.asker.role, &snapshot)?;
        Ok(Begun { turn, snapshot, state })
    }

    async fn perform(
        &self,
        planned: &Planned,
        parameters: Option<ParamValues>,
        (Begun { turn, snapshot, state }, mut asked): (Begun, Asked),
    ) -> Result<Answer, Error> {
        let deadline = Instant::now() + self.time;
        asked.reads(snapshot.commit.epoch);
        let (sender, mut parts) = mpsc::channel(2);
        let (statement, mark) = (planned.statement.clone(), self.alive.mark());
        let task = self.hands.spawn(async move {
            let reader = Reader { sender, deadline, mark };
            let last = match perform(&state, statement, parameters, &reader).await {
                Ok(()) => Part::End,
                Err(error) => Part::Fail(error),
            };
            // Whoever does not read keeps neither a turn nor the process from anybody.
            let Reader { sender, mark, .. } = reader;
            drop((state, turn, mark));
            // Nobody may be there to hear it.
            drop(sender.send(last).await);
        });
        let begun = timeout_at(deadline, parts.recv()).await;
        let mut answer = Answer { snapshot, schema: Arc::new(Schema::empty()), parts, deadline, task, asked };
        let error = match begun {
            Ok(Some(Part::Begin(schema))) => {
                answer.schema = schema;
                return Ok(answer);
            }
            Ok(Some(Part::Fail(error))) => error,
            Ok(Some(Part::Batch(_) | Part::End) | None) => broken(),
            Err(_) => too_long(),
        };
        Err(answer.failed(error))
    }

    /// Which statements run, for whoever looks after the process.
    #[must_use]
    pub fn alive(&self) -> Alive {
        self.alive.clone()
    }

    /// A turn to run; few run, some wait, the rest is told to come again.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let busy = || Error::new(Code::Busy, "four statements run and sixteen wait");
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = timeout(WAIT_MAX, self.running.clone().acquire_owned()).await;
        turn.map_err(|_| busy())?.map_err(|_| busy())
    }

    fn state(&self, role: Role, snapshot: &Arc<Snapshot>) -> Result<SessionState, Error> {
        let known = self.states.get(&role).ok_or_else(|| Error::new(Code::Role, "a role without tables"))?;
        let mut state = known.clone();
        state.config_mut().set_extension(snapshot.clone());
        for function in moment::of_snapshot(snapshot) {
            state.register_udf(Arc::new(function))?;
        }
        // `now()` is the log time of the snapshot, so that a statement is a function of its text and its epoch.
        let at: Option<DateTime<Utc>> = DateTime::from_timestamp_micros(snapshot.commit.at);
        state.execution_props_mut().query_execution_start_time = at;
        Ok(state)
    }
}

/// Whoever takes the rows of a statement, until when, and the mark of the statement.
struct Reader {
    sender: mpsc::Sender<Part>,
    deadline: Instant,
    mark: Mark,
}

impl Reader {
    /// Hands a part over; `false` if nobody is there any more.
    ///
    /// # Errors
    /// WL1510 if it is not taken before the deadline.
    async fn tell(&self, part: Part) -> Result<bool, Error> {
        self.mark.rests();
        let sent = timeout_at(self.deadline, self.sender.send(part)).await;
        self.mark.goes_on();
        sent.map_or_else(|_| Err(too_long()), |sent| Ok(sent.is_ok()))
    }
}

/// Plans and runs a statement, and sends what comes of it.
async fn perform(
    state: &SessionState,
    statement: ast::Statement,
    parameters: Option<ParamValues>,
    reader: &Reader,
) -> Result<(), Error> {
    let mut plan = plan(state, statement).await?;
    if let Some(parameters) = parameters {
        plan = plan.with_param_values(parameters)?;
    }
    let plan = state.optimize(&plan)?;
    guard::optimised(&plan)?;
    let physical = state.query_planner().create_physical_plan(&plan, state).await?;
    if !reader.tell(Part::Begin(physical.schema())).await? {
        return Ok(());
    }
    let mut stream = execute_stream(physical, state.task_ctx())?;
    while let Some(batch) = stream.next().await {
        if !reader.tell(Part::Batch(batch?)).await? {
            return Ok(());
        }
    }
    Ok(())
}

async fn plan(state: &SessionState, statement: ast::Statement) -> Result<LogicalPlan, Error> {
    let plan = state.statement_to_plan(Statement::Statement(Box::new(statement))).await?;
    guard::plan(&plan)?;
    guard::comparisons(&plan)?;
    Ok(plan)
}

impl Planned {
    /// The types of its parameters, `$1` first; `None` where none could be told.
    ///
    /// # Errors
    /// Parameters that contradict themselves.
    pub fn parameters(&self) -> Result<Vec<Option<DataType>>, Error> {
        let types = self.plan.get_parameter_types()?;
        let number = |name: &String| name.trim_start_matches('$').parse::<usize>().unwrap_or(0);
        let count = types.keys().map(number).max().unwrap_or(0);
        let mut list = vec![None; count];
        for (name, kind) in types {
            if let Some(found) = number(&name).checked_sub(1).and_then(|place| list.get_mut(place)) {
                *found = kind;
            }
        }
        Ok(list)
    }

    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.plan.schema().inner().clone()
    }
}

/// Memory and disk for all statements; files of the archive and no others.
fn runtime(archive: &Path, spill: &Path) -> Result<Arc<RuntimeEnv>, Error> {
    let failed = |error: &dyn core::fmt::Display| Error::new(Code::Failed, error.to_string());
    let store = LocalFileSystem::new_with_prefix(archive).map_err(|error| failed(&error))?;
    let registry = DefaultObjectStoreRegistry::new();
    let own = Url::parse(STORE).map_err(|error| failed(&error))?;
    registry.register_store(&own, Arc::new(store));
    // Whatever else is there by default is not for statements.
    if let Ok(files) = Url::parse("file://") {
        drop(registry.deregister_store(&files));
    }
    let spill = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![spill.to_owned()]))
        .with_max_temp_directory_size(SPILL_BYTES);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(POOL_BYTES)))
        .with_disk_manager_builder(spill)
        .with_object_store_registry(Arc::new(registry))
        .build_arc()
        .map_err(Error::from)
}
