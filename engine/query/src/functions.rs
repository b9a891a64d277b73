//! Functions: which functions may a statement call?
//!
//! A list of what is wanted, not of what is feared: a function that DataFusion gains tomorrow is not there until somebody
//! looked at it. Those that make long texts or lists out of short ones are not in the list. Ours stand beside it.
//!
//! - **Source**: guarantees page S1-11, analytics page 4.

pub(crate) mod gather;
pub(crate) mod moment;
mod reference;
pub(crate) mod scalar;
mod series;
mod share;
mod time;
mod turnaround;

use std::sync::Arc;

use datafusion::prelude::SessionContext;

pub use reference::{OURS, Ours, page};

use crate::times::Wards;

/// Adds ours to a context that has no others of these names.
pub(crate) fn register(context: &SessionContext, wards: &Wards) {
    let scalars = [turnaround::scalars(), share::scalars(), time::scalars(wards), moment::scalars()];
    scalars.into_iter().flatten().for_each(|one| context.register_udf(one));
    gather::aggregates().into_iter().for_each(|one| context.register_udaf(one));
}

/// Adds our functions that make tables.
pub(crate) fn register_tables(context: &SessionContext) {
    context.register_udtf("generate_series", Arc::new(series::Series));
}

/// Scalar functions.
pub const SCALAR: &[&str] = &[
    "abs",
    "acos",
    "ascii",
    "asin",
    "atan",
    "atan2",
    "bit_length",
    "btrim",
    "cbrt",
    "ceil",
    "char_length",
    "character_length",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "contains",
    "cos",
    "cot",
    "current_date",
    "date_bin",
    "date_format",
    "date_part",
    "date_trunc",
    "datepart",
    "datetrunc",
    "degrees",
    "ends_with",
    "exp",
    "floor",
    "from_unixtime",
    "gcd",
    "get_field",
    "greatest",
    "ifnull",
    "initcap",
    "isnan",
    "iszero",
    "lcm",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "make_date",
    "nanvl",
    "nullif",
    "nvl",
    "nvl2",
    "octet_length",
    "pi",
    "position",
    "pow",
    "power",
    "radians",
    "regexp_like",
    "replace",
    "reverse",
    "right",
    "round",
    "rtrim",
    "signum",
    "sin",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "struct",
    "substr",
    "substring",
    "tan",
    "to_char",
    "to_date",
    "to_local_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_seconds",
    "to_unixtime",
    "translate",
    "trim",
    "trunc",
    "upper",
    "arrow_typeof",
    "instr",
    "array_length",
    "array_element",
    "array_has",
    "array_to_string",
    "make_array",
    "cardinality",
    "named_struct",
    "list_element",
    "list_contains",
    "row",
    "list_has",
    "array_contains",
    "array_join",
    "array_extract",
    "list_join",
    "make_list",
    "list_extract",
    "list_length",
    "list_to_string",
    "today",
];

/// Aggregates.
pub const AGGREGATE: &[&str] = &[
    "approx_distinct",
    "array_agg",
    "approx_median",
    "approx_percentile_cont",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "first_value",
    "grouping",
    "last_value",
    "max",
    "mean",
    "median",
    "min",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var",
    "var_pop",
    "var_population",
    "var_samp",
    "var_sample",
    "quantile_cont",
];

/// Window functions.
pub const WINDOW: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];
