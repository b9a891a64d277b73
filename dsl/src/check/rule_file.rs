//! Rule file: a `.rhai` file as the block of an alert.
//!
//! Its `rule(#{…})` holds clause words and what stands behind them, as texts; they are read by the grammar of clauses, so
//! every check of a ward applies [RHAI-2]. Its functions are the script of `decide`.
//! - LIMIT: `SCRIPT_BYTES_MAX`; beyond it WL0107.
//! - **Not here**: the clauses' meaning; running the script.

use wardline_rules::script::{Refused, RuleClause, Script, Sort};

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::layout::{Joined, RawBlock, RawClause, Script as Written};
use crate::limits::SCRIPT_BYTES_MAX;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::{Block, block};

/// The alert of a rule file; what is wrong is reported.
pub(super) fn read(id: FileId, file: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Block> {
    let all = Span { file: id, start: 0, end: u32::try_from(file.text.len()).unwrap_or(u32::MAX) };
    let top = Span { end: u32::try_from(file.text.lines().next().map_or(0, str::len)).unwrap_or(0), ..all };
    if file.text.len() > SCRIPT_BYTES_MAX {
        let message = format!("This rule file has {} bytes; {SCRIPT_BYTES_MAX} are allowed.", file.text.len());
        diagnostics.push(Diagnostic::new(Code::WL0107, top, message));
        return None;
    }
    let found = match Script::rule_file(&file.text) {
        Ok(found) => found,
        Err(why) => {
            diagnostics.push(refusal((&file.text, all), top, &why));
            return None;
        }
    };
    let (mut header, mut clauses) = (None, Vec::new());
    for clause in &found.clauses {
        let text = joined(id, &file.text, clause);
        if clause.word == "alert" {
            header = Some(text);
        } else {
            clauses.push(RawClause { text, comments: Vec::new(), script: None });
        }
    }
    let Some(header) = header else {
        let found = Diagnostic::new(Code::WL0105, top, "This rule has no name.");
        diagnostics.push(found.help("Add a line such as:", &["    \"alert\":    `\"Creatinine rise\"`,"]));
        return None;
    };
    let decide = Joined::new(id, "decide script", 0);
    let script = Some(Written { text: file.text.clone(), span: all });
    clauses.push(RawClause { text: decide, comments: Vec::new(), script });
    block::read(&RawBlock { header, comments: Vec::new(), clauses, span: all }, diagnostics)
}

/// A clause word and its text as one line, with the way back to the file.
fn joined(id: FileId, text: &str, clause: &RuleClause) -> Joined {
    let mut line = Joined::new(id, &clause.word, behind_quote(text, clause.at));
    line.push(' ', &clause.text, behind_quote(text, clause.text_at));
    line
}

/// The byte of a line and column, behind a quote if one stands there.
fn behind_quote(text: &str, (line, column): (u32, u32)) -> usize {
    let index = |number: u32| usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(index(line)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or("");
    let at = before + rest.char_indices().nth(index(column)).map_or(0, |(at, _)| at);
    at + usize::from(text.get(at..).is_some_and(|rest| rest.starts_with(['"', '`'])))
}

/// What is wrong with a script, at its place. **Input** `whole`: what to point at if it is about no single line.
pub(super) fn refusal((text, span): (&str, Span), whole: Span, why: &Refused) -> Diagnostic {
    let at = place(text, why).map_or(whole, |(start, end)| Span {
        start: span.start.saturating_add(start),
        end: span.start.saturating_add(end),
        ..span
    });
    let (code, cause) = match why.sort {
        Sort::Unsafe => {
            (Code::WL0901, "A script is a guest: what it may use and spend is bounded, and anything else is refused.")
        }
        Sort::Shape => (Code::WL0904, "The texts are the clauses of one alert; what decides it stands in functions."),
    };
    Diagnostic::new(code, at, why.why.clone()).because(cause)
}

/// From the column named to the end of its line, as bytes of the script.
fn place(text: &str, why: &Refused) -> Option<(u32, u32)> {
    let line = usize::try_from(why.line.checked_sub(1)?).ok()?;
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let line = text.get(before..)?.lines().next().unwrap_or("").trim_end();
    let column = usize::try_from(why.column.saturating_sub(1)).ok()?;
    let indent = line.len() - line.trim_start().len();
    let inside = line.char_indices().nth(column).map_or(line.len().saturating_sub(1), |(at, _)| at).max(indent);
    Some((u32::try_from(before + inside).ok()?, u32::try_from(before + line.len().max(inside + 1)).ok()?))
}
