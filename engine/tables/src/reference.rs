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
         `i16 i32 i64` integers · `bool` · `date` day · `sketch` durations that add up. `?` may be NULL. **P** only for the role `phi`. Units are in names: `_at` \
         instant, `_s` seconds, `_ms`, `n_` count.\n\nEvery table ends with `epoch i64`, the sequence of the log batch \
         that caused the row, and `seq i32`, its place within the batch. A *keyed* table shows the newest row of each \
         key; a *summed* one adds all its rows up; rows of the others never change.\n\nA sketch is `Struct<added: Int32, \
         cells: List<Struct<s: Int32, n: Int32>>>`: `n` durations of `s` seconds, ascending. Up to 64 durations `s` is \
         exact; with more `added`, `s` is the lowest of a cell less than 0.8 % wide, of which the middle is reported.\n",
    );
    for definition in &DEFINITIONS {
        let key: Vec<&str> = definition.key_names().collect();
        let sort = match (key.is_empty(), definition.is_summed) {
            (true, _) => "append".to_owned(),
            (false, false) => format!("keyed ({})", key.join(", ")),
            (false, true) => format!("summed ({})", key.join(", ")),
        };
        let kept = definition.keep_days.map(|days| format!(" · kept for {days} days")).unwrap_or_default();
        let head = format!("\n## `{}`\n{sort}{kept} · {}\n\n", definition.table.name(), definition.comment);
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
