//! Node: what stands under this key?
//!
//! A FHIR object seen through the keys that we ask for; what is missing or of another type is as good as absent.
//!
//! - **Not here**: judging a value.

use super::Tree;

/// An object, or anything else, which then has no keys.
#[derive(Clone, Copy)]
pub(super) struct Node<'t>(&'t Tree<'t>);

/// Where an object stands in the body that is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(usize);

impl<'t> Node<'t> {
    pub(super) const fn new(tree: &'t Tree<'t>) -> Self {
        Self(tree)
    }

    /// Tells the places of a body apart while it is read; says nothing about their order.
    pub(super) fn place(self) -> Place {
        Place(core::ptr::from_ref(self.0).addr())
    }

    /// What stands under `key`.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        match self.0 {
            Tree::Object(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, tree)| Node(tree)),
            Tree::Null | Tree::Flag(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => None,
        }
    }

    /// The text under `key`; empty if there is none.
    pub(super) fn text(self, key: &str) -> &'t str {
        self.get(key).and_then(|node| node.0.text()).unwrap_or_default()
    }

    /// The number under `key`, as it was written.
    pub(super) fn number(self, key: &str) -> Option<&'t str> {
        match self.get(key)?.0 {
            Tree::Number(text) => Some(text),
            Tree::Null | Tree::Flag(_) | Tree::Text(_) | Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// The yes or no under `key`.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        match self.get(key)?.0 {
            Tree::Flag(flag) => Some(*flag),
            Tree::Null | Tree::Number(_) | Tree::Text(_) | Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// The items of the list under `key`; a single object counts as a list of one.
    pub(super) fn list(self, key: &str) -> impl Iterator<Item = Self> + Clone + use<'t> {
        let found = self.get(key).map(|node| node.0);
        let items: &'t [Tree<'t>] = match found {
            Some(Tree::List(items)) => items,
            Some(single @ Tree::Object(_)) => core::slice::from_ref(single),
            Some(Tree::Null | Tree::Flag(_) | Tree::Number(_) | Tree::Text(_)) | None => &[],
        };
        items.iter().map(Node)
    }

    /// The first object under `key`.
    pub(super) fn first(self, key: &str) -> Option<Self> {
        self.list(key).next()
    }

    /// Every coding of the concept, or concepts, under `key`.
    pub(super) fn codings(self, key: &str) -> impl Iterator<Item = Self> + Clone + use<'t> {
        self.list(key).flat_map(|concept| concept.list("coding"))
    }

    /// Whether a coding under `key` has this code.
    pub(super) fn has_code(self, key: &str, code: &str) -> bool {
        self.codings(key).any(|coding| coding.text("code") == code)
    }
}
