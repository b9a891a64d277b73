//! Reading: how does a parsed node become a piece of the tree?
//!
//! Readers are total: what the grammar promised but is not there gives `None`, and the clause counts as unread.
//! - **Not here**: the pieces themselves.

use crate::diagnostic::{Code, Diagnostic};
use crate::grammar::{Node, Rule};
use crate::layout::Joined;
use crate::source::{Span, Spanned};

/// The text being read and where its problems go.
pub(crate) struct Reading<'r> {
    pub(crate) text: &'r Joined,
    pub(crate) diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reading<'_> {
    /// The place of a node in its file.
    pub(crate) fn span(&self, node: &Node<'_>) -> Span {
        self.text.span(node.start, node.end())
    }

    /// Something with the place of the node it came from.
    pub(crate) fn at<T>(&self, node: &Node<'_>, piece: T) -> Spanned<T> {
        Spanned { node: piece, span: self.span(node) }
    }

    /// Reports a problem at a node.
    pub(crate) fn problem(&mut self, code: Code, node: &Node<'_>, message: impl Into<String>) -> &mut Self {
        let span = self.span(node);
        self.diagnostics.push(Diagnostic::new(code, span, message));
        self
    }

    /// Reads every child of a rule; `None` if one of them cannot be read.
    pub(crate) fn all<'n, 't: 'n, T>(
        &mut self,
        node: &'n Node<'t>,
        rule: Rule,
        mut read: impl FnMut(&mut Self, &'n Node<'t>) -> Option<T>,
    ) -> Option<Vec<T>> {
        node.all(rule).map(|child| read(self, child)).collect()
    }

    /// Reads the first child of a rule if there is one; the outer `None` says that it cannot be read.
    pub(crate) fn maybe<'n, 't: 'n, T>(
        &mut self,
        node: &'n Node<'t>,
        rule: Rule,
        read: impl FnOnce(&mut Self, &'n Node<'t>) -> Option<T>,
    ) -> Option<Option<T>> {
        match node.child(rule) {
            None => Some(None),
            Some(child) => read(self, child).map(Some),
        }
    }
}

/// What the first child whose rule stands in a table means.
pub(crate) fn pick<T: Copy>(node: &Node<'_>, table: &[(Rule, T)]) -> Option<T> {
    node.children
        .iter()
        .find_map(|child| table.iter().find(|(rule, _)| *rule == child.rule).map(|(_, meaning)| *meaning))
}

/// Words with one blank between them.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
