//! Error: what went wrong with a statement, as its author should hear it?
//!
//! - INVARIANT: no path of a file and no content of a row stands in a message.

use datafusion::{common::SchemaError, error::DataFusionError};

use crate::codes::Code;

/// Why a statement was not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// Which kind.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

impl Error {
    /// An error with its code's usual help.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let help = match code {
            Code::Syntax => "Mend the statement; the dialect is that of PostgreSQL.",
            Code::Plan => "`SHOW TABLES` lists tables, `SELECT * FROM t LIMIT 0` the columns.",
            Code::Refused => {
                "One `SELECT`, `WITH`, `VALUES`, `EXPLAIN` or `SHOW` at a time, over the tables of Wardline."
            }
            Code::Login => "Use a key of `wardline.toml`.",
            Code::Behind => "Ask again in a moment.",
            Code::Pinned => "End it, and begin another.",
            Code::Role => "Use a key with the role `analyst`, `phi`, `auditor` or `admin`.",
            Code::Time => "Ask about a shorter time, or for fewer columns.",
            Code::Rows => "Add `LIMIT`, or aggregate.",
            Code::Memory => "Aggregate over fewer groups, or sort less.",
            Code::Busy => "Ask again in a moment.",
            Code::Parameter => "Give as many parameters as the statement has, of their types.",
            Code::Failed => "The log of `wardline query` says more.",
            Code::Audit => "Look at the disk and the rights of `data/audit`; others are answered meanwhile.",
            Code::Plain => "Use `sslmode=verify-full` and the authority of the certificate.",
            Code::Duration => "Leave out what ends before it begins: `WHERE duration_s >= 0`.",
            Code::Sketch => "Give a column `tat`, or what `tat_sketch` or `tat_merge` made.",
            Code::Range => "A quantile is between 0 and 1; of n cases there are at most n.",
            Code::Width => "Give an interval of days, hours, minutes or seconds: `INTERVAL '5 minutes'`.",
            Code::Zone => "Use the name of a zone of the IANA database: `America/Chicago`.",
            Code::Calendar => "Use a calendar that the active ward declares.",
            Code::NoOpening => "Look at the calendar's hours and closures in the ward.",
            Code::Interval => "Compare instants: `t < now() - INTERVAL '1 day'`.",
            Code::Series => "Take a wider step, or a shorter time.",
        };
        Self { code, message: message.into(), help }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl core::error::Error for Error {}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        if let Some(ours) = ours(&error) {
            return ours;
        }
        match error.find_root() {
            DataFusionError::SQL(..) => Self::new(Code::Syntax, plain(&error)),
            DataFusionError::SchemaError(inner, _) => match &**inner {
                SchemaError::FieldNotFound { .. } | SchemaError::AmbiguousReference { .. } => {
                    Self::new(Code::Plan, plain(&error))
                }
                SchemaError::DuplicateQualifiedField { .. } | SchemaError::DuplicateUnqualifiedField { .. } => {
                    Self::new(Code::Plan, plain(&error))
                }
            },
            DataFusionError::Plan(_) | DataFusionError::NotImplemented(_) | DataFusionError::Diagnostic(..) => {
                Self::new(Code::Plan, plain(&error))
            }
            DataFusionError::ResourcesExhausted(_) => {
                Self::new(Code::Memory, "the statement needs more memory than one may have")
            }
            DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => {
                Self::new(Code::Parameter, plain(&error))
            }
            _ => {
                tracing::warn!(%error, "query.fail");
                Self::new(Code::Failed, "the statement failed inside")
            }
        }
    }
}

/// An error of one of our own functions, wherever in the chain it is.
fn ours(error: &DataFusionError) -> Option<Error> {
    let mut next: Option<&(dyn core::error::Error + 'static)> = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref::<Error>() {
            return Some(found.clone());
        }
        if let Some(shared) = one.downcast_ref::<std::sync::Arc<DataFusionError>>()
            && let Some(found) = ours(shared)
        {
            return Some(found);
        }
        next = one.source();
    }
    None
}

/// The message without what only helps who builds DataFusion.
fn plain(error: &DataFusionError) -> String {
    let text = error.find_root().strip_backtrace();
    let text = text.split("\n").next().unwrap_or_default();
    let prefixes = ["SQL error: ", "Error during planning: ", "Schema error: ", "Execution error: ", "Arrow error: "];
    prefixes.iter().fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text)).to_owned()
}
