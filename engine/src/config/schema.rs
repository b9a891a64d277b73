//! Schema: which keys exist, for people, editors and the check of the files themselves?
//!
//! - **How it fits**: `wardline schema` prints them; [`shape`](super::shape) refuses what they do not know.

use serde_json::Value;

/// The JSON Schema of `wardline.toml`, as published.
pub const WARDLINE: &str = include_str!("wardline.schema.json");
/// The JSON Schema of `site.toml`, as published.
pub const SITE: &str = include_str!("site.schema.json");

/// That of `wardline.toml`, parsed.
#[must_use]
pub fn wardline() -> Value {
    serde_json::from_str(WARDLINE).unwrap_or_default()
}

/// That of `site.toml`, parsed.
#[must_use]
pub fn site() -> Value {
    serde_json::from_str(SITE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_are_json_with_keys() {
        assert!(wardline().pointer("/properties/feed/items/oneOf").is_some());
        assert!(site().pointer("/properties/critical/items/properties/below").is_some());
    }
}
