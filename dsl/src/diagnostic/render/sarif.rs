//! SARIF: the form for code-scanning services.
//!
//! - **Not here**: fixes; services show the message, which names them.
//! - **Source**: OASIS SARIF 2.1.0, sections 3.19, 3.27, 3.30.

use super::json::string;
use super::{Diagnostic, end_place, help_text, place};
use crate::codes::{Code, Severity};
use crate::source::{Lines, Sources};

/// All findings as one SARIF log. **Input** `version`: of the tool that reports.
#[must_use]
pub fn sarif(diagnostics: &[Diagnostic], sources: &Sources, version: &str) -> String {
    let lines = Lines::of(sources);
    let results: Vec<String> = diagnostics.iter().map(|diagnostic| result(diagnostic, &lines)).collect();
    let rules: Vec<String> = Code::ALL.iter().map(|code| rule(*code)).collect();
    format!(
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"wardline\",\"version\":{},\"rules\":[{}]}}}},\"columnKind\":\"unicodeCodePoints\",\"results\":[{}]}}]}}\n",
        string(version),
        rules.join(","),
        results.join(","),
    )
}

fn rule(code: Code) -> String {
    format!("{{\"id\":\"{code}\",\"shortDescription\":{{\"text\":{}}}}}", string(code.title()))
}

fn result(diagnostic: &Diagnostic, lines: &Lines<'_>) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let (file, from) = place(lines, diagnostic.span);
    let to = end_place(lines, diagnostic.span);
    let message = format!("{} {}", diagnostic.message, help_text(diagnostic));
    format!(
        "{{\"ruleId\":\"{}\",\"level\":\"{level}\",\"message\":{{\"text\":{}}},\"locations\":[{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":{}}},\"region\":{{\"startLine\":{},\"startColumn\":{},\"endLine\":{},\"endColumn\":{}}}}}}}]}}",
        diagnostic.code,
        string(message.trim()),
        string(file),
        from.line,
        from.column,
        to.line,
        to.column,
    )
}
