//! File: which rule and which decision does a `.rhai` file hold?
//!
//! At its top level stand one `rule(#{ … })` of texts, which become clauses of an alert, and functions, among them
//! `on(event, report)` [RHAI-2].
//! - **Not here**: what the clauses mean (`wardline-dsl`).

use rhai::{AST, Expr, FnCallExpr, Position, Stmt};

use super::{Refused, Sort, refused};

/// One clause of a rule file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleClause {
    /// The clause word, or `alert` for the name.
    pub word: String,
    /// Line and column of the word or its quote, from 1.
    pub at: (u32, u32),
    /// What stands behind the word.
    pub text: String,
    /// Line and column of that text's quote.
    pub text_at: (u32, u32),
}

/// The clauses of a rule file, in its order.
#[expect(clippy::wildcard_enum_match_arm, reason = "the tree is Rhai's, and whatever else it holds is refused")]
pub(super) fn clauses(tree: &AST) -> Result<Vec<RuleClause>, Refused> {
    let [statement] = tree.statements() else {
        let odd = tree.statements().iter().find(|statement| rule(statement).is_none());
        let at = odd.or_else(|| tree.statements().get(1)).map_or(Position::NONE, Stmt::position);
        return Err(shape(at));
    };
    let call = rule(statement).ok_or_else(|| shape(statement.position()))?;
    let Some(Expr::Map(entries, _)) = call.args.first().filter(|_| call.args.len() == 1) else {
        return Err(shape(statement.position()));
    };
    if !tree.iter_functions().any(|function| function.name == "on" && function.params.len() == 2) {
        return Err(shape(Position::NONE));
    }
    let mut clauses = Vec::new();
    for (word, value) in &entries.0 {
        let texts = match value {
            Expr::Array(texts, _) => texts.iter().collect(),
            other => vec![other],
        };
        for text in texts {
            let Expr::StringConstant(said, at) = text else { return Err(shape(text.start_position())) };
            clauses.push(RuleClause {
                word: word.name.to_string(),
                at: place(word.pos),
                text: said.to_string(),
                text_at: place(*at),
            });
        }
    }
    Ok(clauses)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the tree is Rhai's, and whatever else it holds is refused")]
fn rule(statement: &Stmt) -> Option<&FnCallExpr> {
    let call = match statement {
        Stmt::FnCall(call, _) => call.as_ref(),
        Stmt::Expr(expr) => match expr.as_ref() {
            Expr::FnCall(call, _) => call.as_ref(),
            _ => return None,
        },
        _ => return None,
    };
    Some(call).filter(|call| call.name == "rule")
}

fn place(at: Position) -> (u32, u32) {
    let number = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0);
    (number(at.line()), number(at.position()))
}

fn shape(at: Position) -> Refused {
    Refused {
        sort: Sort::Shape,
        ..refused(at, "A rule file has one rule(#{…}) of texts, and functions, among them fn on(event, report).")
    }
}
