//! Diagnostics: what is wrong, where, why does it matter, and which line would be right?
//!
//! ```text
//! WL0201 error: I don't know the test "potasium".                          critical.ward line 5
//!   5 |   where     test is potasium and value is above 6.5 mmol/L
//!     |                     ^^^^^^^^
//!   St Anne's catalogue has no test by this name. Did you mean potassium (LOINC 2823-3)? Change it to:
//!         where     test is potassium and value is above 6.5 mmol/L
//! ```
//! - **How it fits**: every stage makes [`Diagnostic`]s; [`render`] writes them as text, JSON, GitHub annotations or SARIF.
//! - **Not here**: the list of codes ([`codes`](crate::codes)).

pub mod render;

pub use crate::codes::{Code, Severity};
use crate::source::{Lines, Span};

/// One finding about a ward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which finding.
    pub code: Code,
    /// How much it weighs here.
    pub severity: Severity,
    /// The exact text it is about.
    pub span: Span,
    /// The headline: one sentence in the reader's words.
    pub message: String,
    /// Other places that belong to it, each shown with its line.
    pub labels: Vec<Label>,
    /// Why it matters here; may be empty.
    pub cause: String,
    /// What to write instead; alternatives stand one after the other.
    pub help: Vec<Correction>,
    /// The first correction as edits an editor can apply; empty where a person must decide.
    pub fix: Vec<Edit>,
}

/// Another place that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to see there; may be empty.
    pub text: String,
}

/// A way to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The words before the corrected lines.
    pub lead: String,
    /// The corrected lines, without indentation.
    pub lines: Vec<String>,
}

/// A replacement of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Diagnostic {
    /// A finding with its headline, nothing else yet.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            span,
            message: message.into(),
            labels: Vec::new(),
            cause: String::new(),
            help: Vec::new(),
            fix: Vec::new(),
        }
    }

    /// Says why it matters here.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Diagnostic {
        self.cause = cause.into();
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Offers corrected lines.
    #[must_use]
    pub fn help(mut self, lead: impl Into<String>, lines: &[&str]) -> Diagnostic {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.help.push(Correction { lead: lead.into(), lines });
        self
    }

    /// Offers a replacement of text; the corrected line is worked out from it by [`Diagnostic::complete`].
    #[must_use]
    pub fn replace(mut self, lead: impl Into<String>, span: Span, text: impl Into<String>) -> Diagnostic {
        self.help.push(Correction { lead: lead.into(), lines: Vec::new() });
        self.fix.push(Edit { span, text: text.into() });
        self
    }

    /// Fills in the corrected line where only an edit was given.
    #[must_use]
    pub fn complete(mut self, lines: &Lines<'_>) -> Diagnostic {
        let corrected = self.fix.first().map(|edit| corrected_line(lines, edit));
        let open = self.help.iter_mut().find(|correction| correction.lines.is_empty());
        if let (Some(line), Some(correction)) = (corrected, open) {
            correction.lines.push(line);
        }
        self
    }
}

/// The line of an edit after it, without indentation.
fn corrected_line(lines: &Lines<'_>, edit: &Edit) -> String {
    let file = lines.file(edit.span.file).zip(lines.place(edit.span.file, edit.span.start));
    let Some((file, place)) = file else { return edit.text.clone() };
    let line = lines.line(edit.span.file, place.line);
    let before: String = line.chars().take(column_index(place.column)).collect();
    let removed = file.text_of(edit.span).chars().count();
    let after: String = line.chars().skip(column_index(place.column) + removed).collect();
    format!("{before}{}{after}", edit.text).trim().to_owned()
}

fn column_index(column: u32) -> usize {
    usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// Puts findings into the order in which they are reported: file, place, code; equal ones once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    diagnostics.dedup();
}
