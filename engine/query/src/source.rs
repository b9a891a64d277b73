//! Source: how does a scan of a table read one snapshot?
//!
//! A scan is the union of the hot batches and of the Parquet files of the snapshot that the statement carries. A keyed table
//! is shown by its newest row of each key; a role's table has the columns of that role.
//!
//! - **Not here**: which tables a role has ([`crate::session`]).

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{DFSchema, plan_datafusion_err},
    datasource::{
        TableType,
        listing::PartitionedFile,
        memory::MemorySourceConfig,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        source::DataSourceExec,
    },
    error::Result,
    execution::object_store::ObjectStoreUrl,
    logical_expr::{Expr, TableProviderFilterPushDown},
    physical_plan::{ExecutionPlan, union::UnionExec},
};
use wardline_tables::schema::{Definition, Type};

use crate::{access::Role, snapshot::Snapshot};

/// A column beside a sketch: whether it holds every value.
pub(crate) const EXACT: &str = "exact";
/// Where the archive's files are, for DataFusion alone.
pub(crate) const STORE: &str = "archive://files";

/// All rows of a table, every version of every key.
#[derive(Debug)]
pub(crate) struct AllRows {
    definition: &'static Definition,
    schema: SchemaRef,
}

impl AllRows {
    /// Without what is said of the table as a whole: a join whose sides are swapped would say it of the other one.
    pub(crate) fn of(definition: &'static Definition) -> Self {
        Self { definition, schema: Arc::new(Schema::new(definition.schema().fields().clone())) }
    }
}

#[async_trait]
impl TableProvider for AllRows {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Files leave out what cannot fit, by their statistics and Bloom filters; what they keep is looked at again.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let snapshot = state.config().get_extension::<Snapshot>();
        let snapshot = snapshot.ok_or_else(|| plan_datafusion_err!("a statement without a snapshot"))?;
        let name = self.definition.table.name();
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let bare = |batch: RecordBatch| RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec());
        let hot: Vec<RecordBatch> = snapshot.hot(name).into_iter().map(bare).collect::<std::result::Result<_, _>>()?;
        let files: Vec<PartitionedFile> =
            snapshot.files(name).map(|file| PartitionedFile::new(file.name.clone(), file.bytes)).collect();
        if !hot.is_empty() || files.is_empty() {
            parts.push(MemorySourceConfig::try_new_exec(&[hot], self.schema.clone(), projection.cloned())?);
        }
        if !files.is_empty() {
            let mut source = ParquetSource::new(self.schema.clone());
            if let Some(all) = filters.iter().cloned().reduce(Expr::and) {
                let schema = DFSchema::try_from(self.schema.as_ref().clone())?;
                source = source.with_predicate(state.create_physical_expr(all, &schema)?);
            }
            let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source))
                .with_file_group(FileGroup::new(files))
                .with_projection_indices(projection.cloned())?
                .build();
            parts.push(DataSourceExec::from_data_source(config));
        }
        match <[_; 1]>::try_from(parts) {
            Ok([part]) => Ok(part),
            Err(parts) => UnionExec::try_new(parts),
        }
    }
}

/// What a role sees of a table, as a statement over [`AllRows`] called `all_rows`.
pub(crate) fn view(definition: &Definition, role: Role) -> String {
    if definition.is_summed {
        return summed(definition);
    }
    let shown = definition.all_columns().filter(|column| !column.is_private || role == Role::Phi);
    let columns: Vec<String> = shown
        .map(|column| match (column.kind, role) {
            // The exact times of one report can tell who it is about.
            (Type::Ts, Role::Analyst) => format!("date_trunc('minute', {0}) AS {0}", column.name),
            (
                Type::Ts
                | Type::Sym
                | Type::Id
                | Type::Txt
                | Type::I16
                | Type::I32
                | Type::I64
                | Type::Bool
                | Type::Date
                | Type::Sketch,
                Role::Analyst | Role::Phi | Role::Auditor | Role::Admin,
            ) => column.name.to_owned(),
        })
        .collect();
    let columns = columns.join(", ");
    if definition.key == 0 {
        return format!("SELECT {columns} FROM all_rows");
    }
    let key = definition.key_names().collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY epoch DESC, seq DESC) \
         AS newest FROM all_rows) WHERE newest = 1"
    )
}

/// One row for each slice: the sum of its parts, the same for every role, for its instants are whole minutes. A slice from
/// which all was taken back is not shown, and none that is older than its table keeps.
fn summed(definition: &Definition) -> String {
    let column = |(place, column): (usize, &wardline_tables::schema::Column)| {
        let name = column.name;
        if place < definition.key {
            return Some(name.to_owned());
        }
        match column.kind {
            _ if matches!(name, "epoch" | "seq") => Some(format!("max(all_rows.{name}) AS {name}")),
            Type::I32 => Some(format!("CAST(sum(all_rows.{name}) AS INT) AS {name}")),
            Type::I64 => Some(format!("sum(all_rows.{name}) AS {name}")),
            Type::I16 | Type::Date => Some(format!("max(all_rows.{name}) AS {name}")),
            Type::Sketch => {
                let whole = format!("tat_merge(all_rows.{name})");
                Some(format!("{whole} AS {name}, tat_exact({whole}) AS {EXACT}"))
            }
            Type::Ts | Type::Sym | Type::Id | Type::Txt | Type::Bool => None,
        }
    };
    let columns: Vec<String> = definition.all_columns().enumerate().filter_map(column).collect();
    let key = definition.key_names().collect::<Vec<_>>().join(", ");
    // Files go as a whole; a slice whose time is over is not shown while its file is still there.
    let kept = definition.keep_days.zip(definition.key_names().next());
    let kept = kept.map_or_else(String::new, |(days, at)| format!("WHERE {at} >= now() - INTERVAL '{days} days' "));
    format!(
        // A bare name would mean the sum, and not what is summed.
        "SELECT {} FROM all_rows {kept}GROUP BY {key} \
         HAVING sum(all_rows.n) > 0 OR sum(all_rows.n_met) > 0 OR sum(all_rows.n_breached) > 0",
        columns.join(", ")
    )
}
