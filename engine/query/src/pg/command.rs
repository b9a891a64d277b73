//! Command: what do clients of Postgres say besides asking?
//!
//! Transactions pin a snapshot, settings of clients are taken note of, everything that would change something is refused.
//!
//! - **Not here**: queries.

use datafusion::sql::sqlparser::{ast::Statement, dialect::PostgreSqlDialect, parser::Parser};

use crate::{codes::Code, error::Error, limits::TEXT_BYTES_MAX};

/// A session command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
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
    ];
    if !words.contains(&first.as_str()) || text.len() > TEXT_BYTES_MAX {
        return Ok(None);
    }
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
        _ => Ok(None),
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
        assert_eq!(read("SET datafusion.execution.batch_size = 1").unwrap_err().code, Code::Refused);
        assert_eq!(read("SET role = 'phi'").unwrap_err().code, Code::Refused);
        assert_eq!(read("BEGIN; DROP TABLE reports").unwrap_err().code, Code::Refused);
    }
}
