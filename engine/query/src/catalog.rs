//! Catalog: which tables, views and functions does a role have?
//!
//! ```text
//!  functions ─► tables as they are ─► views over them ─► what the role sees of both ─► pg_catalog with their comments
//! ```
//! Made once for each role. Views count from exact instants; an analyst is then shown the minute.
//!
//! - **How it fits**: a statement is planned against a copy that carries its snapshot ([`crate::session`]).
//! - **Not here**: which rows a table has ([`crate::source`]).

mod comments;

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    catalog::{
        CatalogProvider as _, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
        SchemaProvider as _,
    },
    datasource::ViewTable,
    execution::{SessionState, SessionStateBuilder, runtime_env::RuntimeEnv},
    logical_expr::LogicalPlan,
    optimizer::{Optimizer, OptimizerRule},
    prelude::{SessionConfig, SessionContext},
};
use datafusion_pg_catalog::pg_catalog::{context::EmptyContextProvider, setup_pg_catalog};
use wardline_tables::schema::DEFINITIONS;

use crate::{
    access::Role,
    audit::{Audit, Queries},
    error::Error,
    functions,
    parts::AddUpParts,
    source::{AllRows, view},
    times::Wards,
    views::{self, View},
};

/// Name of the catalog and of the schema that all tables are in.
pub(crate) const CATALOG: &str = "wardline";

/// Everything a role has.
///
/// # Errors
/// A mistake of ours.
pub(crate) async fn state(
    role: Role,
    runtime: Arc<RuntimeEnv>,
    (wards, audit): (&Wards, &Arc<Audit>),
) -> Result<SessionState, Error> {
    let catalog = Arc::new(MemoryCatalogProvider::new());
    let schema = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema(CATALOG, schema.clone())?;
    let state = SessionStateBuilder::new_with_default_features()
        .with_config(config())
        .with_runtime_env(runtime)
        .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
        .with_optimizer_rules(rules())
        .build();
    let context = SessionContext::new_with_state(state);
    context.register_catalog(CATALOG, catalog.clone());
    keep_listed(&context);
    functions::register(&context, wards);
    tables(&context, &schema, Role::Phi).await?;
    let plans = plan_views(&context, &schema).await?;
    tables(&context, &schema, role).await?;
    for (known, plan) in plans {
        let shown = shown_of(&context, &schema, known, plan, role).await?;
        put(&schema, known.name, shown)?;
    }
    schema.register_table(Queries::NAME.to_owned(), Arc::new(Queries::of(audit.clone())))?;
    let names = schema.table_names();
    for name in names.iter().filter(|name| !role.sees(name)) {
        schema.deregister_table(name)?;
    }
    setup_pg_catalog(&context, CATALOG, EmptyContextProvider).map_err(|error| Error::from(*error))?;
    drop_table_functions(&context);
    functions::register_tables(&context);
    comments::add(&context, &catalog, &schema).await?;
    Ok(context.state())
}

/// Ours before all others: it knows what a sum of slices looks like as it was written.
fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let ours: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(AddUpParts);
    core::iter::once(ours).chain(Optimizer::new().rules).collect()
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, CATALOG)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(2);
    config.options_mut().execution.time_zone = Some("UTC".to_owned());
    config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
    config
}

/// The tables as a role sees them.
async fn tables(context: &SessionContext, schema: &MemorySchemaProvider, role: Role) -> Result<(), Error> {
    for definition in &DEFINITIONS {
        schema.register_table("all_rows".to_owned(), Arc::new(AllRows::of(definition)))?;
        let plan = context.state().create_logical_plan(&view(definition, role)).await?;
        schema.deregister_table("all_rows")?;
        put(schema, definition.table.name(), plan)?;
    }
    Ok(())
}

/// The views over what is registered.
async fn plan_views(
    context: &SessionContext,
    schema: &MemorySchemaProvider,
) -> Result<Vec<(&'static View, LogicalPlan)>, Error> {
    let mut plans = Vec::new();
    for known in views::all() {
        let plan = context.state().create_logical_plan(known.text).await?;
        put(schema, known.name, plan.clone())?;
        plans.push((known, plan));
    }
    Ok(plans)
}

/// What a role sees of a view that was planned over exact instants.
async fn shown_of(
    context: &SessionContext,
    schema: &MemorySchemaProvider,
    known: &View,
    plan: LogicalPlan,
    role: Role,
) -> Result<LogicalPlan, Error> {
    if role != Role::Analyst {
        return Ok(plan);
    }
    let columns: SchemaRef = plan.schema().inner().clone();
    let shown = columns.fields().iter().filter_map(|field| {
        let name = field.name();
        let is_private = known.column_of_table(name).is_some_and(|column| column.is_private);
        match field.data_type() {
            _ if is_private => None,
            DataType::Timestamp(_, _) => Some(format!("date_trunc('minute', {name}) AS {name}")),
            _ => Some(name.clone()),
        }
    });
    let text = format!("SELECT {} FROM all_rows", shown.collect::<Vec<_>>().join(", "));
    put(schema, "all_rows", plan)?;
    let shown = context.state().create_logical_plan(&text).await;
    schema.deregister_table("all_rows")?;
    Ok(shown?)
}

/// Puts a plan in the place of a name.
fn put(schema: &MemorySchemaProvider, name: &str, plan: LogicalPlan) -> Result<(), Error> {
    schema.deregister_table(name)?;
    schema.register_table(name.to_owned(), Arc::new(ViewTable::new(plan, None)))?;
    Ok(())
}

/// Takes every function away that is not in the list.
fn keep_listed(context: &SessionContext) {
    let state = context.state();
    let scalar = state.scalar_functions().keys().filter(|name| !functions::SCALAR.contains(&name.as_str()));
    scalar.for_each(|name| context.deregister_udf(name));
    let aggregate = state.aggregate_functions().keys().filter(|name| !functions::AGGREGATE.contains(&name.as_str()));
    aggregate.for_each(|name| context.deregister_udaf(name));
    let window = state.window_functions().keys().filter(|name| !functions::WINDOW.contains(&name.as_str()));
    window.for_each(|name| context.deregister_udwf(name));
}

/// Functions that make tables out of numbers: none but what the catalog of Postgres needs.
fn drop_table_functions(context: &SessionContext) {
    let state = context.state();
    let others = state.table_functions().keys().filter(|name| name.as_str() != "pg_get_keywords");
    others.for_each(|name| context.deregister_udtf(name));
}
