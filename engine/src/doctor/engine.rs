//! Engine: what does the running engine say of its parts?

use serde_json::Value;

use super::Check;

/// One check for each part of `GET /health`; one that says that nothing could be asked, without an engine.
pub(super) fn examine(health: Option<Value>) -> Vec<Check> {
    const NAME: &str = "running engine";
    let Some(health) = health else {
        return vec![Check::wrong(44, NAME, "no engine answers", "Start it with `wardline run`.")];
    };
    let Some(parts) = health["parts"].as_array() else {
        return vec![Check::wrong(44, NAME, "it tells no details without a key", "Name one with `--key-file`.")];
    };
    let word = |part: &Value, name: &str| part[name].as_str().unwrap_or_default().to_owned();
    let ailing = parts.iter().filter(|part| part["state"] != "ok");
    let found: Vec<Check> = ailing
        .map(|part| {
            let cause = format!("{}: {}", word(part, "part"), word(part, "reason"));
            Check::wrong(44, NAME, cause, word(part, "remedy"))
        })
        .collect();
    if found.is_empty() { vec![Check::fine(44, NAME)] } else { found }
}
