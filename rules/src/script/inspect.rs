//! Inspect: does this script use anything that scripts of a ward do not have?
//!
//! The engine checks sizes where a value is made, but not where an element of a map is set: `m[k] = v` would grow a map
//! past every bound. So nothing is changed in place; a script makes new values, and each of them is checked. Looking before
//! running also tells an author of a name that does not exist, though no example comes by.
//! - **Not here**: grammar and depth (`engine`).

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::{Named, NamedClock, Refused, items, occasion, refused};
use crate::Text;

/// What a script is for, and so what it may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A function: it reckons with what it is given.
    Function,
    /// The body of a decision.
    Decision,
    /// A rule file, its decision among its functions.
    Rule,
}

/// The first thing that may not be used.
pub(super) fn inspect(tree: &AST, role: Role) -> Result<(), Refused> {
    let mut own: Vec<&str> = tree.iter_functions().map(|function| function.name).collect();
    if role == Role::Rule {
        own.push("rule");
    }
    let decides = role != Role::Function;
    let mut found = Ok(());
    tree.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(node) = path.last() {
            found = node_is_known(node, (&own, decides));
        }
        found.is_ok()
    });
    found
}

/// The pages and tells whose person and channel are written out.
pub(super) fn named_people(tree: &AST) -> Vec<Named> {
    let mut found = Vec::new();
    tree.walk(&mut |path: &[ASTNode<'_>]| {
        let call = match path.last() {
            Some(ASTNode::Stmt(Stmt::FnCall(call, at)) | ASTNode::Expr(Expr::FnCall(call, at))) => Some((call, at)),
            _ => None,
        };
        if let Some((call, at)) = call.filter(|(call, _)| matches!(call.name.as_str(), "page" | "tell"))
            && let [Expr::StringConstant(who, _), Expr::StringConstant(by, _)] = call.args.as_slice()
        {
            let number = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0);
            let (line, column) = (number(at.line()), number(at.position()));
            found.push(Named { line, column, who: Text::from(who.as_str()), by: Text::from(by.as_str()) });
        }
        true
    });
    found
}

/// The clocks of slas whose name is written out.
pub(super) fn named_clocks(tree: &AST) -> Vec<NamedClock> {
    let mut found = Vec::new();
    tree.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, at))) = path.last()
            && call.name == "clock"
            && let [Expr::StringConstant(name, _)] = call.args.as_slice()
        {
            let number = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0);
            let (line, column) = (number(at.line()), number(at.position()));
            found.push(NamedClock { line, column, name: Text::from(name.as_str()) });
        }
        true
    });
    found
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the tree is Rhai's; what can do harm in it is named here")]
fn node_is_known(node: &ASTNode<'_>, own: (&[&str], bool)) -> Result<(), Refused> {
    match node {
        ASTNode::Stmt(Stmt::Assignment(parts)) => match &parts.1.lhs {
            Expr::Variable(..) | Expr::ThisPtr(_) => Ok(()),
            other => Err(refused(other.start_position(), "An element cannot be set. Make a new list or map of it.")),
        },
        ASTNode::Stmt(Stmt::FnCall(call, at)) => call_is_known(call, *at, own),
        ASTNode::Stmt(Stmt::For(parts, _)) if is_range(&parts.2.expr) => {
            Err(refused(parts.2.expr.start_position(), "A loop walks a list, such as [1, 2, 3], not a range."))
        }
        ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at)) => call_is_known(call, *at, own),
        ASTNode::Expr(Expr::Dot(parts, ..)) if own.1 => property_is_known(&parts.lhs, &parts.rhs),
        ASTNode::Expr(Expr::InterpolatedString(_, at)) => {
            Err(refused(*at, "A text holds no ${…} here. Join texts with +."))
        }
        _ => Ok(()),
    }
}

fn is_range(expr: &Expr) -> bool {
    matches!(expr, Expr::FnCall(call, _) if call.op_token.is_some() && matches!(call.name.as_str(), ".." | "..="))
}

fn call_is_known(call: &FnCallExpr, at: Position, (own, decides): (&[&str], bool)) -> Result<(), Refused> {
    let name = call.name.as_str();
    let is_item = items::NAMES.contains(&name) || decides && occasion::NAMES.contains(&name);
    if call.op_token.is_some() || own.contains(&name) || is_item {
        return Ok(());
    }
    Err(refused(at, format!("It uses {name}, which scripts do not have.")))
}

/// What is read of the event or the report must be there to read.
fn property_is_known(left: &Expr, right: &Expr) -> Result<(), Refused> {
    let (Expr::Variable(variable, ..), Expr::Property(property, at)) = (left, right) else { return Ok(()) };
    let known = match variable.1.as_str() {
        "event" => occasion::EVENT_PROPERTIES,
        "report" => occasion::REPORT_PROPERTIES,
        _ => return Ok(()),
    };
    let name = property.2.as_str();
    if known.contains(&name) {
        return Ok(());
    }
    let (of, known) = (variable.1.as_str(), known.join(", "));
    Err(refused(*at, format!("{of} has no {name}; it has {known}.")))
}
