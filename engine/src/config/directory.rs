//! Directory: at which address is somebody reached, on this channel, at this time?
//!
//! ```text
//! role_or_token,authority,id,channel,address,licence,from,until
//! Operations,,,secure message,ops-desk,,,
//! ,NPI,1234567893,phone,+1 555 0100,MD,2026-01-01T00:00:00Z,
//! ```
//! A row names a person or desk of the ward, a token `pr_…`, or an authority and an id, from which the token is made.
//! The newest row that is in force wins.
//!
//! - **How it fits**: the dispatcher asks for each attempt; the file is read again when it changes.
//! - LIMIT: `DIRECTORY_ROWS_MAX`; more rows refuse the file.
//! - **Not here**: addresses that a ward writes itself with `reach`; those come first [WHO-5].

use std::{collections::BTreeMap, path::Path, sync::Arc};

use wardline_core::output::Party;
use wardline_rules::{
    Text,
    time::Timestamp,
    token::{Token, TokenKind},
    words::Channel,
};

use super::{
    finding::{ConfigFile, Finding, Findings},
    read::read_text,
};
use crate::{codes::Code, limits::DIRECTORY_ROWS_MAX};

/// The columns, in order.
pub const COLUMNS: [&str; 8] = ["role_or_token", "authority", "id", "channel", "address", "licence", "from", "until"];

/// Everybody's addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directory {
    entries: BTreeMap<(Who, Channel), Vec<Entry>>,
}

/// Whom a row is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Token(Token),
    Name(Text),
}

/// One address and when it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Where.
    pub address: Text,
    /// The licence of that person; empty if none.
    pub licence: Text,
    /// From when on.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub until: Timestamp,
}

/// Makes the token of an authority's id.
pub type Tokenise<'a> = &'a dyn Fn(&str, &str) -> Token;

impl Directory {
    /// Reads `directory.csv`; without such a file nobody has an address.
    ///
    /// # Errors
    /// Every row that cannot be read, with its line.
    pub fn load(path: &Path, tokenise: Tokenise<'_>) -> Result<Self, Findings> {
        if !path.exists() {
            return Ok(Self::default());
        }
        Self::of_text(&path.display().to_string(), &read_text(path)?, tokenise)
    }

    /// Reads the text of a directory.
    ///
    /// # Errors
    /// Every row that cannot be read, with its line.
    pub fn of_text(name: &str, text: &str, tokenise: Tokenise<'_>) -> Result<Self, Findings> {
        let file = ConfigFile { name: Arc::from(name), text: Arc::from(text) };
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        check_columns(&file, &mut reader)?;
        let mut findings = Findings::default();
        let mut directory = Self::default();
        for (count, record) in reader.records().enumerate() {
            if count >= DIRECTORY_ROWS_MAX {
                let headline = format!("more than {DIRECTORY_ROWS_MAX} rows");
                findings.push(Finding::of_file(
                    Code::DirectoryRow,
                    name,
                    headline,
                    "Leave out those whose `until` has passed.",
                ));
                break;
            }
            match record.map_err(|_| "a row without all columns".to_owned()).and_then(|row| read_row(&row, tokenise)) {
                Ok((who, channel, entry)) => directory.entries.entry((who, channel)).or_default().push(entry),
                Err(headline) => findings.push(row_finding(&file, count, headline)),
            }
        }
        findings.or(directory)
    }

    /// The address of `party` on `channel` at `at`: the newest entry in force.
    #[must_use]
    pub fn address(&self, party: &Party, channel: Channel, at: Timestamp) -> Option<&Entry> {
        let who = match party {
            Party::Token(token) => Who::Token(*token),
            Party::Person(name) | Party::Desk(name) => Who::Name(name.clone()),
        };
        let entries = self.entries.get(&(who, channel))?;
        entries.iter().filter(|entry| entry.from <= at && at < entry.until).max_by_key(|entry| entry.from)
    }

    /// How many people, desks and channels have an address.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Names of people and desks that have an address in the `directory.csv` of the installation a ward belongs to, each once.
///
/// Looked for in the ward's folder and the two above it. A file that cannot be read names nobody: `doctor` says why.
#[must_use]
pub fn names_beside(ward: &Path) -> Vec<String> {
    let path = ward.ancestors().take(3).map(|folder| folder.join("directory.csv")).find(|path| path.is_file());
    let Some(text) = path.and_then(|path| read_text(&path).ok()) else { return Vec::new() };
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let rows = reader.records().take(DIRECTORY_ROWS_MAX).flatten();
    let names: std::collections::BTreeSet<String> = rows
        .filter_map(|row| {
            row.get(0)
                .filter(|name| !name.is_empty() && Token::parse(TokenKind::Person, name).is_none())
                .map(str::to_owned)
        })
        .collect();
    names.into_iter().collect()
}

fn check_columns(file: &ConfigFile, reader: &mut csv::Reader<&[u8]>) -> Result<(), Finding> {
    let headers = reader.headers().map(|row| row.iter().map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    if headers == COLUMNS {
        return Ok(());
    }
    let help = format!("The first line must be `{}`.", COLUMNS.join(","));
    Err(Finding::at(Code::DirectoryRow, file, 0..file.text.lines().next().map_or(0, str::len), "unknown columns", help))
}

/// A row's line is not shown: it holds a person's address.
fn row_finding(file: &ConfigFile, row: usize, headline: String) -> Finding {
    let mut finding =
        Finding::of_file(Code::DirectoryRow, &file.name, headline, "Each row has eight fields; empty ones count.");
    let rows = file.text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let line = rows.map(|(index, _)| index).nth(row.saturating_add(1)).unwrap_or(0);
    finding.line = u32::try_from(line).unwrap_or(u32::MAX - 1).saturating_add(1);
    finding
}

fn read_row(row: &csv::StringRecord, tokenise: Tokenise<'_>) -> Result<(Who, Channel, Entry), String> {
    let field = |index: usize| row.get(index).unwrap_or("");
    let who = match (field(0), field(1), field(2)) {
        ("", authority, id) if !authority.is_empty() && !id.is_empty() => Who::Token(tokenise(authority, id)),
        ("", ..) => return Err("neither a name nor an authority with an id".to_owned()),
        (text, ..) if text.starts_with(TokenKind::Person.prefix()) => {
            Who::Token(Token::parse(TokenKind::Person, text).ok_or("a token that is none")?)
        }
        (name, ..) => Who::Name(Text::from(name)),
    };
    let channel = Channel::from_word(&field(3).replace('_', " ")).ok_or(format!("unknown channel `{}`", field(3)))?;
    if field(4).is_empty() {
        return Err("an empty address".to_owned());
    }
    let time = |index: usize, open: Timestamp| match field(index) {
        "" => Ok(open),
        text => Timestamp::parse(text).ok_or(format!("`{text}` is no time")),
    };
    let (from, until) = (time(6, Timestamp::MIN)?, time(7, Timestamp::MAX)?);
    Ok((who, channel, Entry { address: Text::from(field(4)), licence: Text::from(field(5)), from, until }))
}
