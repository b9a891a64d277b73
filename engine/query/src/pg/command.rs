//! Command: what do clients of Postgres say besides asking?
//!
//! Transactions pin a snapshot, settings of clients are taken note of, everything that would change something is refused.
//!
//! - **Not here**: queries.

use datafusion::sql::sqlparser::{
    ast::{CloseCursor, CopySource, CopyTarget, Declare, FetchDirection, Statement, ValueWithSpan},
    dialect::PostgreSqlDialect,
    parser::Parser,
};

use super::copy::Form;
use crate::{codes::Code, error::Error, guard};

/// A session command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// The rows of this query, in this form.
    Copy(String, Form),
    /// A cursor of this name over this query.
    Declare(String, String),
    /// So many rows of this cursor.
    Fetch(String, usize),
    /// This cursor, or all, is not needed any more.
    Close(Option<String>),
    /// From here on one snapshot.
    Begin,
    /// The newest snapshot again.
    End(&'static str),
    /// Taken note of; changes nothing that is shown.
    Done(&'static str),
}

/// Settings that clients set when they begin, and that change nothing here.
const SETTINGS: [&str; 12] = [
    "application_name",
    "bytea_output",
    "client_encoding",
    "client_min_messages",
    "datestyle",
    "default_transaction_read_only",
    "extra_float_digits",
    "intervalstyle",
    "search_path",
    "standard_conforming_strings",
    "statement_timeout",
    "timezone",
];

/// The session command that a text is; `None` if it is something else.
///
/// # Errors
/// WL1503 for a setting that is not taken.
pub(crate) fn read(text: &str) -> Result<Option<Command>, Error> {
    let first = text.trim_start().split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    let first = first.to_ascii_uppercase();
    let words = [
        "BEGIN",
        "START",
        "COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "SET",
        "RESET",
        "DISCARD",
        "DEALLOCATE",
        "SAVEPOINT",
        "RELEASE",
        "COPY",
        "DECLARE",
        "FETCH",
        "CLOSE",
    ];
    if !words.contains(&first.as_str()) {
        return Ok(None);
    }
    guard::scan(text)?;
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, text);
    let statements = parsed.map_err(|error| Error::new(Code::Syntax, error.to_string()))?;
    let [statement] = statements.as_slice() else {
        return Err(Error::new(Code::Refused, "a statement in a row with others is not answered"));
    };
    match statement {
        Statement::StartTransaction { .. } => Ok(Some(Command::Begin)),
        Statement::Commit { .. } => Ok(Some(Command::End("COMMIT"))),
        Statement::Rollback { savepoint: None, .. } => Ok(Some(Command::End("ROLLBACK"))),
        Statement::Rollback { .. } => Ok(Some(Command::Done("ROLLBACK"))),
        Statement::Savepoint { .. } => Ok(Some(Command::Done("SAVEPOINT"))),
        Statement::ReleaseSavepoint { .. } => Ok(Some(Command::Done("RELEASE"))),
        Statement::Discard { .. } => Ok(Some(Command::Done("DISCARD ALL"))),
        Statement::Deallocate { .. } => Ok(Some(Command::Done("DEALLOCATE"))),
        Statement::Set(_) | Statement::Reset(_) => setting(&statement.to_string()),
        Statement::Copy { source, to: true, target: CopyTarget::Stdout, options, legacy_options, .. } => {
            let query = match source {
                CopySource::Query(query) => query.to_string(),
                CopySource::Table { table_name, columns } if columns.is_empty() => {
                    format!("SELECT * FROM {table_name}")
                }
                CopySource::Table { table_name, columns } => {
                    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
                    format!("SELECT {} FROM {table_name}", columns.join(", "))
                }
            };
            Ok(Some(Command::Copy(query, Form::of(options, legacy_options)?)))
        }
        Statement::Copy { .. } => Err(Error::new(Code::Refused, "COPY goes to STDOUT, and nothing is copied in")),
        Statement::Declare { stmts } => declared(stmts).map(Some),
        Statement::Fetch { name, direction, into: None, .. } => {
            Ok(Some(Command::Fetch(name.value.clone(), count(direction)?)))
        }
        Statement::Close { cursor } => Ok(Some(Command::Close(match cursor {
            CloseCursor::All => None,
            CloseCursor::Specific { name } => Some(name.value.clone()),
        }))),
        _ => Ok(None),
    }
}

