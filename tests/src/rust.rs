//! Rust: which words, functions and public names does a source file hold?
//!
//! A source file becomes tokens, so comments and strings never look like code. A walk over the tokens remembers whether it is inside test code (`#[test]`, `#[cfg(test)]`) and hands out flat lists: words, literals, functions, public names, attributes.
//! ```text
//!  text ──► tokens ──► walk ──► words · literals · functions · names · attributes · lines that hold code
//! ```
//! - **How it fits**: tidy's checks of Rust code read these lists; the status test reads [`Source::functions`].
//! - LIMIT: a name that a macro builds is not seen. Test code in a file of its own is known by its path ([`is_test_path`]).
//! - **Not here**: types, imports, resolution of names.
//!
//! ```
//! let source = wardline_tests::rust::Source::read("pub fn due() {} // HashMap\n").unwrap();
//! assert_eq!(source.names[0].text, "due");
//! assert!(source.words.iter().all(|word| word.text != "HashMap"), "comments are not code");
//! ```

use std::{collections::BTreeSet, mem};

use proc_macro2::{Delimiter, Group, LexError, Spacing, Span, TokenStream, TokenTree};

/// A word, literal or attribute with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As written.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Whether it stands inside a test function or a `cfg(test)` item.
    pub in_test: bool,
    /// Whether a dot stands before it: `result.unwrap()`.
    pub after_dot: bool,
}

/// A declared name: `struct Wheel`, `pub fn arm`, `pub due: Timestamp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// The word before it: `fn`, `struct`, …, or `field`.
    pub kind: String,
    /// Whether it is `pub` without restriction.
    pub is_public: bool,
    /// Whether it stands in test code.
    pub in_test: bool,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of its first attribute or doc comment, else of `fn`.
    pub first_line: usize,
    /// Line of the closing brace.
    pub last_line: usize,
    /// Lines of the body that hold code: no blanks, no comments.
    pub code_lines: usize,
    /// Whether the function carries a test attribute itself.
    pub is_test: bool,
}

/// What one file holds.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Identifiers and keywords, in order; those of doc comments left out.
    pub words: Vec<Word>,
    /// Literals, in order; doc comments left out.
    pub literals: Vec<Word>,
    /// First word of each attribute except `doc`.
    pub attributes: Vec<Word>,
    /// Declared names.
    pub names: Vec<Name>,
    /// Functions with a body.
    pub functions: Vec<Function>,
    /// Lines that hold at least one token of code.
    pub code_lines: BTreeSet<usize>,
    /// First and last line of each inline `cfg(test)` module.
    pub test_modules: Vec<(usize, usize)>,
}

/// Kinds of items whose name follows directly.
const ITEM_WORDS: [&str; 8] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];

/// What has been read of the item that is being walked.
#[derive(Debug, Default)]
struct Pending {
    first_line: Option<usize>,
    is_test: bool,
    is_test_only: bool,
    is_public: bool,
    is_module: bool,
    function: Option<String>,
    /// `pub` or a restricted `pub(…)` was the last thing read.
    after_pub: bool,
    /// A dot was the last thing read.
    after_dot: bool,
    item_word: Option<String>,
}

impl Source {
    /// Reads Rust text.
    ///
    /// # Errors
    /// Text that is not made of Rust tokens.
    pub fn read(text: &str) -> Result<Self, LexError> {
        let tokens: TokenStream = text.parse()?;
        let mut source = Self::default();
        source.walk(tokens, false);
        Ok(source)
    }

