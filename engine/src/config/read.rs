//! Read: how does a file of the installation become text, TOML and typed keys?

use std::{fs, io::Read as _, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::DeTable;

use super::{
    finding::{ConfigFile, Finding, Findings},
    shape::Shape,
};
use crate::{codes::Code, limits::CONFIG_BYTES_MAX};

/// The whole text of a file.
///
/// # Errors
/// [`Code::FileUnreadable`], also when it is longer than `CONFIG_BYTES_MAX` or not UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String, Finding> {
    let name = path.display().to_string();
    let refuse = |cause: String| {
        let headline = format!("cannot read `{name}`: {cause}");
        Finding::of_file(Code::FileUnreadable, "", headline, "`wardline new DIR` makes a folder with all the files.")
    };
    let file = fs::File::open(path).map_err(|cause| refuse(cause.to_string()))?;
    let mut bytes = Vec::new();
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|cause| refuse(cause.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > CONFIG_BYTES_MAX) {
        return Err(refuse(format!("it is longer than {CONFIG_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".to_owned()))
}

/// Reads typed keys from TOML text, after every key was found in `schema`.
///
/// # Errors
/// [`Code::NotToml`], [`Code::UnknownKey`], [`Code::MissingKey`], [`Code::WrongValue`].
pub(super) fn parse<T: DeserializeOwned>(name: &str, text: &str, schema: &Value) -> Result<(ConfigFile, T), Findings> {
    let file = ConfigFile { name: Arc::from(name), text: Arc::from(text) };
    let table = DeTable::parse(text).map_err(|error| not_toml(&file, &error))?;
    Shape::check(schema, &file, table.get_ref()).or(())?;
    let typed = toml::from_str::<T>(text).map_err(|error| wrong_value(&file, &error))?;
    Ok((file, typed))
}

fn not_toml(file: &ConfigFile, error: &toml::de::Error) -> Finding {
    let message = format!("not TOML: {}", error.message().lines().next().unwrap_or(""));
    Finding::at(
        Code::NotToml,
        file,
        error.span().unwrap_or(0..0),
        message,
        "Strings stand in quotes; a list of tables begins with `[[name]]`.",
    )
}

/// The words of serde, with Rust's names for types replaced by those of TOML.
fn wrong_value(file: &ConfigFile, error: &toml::de::Error) -> Finding {
    let message = error.message();
    let is_missing = message.starts_with("missing field");
    let code = if is_missing { Code::MissingKey } else { Code::WrongValue };
    let headline =
        message.replace("missing field", "missing key").replace("sequence", "list").replace("invalid type: ", "");
    let help = if is_missing {
        "Add it; `wardline schema` lists every key."
    } else {
        "`wardline schema` says what each key takes."
    };
    match error.span() {
        Some(span) if span.start > 0 => Finding::at(code, file, span, headline, help),
        Some(_) | None => Finding::of_file(code, &file.name, headline, help),
    }
}
