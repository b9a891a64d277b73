//! Clients: what do tools ask when they begin, that no planner of ours can answer?
//!
//! `SHOW` of the settings that drivers read, and the parts of queries on the catalog that are about defaults, sequences and
//! collations, of which there are none here: SQLAlchemy and ADBC ask for them with every table.
//!
//! - **Source**: analytics page 5.2.
//! - **Not here**: what `datafusion-pg-catalog` rewrites already.

use core::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArguments, Ident, Statement, Value, visit_expressions,
    visit_expressions_mut, visit_relations,
};

/// Settings that drivers read, and what they are here.
const SHOWN: [(&str, &str); 16] = [
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("datestyle", "ISO, MDY"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("max_identifier_length", "63"),
    ("search_path", "wardline"),
    ("server_encoding", "UTF8"),
    ("server_version", "15.0"),
    ("server_version_num", "150000"),
    ("standard_conforming_strings", "on"),
    ("timezone", "UTC"),
    ("transaction_isolation", "repeatable read"),
    ("transaction_read_only", "on"),
];

/// Catalogs that say nothing of our columns.
const EMPTY: [&str; 3] = ["pg_attrdef", "pg_collation", "pg_sequence"];

/// The query that answers a `SHOW` of a client's setting.
pub(crate) fn shown(statement: &Statement) -> Option<String> {
    let Statement::ShowVariable { variable } = statement else { return None };
    let words: Vec<String> = variable.iter().map(|word| word.value.to_ascii_lowercase()).collect();
    let name = match words.join(" ").as_str() {
        "transaction isolation level" => "transaction_isolation".to_owned(),
        "time zone" => "timezone".to_owned(),
        other => other.to_owned(),
    };
    let (name, value) = SHOWN.iter().find(|(known, _)| *known == name)?;
    Some(format!("SELECT '{value}' AS {name}"))
}

/// Puts what is always so in the place of what cannot be planned.
pub(crate) fn simplify(statement: &mut Statement) {
    let _: ControlFlow<()> = visit_expressions_mut(statement, |expr| {
        if is_about_nothing(expr) || is_of_options(expr) {
            *expr = Expr::Value(Value::Null.into());
        } else if let Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } = expr
            && is_function_of_type(left)
            && matches!(&**right, Expr::Value(value) if matches!(&value.value, Value::Number(text, _) if text == "0"))
        {
            // Functions of types are shown by name; one that is not there is a dash.
            **right = Expr::Value(Value::SingleQuotedString("-".to_owned()).into());
        }
        ControlFlow::Continue(())
    });
}

/// Whether it is a choice whose outcome could only come from such a catalog.
fn is_about_nothing(expr: &Expr) -> bool {
    let Expr::Case { conditions, else_result, .. } = expr else { return false };
    let is_null = |expr: &Expr| matches!(expr, Expr::Value(value) if value.value == Value::Null);
    else_result.as_deref().is_none_or(is_null)
        && conditions.iter().all(|when| matches!(&when.result, Expr::Subquery(query) if reads_nothing(query)))
}

/// Whether it is how psql writes the options of a table, of which there are none: a list made of a query.
fn is_of_options(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let is_named = |function: &Function, name: &str| {
        let last = function.name.0.last().and_then(|part| part.as_ident());
        last.is_some_and(|ident| ident.value.eq_ignore_ascii_case(name))
    };
    let is_list = |one: &Expr| matches!(one, Expr::Function(list) if is_named(list, "array") && matches!(list.args, FunctionArguments::Subquery(_)));
    let found =
        visit_expressions(expr, |one| if is_list(one) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
    is_named(function, "array_to_string") && found.is_break()
}

fn reads_nothing<T: datafusion::sql::sqlparser::ast::Visit>(query: &T) -> bool {
    let found = visit_relations(query, |name| {
        let last = name.0.last().and_then(|part| part.as_ident());
        if last.is_some_and(|ident| EMPTY.contains(&ident.value.as_str())) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found.is_break()
}

fn is_function_of_type(expr: &Expr) -> bool {
    let is_it = |ident: &Ident| matches!(ident.value.as_str(), "typreceive" | "typsend");
    match expr {
        Expr::Identifier(ident) => is_it(ident),
        Expr::CompoundIdentifier(parts) => parts.last().is_some_and(is_it),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::{dialect::PostgreSqlDialect, parser::Parser};

    use super::*;

    fn parsed(text: &str) -> Statement {
        Parser::parse_sql(&PostgreSqlDialect {}, text).unwrap().remove(0)
    }

    #[test]
    fn what_is_never_there_is_null_and_the_rest_stays() {
        let mut asked = parsed(
            "SELECT CASE WHEN a.atthasdef THEN (SELECT d.adbin FROM pg_catalog.pg_attrdef d WHERE d.adnum = a.attnum) \
             ELSE NULL END AS \"default\", CASE WHEN a.x THEN (SELECT 1 FROM reports) ELSE NULL END FROM pg_attribute a \
             WHERE a.typreceive != 0",
        );
        simplify(&mut asked);
        assert_eq!(
            asked.to_string(),
            "SELECT NULL AS \"default\", CASE WHEN a.x THEN (SELECT 1 FROM reports) ELSE NULL END FROM pg_attribute a \
             WHERE a.typreceive <> '-'"
        );
        let mut count = 0;
        let walked: ControlFlow<()> = visit_expressions(&asked, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        assert!(walked.is_continue() && count > 0);
    }

    #[test]
    fn options_of_tables_are_none() {
        let mut asked = parsed(
            "SELECT pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', '), \
             array_to_string(c.kept, ',') FROM pg_class c",
        );
        simplify(&mut asked);
        assert_eq!(asked.to_string(), "SELECT NULL, array_to_string(c.kept, ',') FROM pg_class c");
    }

    #[test]
    fn settings_of_clients_are_shown_and_no_others() {
        let shown = |text: &str| shown(&parsed(text));
        assert_eq!(
            shown("SHOW standard_conforming_strings").as_deref(),
            Some("SELECT 'on' AS standard_conforming_strings")
        );
        assert_eq!(
            shown("SHOW TRANSACTION ISOLATION LEVEL").as_deref(),
            Some("SELECT 'repeatable read' AS transaction_isolation")
        );
        assert_eq!(shown("SHOW datafusion.execution.batch_size"), None);
    }
}
