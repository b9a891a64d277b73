//! Table: what does `system_queries` show?
//!
//! The newest statements that have ended, and how.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray},
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    datasource::{TableType, memory::MemorySourceConfig},
    error::Result as FusionResult,
    logical_expr::Expr,
    physical_plan::ExecutionPlan,
};

use super::{Audit, Entry};

/// Its columns and what they mean.
const COLUMNS: [(&str, &str); 13] = [
    ("query_id", "of this process and statement"),
    ("at", "when it came, by the clock of the query process"),
    ("actor", "whose key it was"),
    ("role", "what that key sees"),
    ("interface", "http or postgres"),
    ("statement", "SHA-256 of its text"),
    ("tables", "the tables it reads"),
    ("epoch", "of which epoch it was answered"),
    ("n_rows", "rows that were taken"),
    ("sent_bytes", "bytes that were sent"),
    ("took_ms", "from its arrival to its end"),
    ("outcome", "ok, error, denied, cancelled, timeout or limit"),
    ("code", "of the error"),
];

/// The table.
#[derive(Debug)]
pub(crate) struct Queries {
    audit: Arc<Audit>,
    schema: SchemaRef,
}

impl Queries {
    /// Its name.
    pub(crate) const NAME: &str = "system_queries";
    /// What a row is.
    pub(crate) const COMMENT: &str = "one statement that was asked, by whom, what came of it; the newest ten thousand";

    pub(crate) fn of(audit: Arc<Audit>) -> Self {
        let kind = |name: &str| match name {
            "at" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            "epoch" | "n_rows" | "sent_bytes" | "took_ms" => DataType::Int64,
            _ => DataType::Utf8,
        };
        let fields = COLUMNS.map(|(name, _)| Field::new(name, kind(name), matches!(name, "epoch" | "code")));
        Self { audit, schema: Arc::new(Schema::new(fields.to_vec())) }
    }

    /// What a column means.
    pub(crate) fn meaning(name: &str) -> &'static str {
        COLUMNS.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning)
    }

    fn batch(&self) -> Result<RecordBatch, ArrowError> {
        let entries = self.audit.newest();
        let text =
            |of: fn(&Entry) -> Option<&str>| Arc::new(entries.iter().map(of).collect::<StringArray>()) as ArrayRef;
        let number = |of: fn(&Entry) -> Option<u64>| {
            let values = entries.iter().map(|entry| of(entry).map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
            Arc::new(values.collect::<Int64Array>()) as ArrayRef
        };
        let at: TimestampMicrosecondArray = entries.iter().map(|entry| Some(entry.at)).collect();
        let columns = vec![
            text(|entry| Some(&entry.query_id)),
            Arc::new(at.with_timezone("UTC")),
            text(|entry| Some(&entry.actor)),
            text(|entry| Some(&entry.role)),
            text(|entry| Some(&entry.interface)),
            text(|entry| Some(&entry.statement)),
            text(|entry| Some(&entry.tables)),
            number(|entry| entry.epoch),
            number(|entry| Some(entry.rows)),
            number(|entry| Some(entry.bytes)),
            number(|entry| Some(entry.took_ms)),
            text(|entry| Some(&entry.outcome)),
            text(|entry| entry.code.as_deref()),
        ];
        RecordBatch::try_new(self.schema.clone(), columns)
    }
}

#[async_trait]
impl TableProvider for Queries {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> FusionResult<Arc<dyn ExecutionPlan>> {
        let batch = self.batch()?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema.clone(), projection.cloned())?)
    }
}
