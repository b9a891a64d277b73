//! Copy: how do the rows of an answer become the bytes of `COPY … TO STDOUT`?
//!
//! Binary, text and CSV as PostgreSQL writes them. A row is what a query would send, its fields framed otherwise.
//!
//! - **Source**: analytics page 5.2.
//! - **Not here**: which statement it is ([`super::command`]).

use datafusion::sql::sqlparser::ast::{CopyLegacyCsvOption, CopyLegacyOption, CopyOption};
use pgwire::{api::portal::Format, messages::data::DataRow};

use crate::{codes::Code, error::Error};

/// Signature, flags and length of the extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// After the last row.
const TRAILER: &[u8; 2] = b"\xff\xff";

/// A form of rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// As the Postgres wire sends values in binary.
    Binary,
    /// Fields between delimiters, what is special behind a backslash.
    Text { delimiter: u8, null: String },
    /// RFC 4180.
    Csv { delimiter: u8, quote: u8, null: String, has_header: bool },
}

/// What was said about the form.
#[derive(Default)]
struct Said {
    format: Option<String>,
    delimiter: Option<char>,
    quote: Option<char>,
    null: Option<String>,
    has_header: bool,
}

impl Form {
    /// The form that options ask for.
    ///
    /// # Errors
    /// WL1503 for an option that is not taken.
    pub(crate) fn of(options: &[CopyOption], legacy: &[CopyLegacyOption]) -> Result<Self, Error> {
        let refused = |what: &str| Error::new(Code::Refused, format!("COPY with `{what}` is not answered"));
        let mut said = Said::default();
        for option in options {
            match option {
                CopyOption::Format(name) => said.format = Some(name.value.to_ascii_lowercase()),
                CopyOption::Delimiter(letter) => said.delimiter = Some(*letter),
                CopyOption::Quote(letter) => said.quote = Some(*letter),
                CopyOption::Null(text) => said.null = Some(text.clone()),
                CopyOption::Header(is_on) => said.has_header = *is_on,
                CopyOption::Encoding(name)
                    if name.eq_ignore_ascii_case("utf8") || name.eq_ignore_ascii_case("utf-8") => {}
                other => return Err(refused(&other.to_string())),
            }
        }
        for option in legacy {
            match option {
                CopyLegacyOption::Binary => said.format = Some("binary".to_owned()),
                CopyLegacyOption::Delimiter(letter) => said.delimiter = Some(*letter),
                CopyLegacyOption::Null(text) => said.null = Some(text.clone()),
                CopyLegacyOption::Csv(options) => {
                    said.format = Some("csv".to_owned());
                    for option in options {
                        match option {
                            CopyLegacyCsvOption::Header => said.has_header = true,
                            CopyLegacyCsvOption::Quote(letter) => said.quote = Some(*letter),
                            other => return Err(refused(&other.to_string())),
                        }
                    }
                }
                other => return Err(refused(&other.to_string())),
            }
        }
        said.form().ok_or_else(|| refused("these options"))
    }

    /// In which form values are asked for.
    pub(crate) const fn of_values(&self) -> Format {
        match self {
            Self::Binary => Format::UnifiedBinary,
            Self::Text { .. } | Self::Csv { .. } => Format::UnifiedText,
        }
    }

    /// 1 for binary, 0 for text, as the wire says it.
    pub(crate) const fn code(&self) -> i8 {
        match self {
            Self::Binary => 1,
            Self::Text { .. } | Self::Csv { .. } => 0,
        }
    }

    /// What comes before the first row, in one message with it.
    pub(crate) const fn head(&self) -> &'static [u8] {
        match self {
            Self::Binary => HEADER,
            Self::Text { .. } | Self::Csv { .. } => b"",
        }
    }

    /// What comes after the last row.
    pub(crate) const fn tail(&self) -> &'static [u8] {
        match self {
            Self::Binary => TRAILER,
            Self::Text { .. } | Self::Csv { .. } => b"",
        }
    }

    /// The line with the names of the columns, if one is asked for.
    pub(crate) fn names<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
        let Self::Csv { has_header: true, .. } = self else { return None };
        let fields: Vec<Option<&[u8]>> = names.map(|name| Some(name.as_bytes())).collect();
        let mut line = Vec::new();
        self.line(&fields, &mut line);
        Some(line)
    }

    /// Adds one row.
    ///
    /// # Errors
    /// WL1515 for a row that is not whole.
    pub(crate) fn row(&self, row: &DataRow, into: &mut Vec<u8>) -> Result<(), Error> {
        if *self == Self::Binary {
            into.extend_from_slice(&row.field_count.to_be_bytes());
            into.extend_from_slice(&row.data);
            return Ok(());
        }
        let fields = fields(&row.data).ok_or_else(|| Error::new(Code::Failed, "a row that is not whole"))?;
        self.line(&fields, into);
        Ok(())
    }

    fn line(&self, fields: &[Option<&[u8]>], into: &mut Vec<u8>) {
        for (place, field) in fields.iter().enumerate() {
            match self {
                Self::Binary => {}
                Self::Text { delimiter, null } => {
                    if place > 0 {
                        into.push(*delimiter);
                    }
                    match field {
                        None => into.extend_from_slice(null.as_bytes()),
                        Some(bytes) => bytes.iter().for_each(|byte| escape(*byte, *delimiter, into)),
                    }
                }
                Self::Csv { delimiter, quote, null, .. } => {
                    if place > 0 {
                        into.push(*delimiter);
                    }
                    match field {
                        None => into.extend_from_slice(null.as_bytes()),
                        Some(bytes) => quoted(bytes, (*delimiter, *quote, null.as_bytes()), into),
                    }
                }
            }
        }
        into.push(b'\n');
    }
}