fn declared(statements: &[Declare]) -> Result<Command, Error> {
    let [Declare { names, for_query: Some(query), binary: None | Some(false), .. }] = statements else {
        return Err(Error::new(Code::Refused, "only a cursor is declared here, in the form of its FETCH"));
    };
    let [name] = names.as_slice() else { return Err(Error::new(Code::Refused, "one cursor is declared at a time")) };
    Ok(Command::Declare(name.value.clone(), query.to_string()))
}

/// How many rows a FETCH asks for: forward alone.
fn count(direction: &FetchDirection) -> Result<usize, Error> {
    let refused = || Error::new(Code::Refused, "a cursor goes forward only");
    let number = |limit: &ValueWithSpan| limit.to_string().parse().map_err(|_| refused());
    match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Ok(1),
        FetchDirection::All | FetchDirection::ForwardAll => Ok(usize::MAX),
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => number(limit),
        FetchDirection::Prior
        | FetchDirection::First
        | FetchDirection::Last
        | FetchDirection::Absolute { .. }
        | FetchDirection::Relative { .. }
        | FetchDirection::Backward { .. }
        | FetchDirection::BackwardAll => Err(refused()),
    }
}

fn setting(text: &str) -> Result<Option<Command>, Error> {
    let lower = text.to_ascii_lowercase();
    let is_reset = lower.starts_with("reset");
    let mut words = lower.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'));
    let name = words.find(|word| !matches!(*word, "" | "set" | "reset" | "session" | "local")).unwrap_or_default();
    let name = if name == "time" {
        "timezone"
    } else if name == "names" {
        "client_encoding"
    } else {
        name
    };
    let is_transaction = matches!(name, "transaction" | "characteristics" | "all");
    if SETTINGS.contains(&name) || is_transaction {
        return Ok(Some(Command::Done(if is_reset { "RESET" } else { "SET" })));
    }
    Err(Error::new(
        Code::Refused,
        format!("the setting `{}` cannot be changed", name.chars().take(60).collect::<String>()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drivers_say_at_the_start_is_taken_and_nothing_else() {
        let done = |text: &str| read(text).unwrap();
        assert_eq!(done("BEGIN READ ONLY"), Some(Command::Begin));
        assert_eq!(done("begin;"), Some(Command::Begin));
        assert_eq!(done("COMMIT"), Some(Command::End("COMMIT")));
        assert_eq!(done("SET extra_float_digits = 3"), Some(Command::Done("SET")));
        assert_eq!(done("SET TIME ZONE 'UTC'"), Some(Command::Done("SET")));
        assert_eq!(done("DISCARD ALL"), Some(Command::Done("DISCARD ALL")));
        assert_eq!(done("SELECT 1"), None);
        let copy = |form| Some(Command::Copy("SELECT 1".to_owned(), form));
        assert_eq!(done("COPY (SELECT 1) TO STDOUT (FORMAT \"binary\")"), copy(Form::Binary));
        let csv = Form::Csv { delimiter: b',', quote: b'"', null: String::new(), has_header: true };
        assert_eq!(done("copy ( SELECT 1 ) TO STDOUT csv header"), copy(csv.clone()));
        assert_eq!(done("COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, HEADER true)"), copy(csv));
        assert_eq!(read("COPY (SELECT 1) TO '/tmp/x.csv'").unwrap_err().code, Code::Refused);
        assert_eq!(read("COPY reports FROM STDIN").unwrap_err().code, Code::Refused);
        let declared = Command::Declare("c".to_owned(), "SELECT 1".to_owned());
        assert_eq!(done("DECLARE \"c\" CURSOR FOR SELECT 1"), Some(declared.clone()));
        assert_eq!(done("DECLARE c NO SCROLL CURSOR FOR\nSELECT 1"), Some(declared));
        assert_eq!(done("FETCH FORWARD 7 FROM c"), Some(Command::Fetch("c".to_owned(), 7)));
        assert_eq!(done("FETCH ALL IN c"), Some(Command::Fetch("c".to_owned(), usize::MAX)));
        assert_eq!(read("FETCH PRIOR FROM c").unwrap_err().code, Code::Refused);
        assert_eq!(done("CLOSE c"), Some(Command::Close(Some("c".to_owned()))));
        assert_eq!(read("SET datafusion.execution.batch_size = 1").unwrap_err().code, Code::Refused);
        assert_eq!(read("SET role = 'phi'").unwrap_err().code, Code::Refused);
        assert_eq!(read("BEGIN; DROP TABLE reports").unwrap_err().code, Code::Refused);
    }
}
