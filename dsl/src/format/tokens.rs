//! Tokens: the words and signs of a clause, spelled as the language spells them.
//!
//! The leaves of the parse are all of a clause but its blanks. On the way some are respelled: articles [LEX-1], time units
//! [LEX-2], names that need no quotes, trailing zeros, step numbers.
//! - **Not here**: line breaks (`clause`).

use crate::grammar::{self, Node, Rule};
use crate::limits::{FRACTION_DIGITS_MAX, NAME_CHARS_MAX, NUMBER_DIGITS_MAX};

/// Where a clause stands.
pub(super) struct Place {
    pub(super) block: &'static str,
    pub(super) clause: String,
    /// Which step of the block this is, if it is one.
    pub(super) step: usize,
}

impl Place {
    pub(super) fn header() -> Place {
        Place { block: "", clause: String::new(), step: 0 }
    }
}

/// One word or sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Where it stood in the clause.
    pub(super) start: usize,
    /// No blank before it.
    pub(super) tight: bool,
    /// A line may begin here.
    pub(super) breaks: bool,
    comma: bool,
}

/// The tokens of a header or clause, one list per line that the language sees.
pub(super) fn of(node: &Node<'_>, place: &Place) -> Vec<Vec<Token>> {
    let mut writer = Writer { place, lines: vec![Vec::new()], open: false, labelled: false };
    writer.node(node, None);
    writer.lines
}

/// Tokens with one blank between them.
pub(super) fn line<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> String {
    let mut out = String::new();
    for token in tokens {
        if !out.is_empty() && !token.tight {
            out.push(' ');
        }
        out.push_str(&token.text);
    }
    out
}

struct Writer<'p> {
    place: &'p Place,
    lines: Vec<Vec<Token>>,
    /// An opening bracket was just written.
    open: bool,
    /// The entry of a test began with a label.
    labelled: bool,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node<'_>, parent: Option<Rule>) {
        if self.respelled(node) {
            return;
        }
        if node.children.is_empty() {
            self.leaf(node, parent);
            return;
        }
        for child in &node.children {
            if child.rule == Rule::bullet || self.is_entry(child, node) {
                self.lines.push(Vec::new());
                self.labelled = false;
            }
            self.node(child, Some(node.rule));
        }
    }

    /// Whether a child begins a further entry of `given`, `at` or `then`.
    fn is_entry(&self, child: &Node<'_>, parent: &Node<'_>) -> bool {
        const ENTRIES: &[(Rule, Rule)] =
            &[(Rule::c_given, Rule::fact), (Rule::c_at, Rule::stamp), (Rule::c_test_then, Rule::outcome)];
        let Some((_, sort)) = ENTRIES.iter().find(|(clause, _)| *clause == parent.rule) else { return false };
        let sort = *sort;
        let first = parent.child(sort).map(|first| first.start);
        child.rule == sort && first != Some(child.start)
    }

    /// Writes a node that is not written as it stands; false if it is.
    fn respelled(&mut self, node: &Node<'_>) -> bool {
        let rule = node.rule;
        if rule == Rule::EOI || rule == Rule::article {
            return true;
        }
        if rule == Rule::moment || rule == Rule::report_is || (rule == Rule::event && node.has(Rule::k_message)) {
            self.article(node);
        }
        if rule == Rule::dur || rule == Rule::wdur || rule == Rule::wdays {
            self.duration(node);
            return true;
        }
        if (rule == Rule::label || rule == Rule::value || rule == Rule::argument) && self.unquoted(node) {
            return true;
        }
        if rule == Rule::number {
            self.push(shortest(node.text), node.start);
            return true;
        }
        self.numbered(node)
    }

    fn numbered(&mut self, node: &Node<'_>) -> bool {
        let is_number = node.rule == Rule::integer
            && self.place.clause == "step"
            && self.last_is("step")
            && node.text.len() <= NUMBER_DIGITS_MAX;
        if is_number {
            self.push(self.place.step.to_string(), node.start);
        }
        if self.place.clause == "repeat" && (node.rule == Rule::k_times || node.rule == Rule::k_time) {
            let times = if self.last_is("1") { "time" } else { "times" };
            self.push(times.to_owned(), node.start);
            return true;
        }
        is_number
    }

    fn last_is(&self, text: &str) -> bool {
        self.lines.last().and_then(|line| line.last()).is_some_and(|token| token.text == text)
    }

    /// The article that a moment or state has at its place.
    fn article(&mut self, node: &Node<'_>) {
        let first = node.children.iter().find(|child| child.rule != Rule::article).map_or("", |child| child.text);
        let indefinite = if first.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let article = match (self.place.block, self.place.clause.as_str()) {
            ("test", _) if self.labelled => return,
            ("test", _) => indefinite,
            (_, "when" | "while" | "after") => indefinite,
            (_, _) => "the",
        };
        self.push(article.to_owned(), node.start);
    }

    fn duration(&mut self, node: &Node<'_>) {
        let one = node.child(Rule::integer).is_some_and(|count| count.text.trim_start_matches('0') == "1");
        for child in &node.children {
            let text = match child.text.trim_end_matches('s') {
                unit @ ("second" | "minute" | "hour" | "day") if one => unit.to_owned(),
                unit @ ("second" | "minute" | "hour" | "day") => format!("{unit}s"),
                _ => child.text.to_owned(),
            };
            self.push(text, child.start);
        }
    }

    /// A quoted name that could stand bare is written so.
    fn unquoted(&mut self, node: &Node<'_>) -> bool {
        let Some(name) = node.child(Rule::name) else { return false };
        let bare = name.text.trim_matches('"');
        let whole = grammar::parse(Rule::term, bare).is_ok_and(|term| term.end() == bare.len());
        let is_bare = whole && !bare.contains("  ") && bare.chars().count() <= NAME_CHARS_MAX;
        if is_bare {
            self.push(bare.to_owned(), name.start);
        }
        is_bare
    }

    fn leaf(&mut self, node: &Node<'_>, parent: Option<Rule>) {
        let joint = node.rule == Rule::k_and || node.rule == Rule::k_or;
        let breaks = joint && parent.is_some_and(|parent| BREAKABLE.contains(&parent));
        let closing = [Rule::k_comma, Rule::k_colon, Rule::k_paren_open, Rule::k_paren_close].contains(&node.rule);
        let tight = closing || self.open;
        let comma = node.rule == Rule::k_comma;
        self.open = node.rule == Rule::k_paren_open;
        self.labelled |= node.rule == Rule::ref_label;
        self.token(Token { text: node.text.to_owned(), start: node.start, tight, breaks, comma });
    }

    fn push(&mut self, text: String, start: usize) {
        let tight = self.open;
        self.open = false;
        self.token(Token { text, start, tight, breaks: false, comma: false });
    }

    fn token(&mut self, mut token: Token) {
        if let Some(line) = self.lines.last_mut() {
            token.breaks |= line.last().is_some_and(|last| last.comma);
            line.push(token);
        }
    }
}

/// Rules whose `and` and `or` may begin a line; inside a range they may not.
const BREAKABLE: &[Rule] = &[Rule::condition, Rule::bullet, Rule::moments, Rule::report_is, Rule::who, Rule::kinds];

/// A number without zeros that say nothing; one that is refused for its length stays as it is.
fn shortest(text: &str) -> String {
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() <= FRACTION_DIGITS_MAX => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Some(_) | None => text.to_owned(),
    }
}
