//! Guard: may this text be parsed, and may this statement be planned?
//!
//! The first look does not recurse and bounds how deep and long the parser can be led; the second looks at the statement:
//! exactly one, of a kind that only reads; the third walks the plan.
//!
//! - **Source**: analytics page 5.4, guarantees page S1-10.
//! - **Not here**: limits of time, memory and rows ([`crate::session`]).

use arrow::datatypes::DataType;
use datafusion::{
    common::{
        DFSchema,
        tree_node::{TreeNode as _, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, ExprSchemable as _, LogicalPlan},
    sql::sqlparser::{
        ast::{Query, SetExpr, Statement},
        dialect::PostgreSqlDialect,
        keywords::Keyword,
        tokenizer::{Token, Tokenizer},
    },
};

use crate::{
    codes::Code,
    error::Error,
    limits::{COMMAS_MAX, CROSS_JOINS_MAX, DEPTH_MAX, JOINS_MAX, OPERATORS_MAX, TEXT_BYTES_MAX, TOKENS_MAX},
};

/// Looks at the text before any parser does.
///
/// # Errors
/// WL1503 beyond a bound, WL1501 for what is no SQL at all.
pub(crate) fn scan(text: &str) -> Result<(), Error> {
    refuse_if(text.len() > TEXT_BYTES_MAX, "longer than 64 KiB")?;
    refuse_if(text.contains('\0'), "with a zero byte")?;
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize();
    let tokens = tokens.map_err(|error| Error::new(Code::Syntax, error.to_string()))?;
    let (mut count, mut depth, mut operators, mut joins, mut commas) = (0, 0_usize, 0, 0, 0);
    for token in tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))) {
        count += 1;
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Comma => commas += 1,
            Token::Word(word) => match word.keyword {
                Keyword::JOIN => joins += 1,
                Keyword::RECURSIVE => return Err(refused("with a recursive part")),
                Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => {
                    operators += 1;
                }
                // CASE and its kin nest without brackets.
                Keyword::CASE => depth += 1,
                Keyword::END => depth = depth.saturating_sub(1),
                _ => {}
            },
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::DoubleColon
            | Token::StringConcat => operators += 1,
            _ => {}
        }
        refuse_if(depth > DEPTH_MAX, "nested deeper than 64 brackets")?;
    }
    refuse_if(count > TOKENS_MAX, "of more than 20,000 words")?;
    refuse_if(operators > OPERATORS_MAX, "of more than 1,000 operators")?;
    refuse_if(joins > JOINS_MAX, "of more than 16 joins")?;
    refuse_if(commas > COMMAS_MAX, "with lists of more than 5,000 items")
}

/// Takes the one statement there may be, if it only reads.
///
/// # Errors
/// WL1503.
pub(crate) fn one(mut statements: Vec<Statement>) -> Result<Statement, Error> {
    let statement = statements.pop().ok_or_else(|| Error::new(Code::Syntax, "there is no statement"))?;
    refuse_if(!statements.is_empty(), "in a row with others")?;
    only_reads(&statement)?;
    Ok(statement)
}

fn only_reads(statement: &Statement) -> Result<(), Error> {
    match statement {
        Statement::Query(query) => query_reads(query),
        Statement::Explain { statement, .. } => match &**statement {
            Statement::Query(query) => query_reads(query),
            _ => Err(refused("that explains anything but a query")),
        },
        Statement::ShowTables { .. } | Statement::ShowColumns { .. } | Statement::ShowVariable { .. } => Ok(()),
        other => Err(refused(&format!("of the kind `{}`", first_word(&other.to_string())))),
    }
}

fn query_reads(query: &Query) -> Result<(), Error> {
    let with = query.with.iter().flat_map(|with| &with.cte_tables);
    for part in with {
        query_reads(&part.query)?;
    }
    body_reads(&query.body)?;
    refuse_if(!query.locks.is_empty(), "that locks")
}

fn body_reads(body: &SetExpr) -> Result<(), Error> {
    match body {
        SetExpr::Select(select) => refuse_if(select.into.is_some(), "that makes a table"),
        SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        SetExpr::Query(query) => query_reads(query),
        SetExpr::SetOperation { left, right, .. } => body_reads(left).and_then(|()| body_reads(right)),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => Err(refused("that writes")),
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(30).collect()
}

/// Walks the plan: nothing in it may change anything.
///
/// # Errors
/// WL1503.
pub(crate) fn plan(plan: &LogicalPlan) -> Result<(), Error> {
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        found = match node {
            LogicalPlan::Ddl(_) => Some("that defines"),
            LogicalPlan::Dml(_) => Some("that writes"),
            LogicalPlan::Copy(_) => Some("that copies to a file"),
            LogicalPlan::Statement(_) => Some("that changes the session"),
            LogicalPlan::RecursiveQuery(_) => Some("with a recursive part"),
            LogicalPlan::Extension(_) => Some("with an extension"),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Ok(TreeNodeRecursion::Stop)
    });
    walked.map_err(Error::from)?;
    found.map_or(Ok(()), |what| Err(refused(what)))
}

/// Refuses to compare a difference of instants with an interval: field by field, three days are not more than one.
///
/// # Errors
/// WL1527.
pub(crate) fn comparisons(plan: &LogicalPlan) -> Result<(), Error> {
    let mut is_found = false;
    let walked = plan.apply_with_subqueries(|node| {
        // Conditions see the columns of what is below.
        let mut schema = DFSchema::empty();
        for input in node.inputs() {
            schema.merge(input.schema());
        }
        node.apply_expressions(|whole| {
            whole.apply(|expr| {
                is_found |= matches!(expr, Expr::BinaryExpr(compared) if compares_spans(compared, &schema));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.map_err(Error::from)?;
    if is_found { Err(Error::new(Code::Interval, "a duration is compared with an interval")) } else { Ok(()) }
}

fn compares_spans(compared: &BinaryExpr, schema: &DFSchema) -> bool {
    let is_span = |expr: &Expr| {
        let kind = expr.get_type(schema).ok();
        matches!(kind, Some(DataType::Duration(_) | DataType::Interval(_)))
    };
    let is_plain = |expr: &Expr| matches!(expr, Expr::Literal(_, _));
    let (left, right) = (&*compared.left, &*compared.right);
    compared.op.supports_propagation() && is_span(left) && is_span(right) && !(is_plain(left) && is_plain(right))
}

/// Looks at the plan once joins have found their conditions.
///
/// # Errors
/// WL1503.
pub(crate) fn optimised(plan: &LogicalPlan) -> Result<(), Error> {
    let mut crossed = 0;
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = node
            && join.on.is_empty()
            && join.filter.is_none()
        {
            crossed += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(Error::from)?;
    refuse_if(crossed > CROSS_JOINS_MAX, "with more than one join without a condition")
}

fn refuse_if(is: bool, what: &str) -> Result<(), Error> {
    if is { Err(refused(what)) } else { Ok(()) }
}

fn refused(what: &str) -> Error {
    Error::new(Code::Refused, format!("a statement {what} is not answered"))
}
