//! Reference: what does the page about the tables say?
//!
//! Made from the definitions, so that page, comments and columns cannot differ.

use crate::schema::DEFINITIONS;

/// The page `docs/reference/tables.md`.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Tables\n\nMade from the definitions in `engine/tables/src/schema`; a test holds it against them.\n\n\
         Types: `ts` instant in microseconds, UTC · `sym` word of a vocabulary · `id` base-32 hash · `txt` text · \
         `i16 i32 i64` integers · `bool`. `?` may be NULL. **P** only for the role `phi`. Units are in names: `_at` \
         instant, `_s` seconds, `_ms`, `n_` count.\n\nEvery table ends with `epoch i64`, the sequence of the log batch \
         that caused the row, and `seq i32`, its place within the batch. A *keyed* table shows the newest row of each \
         key; rows of the others never change.\n",
    );
    for definition in &DEFINITIONS {
        let key: Vec<&str> = definition.key_names().collect();
        let sort = if key.is_empty() { "append".to_owned() } else { format!("keyed ({})", key.join(", ")) };
        let head = format!("\n## `{}`\n{sort} · {}\n\n", definition.table.name(), definition.comment);
        page.push_str(&head);
        page.push_str("| column | type | meaning |\n|---|---|---|\n");
        for column in definition.columns {
            let mark = if column.is_private { " **P**" } else { "" };
            let null = if column.is_nullable { "?" } else { "" };
            let line = format!("| `{}` | {}{null}{mark} | {} |\n", column.name, column.kind.name(), column.comment);
            page.push_str(&line);
        }
    }
    page
}
