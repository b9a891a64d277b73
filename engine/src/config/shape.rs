//! Shape: does every key of this file mean something?
//!
//! The published JSON Schema is walked beside the parsed file, so that what editors complete and what the engine takes is
//! one list. An unknown key is refused, with the nearest known one as a suggestion.
//!
//! - LIMIT: the subset of JSON Schema that our two schemas use: `properties`, `additionalProperties`, `items`, `$ref` into
//!   `$defs`, and `oneOf` told apart by the constant of `kind`.
//! - **Not here**: types and values; serde reads those with the same places.

use core::ops::Range;

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::finding::{ConfigFile, Finding, Findings};
use crate::codes::Code;

/// Compares a parsed file with its schema.
pub(super) struct Shape<'a> {
    root: &'a Value,
    file: &'a ConfigFile,
    findings: Findings,
}

impl<'a> Shape<'a> {
    /// Findings for every key of `table` that the schema does not know.
    pub(super) fn check(root: &'a Value, file: &'a ConfigFile, table: &DeTable<'_>) -> Findings {
        let mut shape = Self { root, file, findings: Findings::default() };
        shape.table(root, table);
        shape.findings
    }

    fn table(&mut self, schema: &'a Value, table: &DeTable<'_>) {
        let schema = self.resolve(schema, table);
        for (key, value) in table {
            match self.schema_of_key(schema, key.get_ref()) {
                Some(inner) => self.value(inner, value),
                None => self.unknown(schema, key.get_ref(), key.span()),
            }
        }
    }

    fn value(&mut self, schema: &'a Value, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(schema, table),
            DeValue::Array(array) => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                array.iter().for_each(|item| self.value(items, item));
            }
            _ => {}
        }
    }

    fn schema_of_key(&self, schema: &'a Value, key: &str) -> Option<&'a Value> {
        let named = schema.get("properties").and_then(|keys| keys.get(key));
        named.or_else(|| schema.get("additionalProperties").filter(|inner| inner.is_object()))
    }

    /// Follows `$ref`, and of `oneOf` takes the variant whose `kind` the table has.
    fn resolve(&self, schema: &'a Value, table: &DeTable<'_>) -> &'a Value {
        let schema = self.follow(schema);
        let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else { return schema };
        let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str()).unwrap_or("");
        let is_meant =
            |variant: &&Value| variant.pointer("/properties/kind/const").and_then(Value::as_str) == Some(kind);
        variants.iter().map(|variant| self.follow(variant)).find(is_meant).unwrap_or(schema)
    }

    fn follow(&self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        reference.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    fn unknown(&mut self, schema: &Value, key: &str, span: Range<usize>) {
        let Some(known) = schema.get("properties").and_then(Value::as_object) else { return };
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        let help = match nearest(key, &names) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => {
                format!("Known here: {}.", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        let headline = format!("unknown key `{key}`");
        self.findings.push(Finding::at(Code::UnknownKey, self.file, span, headline, help));
    }
}

/// The known name a reader most likely meant, if one is near enough: a quarter of its letters may differ.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |name: &&'a str| strsim::damerau_levenshtein(&word, &name.to_lowercase());
    let best = known.iter().copied().min_by_key(|name| distance(name))?;
    (distance(&best) * 4 <= best.len().max(4)).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("chanel", &["channel", "ward", "data"]), Some("channel"));
        assert_eq!(nearest("Ward", &["channel", "ward"]), Some("ward"));
        assert_eq!(nearest("port", &["channel", "ward"]), None);
    }
}
