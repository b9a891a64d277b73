//! Comments: where do psql, SQLAlchemy and others find what a table and a column mean?
//!
//! In `pg_description`, `obj_description` and `col_description`, by the numbers that `pg_class` gives to tables. What the
//! catalog of Postgres is asked besides by clients of ours stands here too.
//!
//! - INVARIANT: numbers of tables are given once for a role, before the first statement, and stay.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, BooleanArray, Int32Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, FieldRef, Int32Type, Schema},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{
        CatalogProvider as _, MemTable, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
    },
    datasource::ViewTable,
    error::{DataFusionError, Result as FusionResult},
    logical_expr::{ScalarUDF, Volatility},
    prelude::SessionContext,
};
use wardline_tables::schema::Definition;

use crate::{
    audit::Queries,
    error::Error,
    functions::scalar::{numbers, rows, scalar},
    source::EXACT,
    views::VIEWS,
};

/// The number of `pg_class` in itself, as PostgreSQL has it.
const PG_CLASS: i32 = 1_259;

/// What is said of a table (column 0) or of one of its columns.
type Said = BTreeMap<(i32, i32), String>;

/// Adds comments, and functions that clients call, to the catalog of Postgres.
///
/// # Errors
/// A mistake of ours.
pub(super) async fn add(
    context: &SessionContext,
    catalog: &MemoryCatalogProvider,
    schema: &MemorySchemaProvider,
) -> Result<(), Error> {
    let said = Arc::new(said(context, schema).await?);
    let inner = catalog
        .schema("pg_catalog")
        .ok_or_else(|| Error::new(crate::codes::Code::Failed, "there is no catalog of Postgres"))?;
    // No pages: who would read a table by parts of its file asks for the whole of it.
    let known = inner.table("pg_class").await?.map(|table| table.schema());
    let column = |field: &FieldRef| match field.name().as_str() {
        "relpages" => "CAST(0 AS INT) AS relpages".to_owned(),
        name => name.to_owned(),
    };
    let columns: Vec<String> = known.iter().flat_map(|schema| schema.fields().iter().map(column)).collect();
    let text = format!("SELECT {} FROM pg_catalog.pg_class", columns.join(", "));
    let classes = ViewTable::new(context.state().create_logical_plan(&text).await?, None);
    let ours: BTreeMap<&'static str, Arc<dyn TableProvider>> = BTreeMap::from([
        ("pg_class", Arc::new(classes) as Arc<dyn TableProvider>),
        ("pg_description", Arc::new(descriptions(&said)?)),
        ("pg_settings", Arc::new(settings()?)),
    ]);
    catalog.register_schema("pg_catalog", Arc::new(Overlay { inner, ours }))?;
    functions(&said).into_iter().for_each(|one| context.register_udf(one));
    Ok(())
}

/// What the comments are, by the numbers of the tables.
async fn said(context: &SessionContext, schema: &MemorySchemaProvider) -> Result<Said, Error> {
    let text = "SELECT CAST(c.oid AS INT) AS oid, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                ON n.oid = c.relnamespace WHERE n.nspname = 'wardline'";
    let mut said = Said::new();
    for batch in context.sql(text).await?.collect().await? {
        let [oids, names] = batch.columns() else { continue };
        let names = arrow::compute::cast(names, &DataType::Utf8).map_err(DataFusionError::from)?;
        let oids = oids.as_primitive::<Int32Type>();
        for (oid, name) in oids.iter().zip(names.as_string::<i32>().iter()) {
            let (Some(oid), Some(name)) = (oid, name) else { continue };
            let Some(table) = schema.table(name).await? else { continue };
            let (whole, of_column) = meaning(name);
            said.insert((oid, 0), whole.to_owned());
            for (place, field) in (1..).zip(table.schema().fields()) {
                said.insert((oid, place), of_column(field.name()).to_owned());
            }
        }
    }
    said.retain(|_, text| !text.is_empty());
    Ok(said)
}

/// What a column of one table or view means.
type OfColumn = Box<dyn Fn(&str) -> &'static str + Send>;

/// What a table or view means, and what its columns do.
fn meaning(name: &str) -> (&'static str, OfColumn) {
    if let Some(definition) = Definition::named(name) {
        let of = |name: &str| {
            let column = definition.all_columns().find(|column| column.name == name);
            let beside = if name == EXACT { "whether the sketch holds every value as it was" } else { "" };
            column.map_or(beside, |column| column.comment)
        };
        return (definition.comment, Box::new(of));
    }
    if name == Queries::NAME {
        return (Queries::COMMENT, Box::new(Queries::meaning));
    }
    match VIEWS.iter().find(|view| view.name == name) {
        Some(view) => (view.comment, Box::new(|name| view.meaning(name))),
        None => ("", Box::new(|_| "")),
    }
}