    fn walk(&mut self, tokens: TokenStream, in_test: bool) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut pending = Pending::default();
        let mut index = 0;
        while let Some(tree) = trees.get(index) {
            index += match attribute(&trees, index) {
                Some((group, width)) => {
                    self.attribute(group, &mut pending, in_test, line_of(tree.span()));
                    width
                }
                None => {
                    self.tree(tree, trees.get(index + 1), &mut pending, in_test);
                    1
                }
            };
        }
    }

    fn attribute(&mut self, group: &Group, pending: &mut Pending, in_test: bool, line: usize) {
        pending.first_line.get_or_insert(line);
        let words: Vec<String> = group.stream().into_iter().map(|tree| tree.to_string()).collect();
        let head = words.first().cloned().unwrap_or_default();
        if head == "doc" {
            return;
        }
        let path_end = words.iter().position(|word| word.starts_with('(')).unwrap_or(words.len());
        pending.is_test |= words.get(..path_end).and_then(<[_]>::last).is_some_and(|word| word == "test");
        pending.is_test_only |= head == "cfg" && words.get(1).is_some_and(|word| word == "(test)");
        self.mark(group.span());
        self.attributes.push(Word { text: head, line, in_test, after_dot: false });
        self.walk(group.stream(), in_test);
    }

    fn tree(&mut self, tree: &TokenTree, next: Option<&TokenTree>, pending: &mut Pending, in_test: bool) {
        let text = tree.to_string();
        let line = line_of(tree.span());
        let after_dot = mem::take(&mut pending.after_dot);
        match tree {
            TokenTree::Ident(_) => {
                self.mark(tree.span());
                self.ident(&text, line, next, pending, in_test);
                self.words.push(Word { text, line, in_test, after_dot });
            }
            TokenTree::Literal(_) => {
                self.mark(tree.span());
                self.literals.push(Word { text, line, in_test, after_dot });
            }
            TokenTree::Punct(punct) => {
                self.mark(tree.span());
                if matches!(punct.as_char(), ';' | ',') {
                    *pending = Pending::default();
                }
                pending.after_dot = punct.as_char() == '.';
            }
            TokenTree::Group(group) => self.group(group, pending, in_test),
        }
    }

    fn ident(&mut self, text: &str, line: usize, next: Option<&TokenTree>, pending: &mut Pending, in_test: bool) {
        pending.first_line.get_or_insert(line);
        if let Some(kind) = pending.item_word.take() {
            self.declare(text, &kind, line, pending, in_test);
        } else if pending.after_pub && is_colon(next) {
            self.declare(text, "field", line, pending, in_test);
        }
        pending.after_pub = false;
        match text {
            "pub" => {
                pending.is_public =
                    !matches!(next, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                pending.after_pub = true;
            }
            _ if ITEM_WORDS.contains(&text) => pending.item_word = Some(text.to_owned()),
            _ => {}
        }
    }

    fn declare(&mut self, text: &str, kind: &str, line: usize, pending: &mut Pending, in_test: bool) {
        // `const fn`, `*const u8`, `impl<const N: …>`: the second word is the item's, or none at all.
        if ITEM_WORDS.contains(&text) || text == "_" {
            return;
        }
        if kind == "fn" {
            pending.function = Some(text.to_owned());
        }
        pending.is_module |= kind == "mod";
        self.names.push(Name {
            text: text.to_owned(),
            line,
            kind: kind.to_owned(),
            is_public: pending.is_public,
            in_test: in_test || pending.is_test_only,
        });
    }

    fn group(&mut self, group: &Group, pending: &mut Pending, in_test: bool) {
        let (open, close) = (line_of(group.span_open()), line_of(group.span_close()));
        if group.delimiter() != Delimiter::None {
            self.code_lines.extend([open, close]);
        }
        let is_block = group.delimiter() == Delimiter::Brace;
        let inside_test = in_test || (is_block && (pending.is_test || pending.is_test_only));
        self.walk(group.stream(), inside_test);
        if !is_block {
            return;
        }
        if pending.is_test_only && pending.is_module {
            self.test_modules.push((pending.first_line.unwrap_or(open), close));
        }
        if let Some(name) = pending.function.take() {
            self.functions.push(Function {
                name,
                first_line: pending.first_line.unwrap_or(open),
                last_line: close,
                code_lines: self
                    .code_lines
                    .range(open..=close)
                    .filter(|line| **line != open && **line != close)
                    .count(),
                is_test: pending.is_test,
            });
        }
        *pending = Pending::default();
    }

    fn mark(&mut self, span: Span) {
        self.code_lines.extend(span.start().line..=span.end().line);
    }
}

/// The bracket group of the attribute that begins at `index`, and how many trees it spans.
fn attribute(trees: &[TokenTree], index: usize) -> Option<(&Group, usize)> {
    if !is_punct(trees.get(index), '#') {
        return None;
    }
    let width = if is_punct(trees.get(index + 1), '!') { 3 } else { 2 };
    match trees.get(index + width - 1) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => Some((group, width)),
        _ => None,
    }
}

fn is_punct(tree: Option<&TokenTree>, sign: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn is_colon(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Alone)
}

fn line_of(span: Span) -> usize {
    span.start().line
}

/// Whether a whole file is test code: `foo/tests.rs`, anything in a folder `tests` of a crate, and the test package itself.
///
/// The slow twin in `tests/reference` is a library like any other.
pub fn is_test_path(path: &str) -> bool {
    let is_twin = path.starts_with("tests/reference/");
    let inner = path.strip_prefix("tests/reference/").unwrap_or(path);
    path.ends_with("/tests.rs") || inner.contains("/tests/") || (path.starts_with("tests/") && !is_twin)
}

/// The words inside a name: `StatLab`, `stat_lab` and `STAT_LAB` all give `stat`, `lab`.
pub fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    for letter in name.chars() {
        let starts = words.is_empty() || (letter.is_uppercase() && was_lower);
        match (letter, starts) {
            ('_', _) => words.push(String::new()),
            (_, true) => words.push(letter.to_lowercase().collect()),
            (_, false) => words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase())),
        }
        was_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
