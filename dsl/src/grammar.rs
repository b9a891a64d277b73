//! Grammar: does this one header or clause have a shape the edition knows?
//!
//! The parser is generated from `grammar.pest`. What it gives back is turned at once into [`Node`]s: a rule, a span in the joined
//! clause text, and children; so nothing outside this file depends on the parser library.
//! - **How it fits**: [`syntax`](crate::syntax) calls [`parse`] per clause and reads the nodes.
//! - LIMIT: the text is bounded by `CLAUSE_BYTES_MAX`, and the grammar has no recursion, so depth and time are bounded.
//! - **Not here**: wording of errors ([`expected`](crate::syntax)), meaning.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;
pub(crate) use rules::Rule;

/// The generated parser.
mod rules {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(crate) struct WardGrammar;
}

/// A parsed part of a clause.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    pub(crate) rule: Rule,
    /// The text that was read, spaces as written.
    pub(crate) text: &'t str,
    /// Byte offset in the clause text.
    pub(crate) start: usize,
    pub(crate) children: Vec<Node<'t>>,
}

/// Where reading stopped, and what would have been read there.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// Byte offset of the furthest position reached.
    pub(crate) at: usize,
    pub(crate) expected: Vec<Rule>,
}

/// Reads one whole text by one rule.
pub(crate) fn parse(rule: Rule, text: &str) -> Result<Node<'_>, Stop> {
    match rules::WardGrammar::parse(rule, text) {
        Ok(mut pairs) => pairs.next().map(node).ok_or(Stop { at: 0, expected: Vec::new() }),
        Err(error) => Err(stop(&error)),
    }
}

fn stop(error: &pest::error::Error<Rule>) -> Stop {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Stop { at, expected }
}

/// Depth is bounded by the grammar, which has no recursion.
fn node(pair: Pair<'_, Rule>) -> Node<'_> {
    // Blanks behind the last part of a rule are read with it, and are not part of it.
    let (rule, text, start) = (pair.as_rule(), pair.as_str().trim_end(), pair.as_span().start());
    Node { rule, text, start, children: pair.into_inner().map(node).collect() }
}

impl<'t> Node<'t> {
    /// The first child of a rule.
    pub(crate) fn child(&self, rule: Rule) -> Option<&Node<'t>> {
        self.children.iter().find(|child| child.rule == rule)
    }

    /// All children of a rule, in order.
    pub(crate) fn all(&self, rule: Rule) -> impl Iterator<Item = &Node<'t>> {
        self.children.iter().filter(move |child| child.rule == rule)
    }

    /// Whether a keyword, or another part, stands directly in this one.
    pub(crate) fn has(&self, rule: Rule) -> bool {
        self.child(rule).is_some()
    }

    /// Byte offset after the last byte.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_read_to_its_end() {
        let node = parse(Rule::c_target, "target 60 minutes").unwrap();
        let span = node.child(Rule::span).unwrap();
        assert_eq!((span.text, span.start, span.end()), ("60 minutes", 7, 17));
        assert_eq!(parse(Rule::c_target, "target 60 minutes more").unwrap_err().at, 18);
    }

    #[test]
    fn keywords_end_at_a_word_boundary() {
        assert!(parse(Rule::c_target, "targets 60 minutes").is_err());
        assert!(parse(Rule::c_late, "late keepwhat was sent").is_err());
    }

    #[test]
    fn the_furthest_position_and_its_expectations_are_kept() {
        let stop = parse(Rule::c_policy, "policy \"A\", owner \"B\" review by 2027-01-01").unwrap_err();
        assert_eq!((stop.at, stop.expected), (22, vec![Rule::k_comma]));
    }
}