fn descriptions(said: &Said) -> Result<MemTable, Error> {
    let text: StringArray = said.values().map(|text| Some(text.as_str())).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("objoid", Arc::new(said.keys().map(|key| key.0).collect::<Int32Array>())),
        ("classoid", Arc::new(said.keys().map(|_| PG_CLASS).collect::<Int32Array>())),
        ("objsubid", Arc::new(said.keys().map(|key| key.1).collect::<Int32Array>())),
        ("description", Arc::new(text)),
    ];
    table(columns)
}

/// Settings that clients read when they begin.
fn settings() -> Result<MemTable, Error> {
    let known = [
        ("client_encoding", "UTF8"),
        ("max_identifier_length", "63"),
        ("max_index_keys", "32"),
        ("server_encoding", "UTF8"),
        ("server_version", "15.0"),
        ("server_version_num", "150000"),
        ("standard_conforming_strings", "on"),
        ("TimeZone", "UTC"),
    ];
    let names: StringArray = known.iter().map(|(name, _)| Some(*name)).collect();
    let values: StringArray = known.iter().map(|(_, value)| Some(*value)).collect();
    let none = || Arc::new(StringArray::new_null(known.len())) as ArrayRef;
    let rest = ["unit", "category", "short_desc", "context", "vartype", "source", "min_val", "max_val", "enumvals"];
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("name", Arc::new(names)), ("setting", Arc::new(values.clone())), ("boot_val", none())];
    columns.push(("reset_val", Arc::new(values)));
    columns.extend(rest.into_iter().map(|name| (name, none())));
    table(columns)
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Result<MemTable, Error> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, column)| column).collect())
        .map_err(DataFusionError::from)?;
    Ok(MemTable::try_new(schema, vec![vec![batch]])?)
}

/// Functions that clients call to learn what there is.
fn functions(said: &Arc<Said>) -> Vec<ScalarUDF> {
    let text = DataType::Utf8;
    let described = |name, arity: &[usize], has_column: bool| {
        let said = said.clone();
        scalar(name, arity, DataType::Utf8, Volatility::Stable, move |given| {
            let oids = numbers::<Int32Type>(given, 0, &DataType::Int32)?;
            let places = if has_column { Some(numbers::<Int32Type>(given, 1, &DataType::Int32)?) } else { None };
            let found = (0..oids.len()).map(|row| {
                let place = places.as_ref().map_or(0, |places| places.value(row));
                said.get(&(oids.value(row), place)).map(String::as_str)
            });
            Ok(Arc::new(found.collect::<StringArray>()))
        })
    };
    let nothing = |name, arity: &[usize]| {
        scalar(name, arity, DataType::Utf8, Volatility::Stable, |given| {
            Ok(Arc::new(StringArray::new_null(rows(given))))
        })
    };
    // There are no sizes of tables, no temporary schemas and no types with a name that is asked for.
    let number = |name, arity: &[usize], found: Option<i32>| {
        scalar(name, arity, DataType::Int32, Volatility::Stable, move |given| {
            Ok(Arc::new(core::iter::repeat_n(found, rows(given)).collect::<Int32Array>()))
        })
    };
    let version = format!("PostgreSQL 15.0 (Wardline {})", env!("CARGO_PKG_VERSION"));
    vec![
        described("obj_description", &[1, 2], false),
        described("col_description", &[2], true),
        nothing("shobj_description", &[2]),
        nothing("pg_get_viewdef", &[1, 2]),
        nothing("pg_get_ruledef", &[1, 2]),
        nothing("pg_get_function_result", &[1]),
        nothing("pg_get_function_arguments", &[1]),
        nothing("pg_size_pretty", &[1]),
        number("pg_table_size", &[1], None),
        number("pg_relation_size", &[1, 2], None),
        number("pg_total_relation_size", &[1], None),
        number("pg_my_temp_schema", &[0], Some(0)),
        number("to_regtype", &[1], None),
        scalar("pg_function_is_visible", &[1], DataType::Boolean, Volatility::Stable, |given| {
            Ok(Arc::new(BooleanArray::from(vec![true; rows(given)])))
        }),
        scalar("version", &[0], text, Volatility::Stable, move |_| {
            Ok(Arc::new(StringArray::from(vec![version.as_str()])))
        }),
        scalar("pg_is_in_recovery", &[0], DataType::Boolean, Volatility::Stable, |_| {
            Ok(Arc::new(BooleanArray::from(vec![true])))
        }),
    ]
}

/// The catalog of Postgres with tables of ours in the place of some.
#[derive(Debug)]
struct Overlay {
    inner: Arc<dyn SchemaProvider>,
    ours: BTreeMap<&'static str, Arc<dyn TableProvider>>,
}

#[async_trait]
impl SchemaProvider for Overlay {
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }

    async fn table(&self, name: &str) -> FusionResult<Option<Arc<dyn TableProvider>>> {
        match self.ours.get(name) {
            Some(table) => Ok(Some(table.clone())),
            None => self.inner.table(name).await,
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.table_exist(name)
    }
}
