//! Tokens: which words, names and signs does a clause hold, whether it can be read or not?
//!
//! - **Not here**: what they mean (`wanted`); the grammar.

use crate::vocabulary::RESERVED;

/// A piece of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) sort: Sort,
    /// The text; of a name without its quotes.
    pub(super) text: &'t str,
    /// First byte in the joined text, the quote of a name included.
    pub(super) start: usize,
    /// Byte after the last, the quote of a name included.
    pub(super) end: usize,
}

/// Sorts of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A word.
    Word,
    /// A number, date or time.
    Number,
    /// A name between quotes.
    Name,
    /// A name whose closing quote is not there yet.
    OpenName,
    /// A comma, colon, dash or bracket.
    Sign,
    /// A line break that means something.
    Break,
}

impl Token<'_> {
    /// Whether it can be part of a bare name.
    pub(super) fn is_bare(&self) -> bool {
        self.sort == Sort::Word && !RESERVED.contains(&self.text)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.sort == Sort::Word && self.text == word
    }
}

/// Cuts a joined text into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let (sort, length) = match first {
            ' ' => {
                at += 1;
                continue;
            }
            '\n' => (Sort::Break, 1),
            '"' => name(rest),
            ',' | ':' | '(' | ')' => (Sort::Sign, 1),
            '-' if !rest.starts_with("-0") && !rest.get(1..).is_some_and(|next| next.starts_with(is_digit)) => {
                (Sort::Sign, 1)
            }
            _ => word(rest),
        };
        let whole = rest.get(..length).unwrap_or(rest);
        let inner = if matches!(sort, Sort::Name | Sort::OpenName) { whole.trim_matches('"') } else { whole };
        tokens.push(Token { sort, text: inner, start: at, end: at + whole.len() });
        at += whole.len();
    }
    tokens
}

/// A name reaches to its closing quote, or to the end of its line.
fn name(rest: &str) -> (Sort, usize) {
    let behind = rest.get(1..).unwrap_or("");
    match behind.find(['"', '\n']) {
        Some(end) if behind.get(end..).is_some_and(|quote| quote.starts_with('"')) => (Sort::Name, end + 2),
        Some(end) => (Sort::OpenName, end + 1),
        None => (Sort::OpenName, rest.len()),
    }
}

/// A word reaches to a blank or sign; a colon between digits belongs to a time.
fn word(rest: &str) -> (Sort, usize) {
    let sort = if rest.starts_with(|first| is_digit(first) || first == '-') { Sort::Number } else { Sort::Word };
    let mut before = None;
    let mut letters = rest.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let in_time = before.is_some_and(is_digit) && letters.peek().is_some_and(|(_, next)| is_digit(*next));
        if matches!(letter, ' ' | '\n' | '"' | ',' | '(' | ')') || (letter == ':' && !in_time) {
            return (sort, at);
        }
        before = Some(letter);
    }
    (sort, rest.len())
}

const fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_cut_whether_it_can_be_read_or_not() {
        let text = "at 2026-01-14 02:10 R1: test is \"lipid panel\",\nvalue is -4.5 then \"op";
        let cut: Vec<(Sort, &str)> = tokens(text).iter().map(|token| (token.sort, token.text)).collect();
        let word = |text| (Sort::Word, text);
        let expected = [
            word("at"),
            (Sort::Number, "2026-01-14"),
            (Sort::Number, "02:10"),
            word("R1"),
            (Sort::Sign, ":"),
            word("test"),
            word("is"),
            (Sort::Name, "lipid panel"),
            (Sort::Sign, ","),
            (Sort::Break, "\n"),
            word("value"),
            word("is"),
            (Sort::Number, "-4.5"),
            word("then"),
            (Sort::OpenName, "op"),
        ];
        assert_eq!(cut, expected);
        assert!(
            tokens(text).iter().all(|token| text.get(token.start..token.end).is_some_and(|t| t.contains(token.text)))
        );
    }

    #[test]
    fn an_open_quote_ends_with_its_line() {
        let cut: Vec<Sort> = tokens("page desk \"\nlate keep").iter().map(|token| token.sort).collect();
        assert_eq!(cut, [Sort::Word, Sort::Word, Sort::OpenName, Sort::Break, Sort::Word, Sort::Word]);
    }
}