impl Said {
    fn form(self) -> Option<Form> {
        let byte = |letter: Option<char>, default: u8| match letter {
            None => Some(default),
            Some(letter) => {
                u8::try_from(letter).ok().filter(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'\\'))
            }
        };
        match self.format.as_deref().unwrap_or("text") {
            "binary" if self.delimiter.is_none() && self.null.is_none() && !self.has_header => Some(Form::Binary),
            "text" if self.quote.is_none() && !self.has_header => {
                let null = self.null.unwrap_or_else(|| "\\N".to_owned());
                Some(Form::Text { delimiter: byte(self.delimiter, b'\t')?, null })
            }
            "csv" => {
                let (delimiter, quote) = (byte(self.delimiter, b',')?, byte(self.quote, b'"')?);
                let null = self.null.unwrap_or_default();
                (delimiter != quote).then_some(Form::Csv { delimiter, quote, null, has_header: self.has_header })
            }
            _ => None,
        }
    }
}

/// The fields of a row as the wire frames them: a length, or -1 for NULL, and so many bytes.
fn fields(mut rest: &[u8]) -> Option<Vec<Option<&[u8]>>> {
    let mut fields = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        if length < 0 {
            fields.push(None);
            rest = after;
            continue;
        }
        let (field, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        fields.push(Some(field));
        rest = after;
    }
    rest.is_empty().then_some(fields)
}

fn escape(byte: u8, delimiter: u8, into: &mut Vec<u8>) {
    match byte {
        b'\n' => into.extend_from_slice(b"\\n"),
        b'\r' => into.extend_from_slice(b"\\r"),
        b'\t' => into.extend_from_slice(b"\\t"),
        b'\\' => into.extend_from_slice(b"\\\\"),
        _ if byte == delimiter => into.extend_from_slice(&[b'\\', byte]),
        _ => into.push(byte),
    }
}

fn quoted(bytes: &[u8], (delimiter, quote, null): (u8, u8, &[u8]), into: &mut Vec<u8>) {
    let is_special = |byte: &u8| *byte == delimiter || *byte == quote || matches!(byte, b'\n' | b'\r');
    // An empty text that is not NULL, and one that reads as the end of the data.
    if bytes != null && bytes != b"\\." && !bytes.iter().any(is_special) {
        into.extend_from_slice(bytes);
        return;
    }
    into.push(quote);
    for byte in bytes {
        if *byte == quote {
            into.push(quote);
        }
        into.push(*byte);
    }
    into.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[Option<&str>]) -> DataRow {
        let mut data = Vec::new();
        for field in fields {
            let length = field.map_or(-1, |text| i32::try_from(text.len()).unwrap());
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(field.unwrap_or_default().as_bytes());
        }
        DataRow::new(data.as_slice().into(), i16::try_from(fields.len()).unwrap())
    }

    fn line(form: &Form, fields: &[Option<&str>]) -> String {
        let mut line = Vec::new();
        form.row(&row(fields), &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn text_keeps_what_is_special_behind_a_backslash() {
        let form = Form::of(&[], &[]).unwrap();
        let fields = [Some("a\tb"), None, Some(""), Some("c\\d\ne")];
        assert_eq!(line(&form, &fields), "a\\tb\t\\N\t\tc\\\\d\\ne\n");
    }

    #[test]
    fn csv_quotes_what_must_be_and_an_empty_text_that_is_not_null() {
        let form = Form::of(&[CopyOption::Format("csv".into()), CopyOption::Header(true)], &[]).unwrap();
        assert_eq!(
            line(&form, &[Some("a,b"), None, Some(""), Some("c\"d"), Some("e")]),
            "\"a,b\",,\"\",\"c\"\"d\",e\n"
        );
        assert_eq!(form.names(["n", "x,y"].into_iter()).unwrap(), b"n,\"x,y\"\n");
    }

    #[test]
    fn binary_is_what_the_wire_sends_behind_a_count() {
        let form = Form::of(&[CopyOption::Format("BINARY".into())], &[]).unwrap();
        let mut bytes = form.head().to_vec();
        form.row(&row(&[Some("x"), None]), &mut bytes).unwrap();
        bytes.extend_from_slice(form.tail());
        let expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x01x\xff\xff\xff\xff\xff\xff";
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_option_that_is_not_known_is_refused() {
        assert!(Form::of(&[CopyOption::Freeze(true)], &[]).is_err());
        assert!(Form::of(&[CopyOption::Delimiter('é')], &[]).is_err());
        assert!(Form::of(&[CopyOption::Format("parquet".into())], &[]).is_err());
    }
}
