//! Holidays: which days does a holiday file close, and how far does it know?
//!
//! ```toml
//! name = "US federal"
//! first = 2026-01-01
//! last = 2026-12-31
//! days = [{ actual = 2026-07-04, observed = 2026-07-03, name = "Independence Day" }]
//! ```
//! - **How it fits**: calendars ask for the dates of a file by the name that a `holidays` clause gave it.
//! - **Not here**: computing holidays; a file says what the hospital decided.

use toml::Value;
use wardline_rules::time::Date;

use crate::source::SourceFile;

/// A holiday file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holidays {
    pub(super) last: Date,
    pub(super) days: Vec<Holiday>,
}

/// One holiday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holiday {
    pub(super) actual: Date,
    pub(super) observed: Date,
    pub(super) name: String,
}

/// Reads a holiday file; what is wrong with it in words.
pub(super) fn read(file: &SourceFile) -> Result<Holidays, String> {
    let table: toml::Table = file.text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let first = date(&table, "first")?;
    let last = date(&table, "last")?;
    if last < first {
        return Err("last is before first".to_owned());
    }
    let days = table.get("days").and_then(Value::as_array).ok_or("days is missing")?;
    let days = days.iter().map(|day| holiday(day, (first, last))).collect::<Result<_, _>>()?;
    Ok(Holidays { last, days })
}

fn holiday(value: &Value, (first, last): (Date, Date)) -> Result<Holiday, String> {
    let table = value.as_table().ok_or("each of days is a table")?;
    let actual = date(table, "actual")?;
    let observed = if table.contains_key("observed") { date(table, "observed")? } else { actual };
    // What lies outside is no day of this file: better said than dropped [CAL-4].
    for day in [actual, observed] {
        if day < first || day > last {
            return Err(format!("{day} lies outside first to last"));
        }
    }
    let name = table.get("name").and_then(Value::as_str).unwrap_or("holiday").to_owned();
    Ok(Holiday { actual, observed, name })
}

/// A date as TOML writes it, or as text.
fn date(table: &toml::Table, key: &str) -> Result<Date, String> {
    let value = table.get(key).ok_or_else(|| format!("{key} is missing"))?;
    let text = match value.as_datetime() {
        Some(date) => date.to_string(),
        None => value.as_str().unwrap_or("").to_owned(),
    };
    parse(&text).ok_or_else(|| format!("{key} is no date"))
}

fn parse(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holidays(text: &str) -> Result<Holidays, String> {
        read(&SourceFile::new("h.toml", text))
    }

    #[test]
    fn observed_is_the_day_itself_unless_written() {
        // [CAL-4]
        let text = "name = \"US\"\nfirst = 2026-01-01\nlast = 2026-12-31\ndays = [\n{ actual = 2026-07-04, observed = 2026-07-03, name = \"Independence Day\" },\n{ actual = \"2026-12-25\", name = \"Christmas\" },\n]";
        let read = holidays(text).unwrap();
        assert_eq!(read.last, Date::new(2026, 12, 31).unwrap());
        assert_eq!(read.days[0].observed, Date::new(2026, 7, 3).unwrap());
        assert_eq!(read.days[1].observed, read.days[1].actual);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(holidays("first = 2026-01-01\nlast = 2026-12-31"), Err("days is missing".to_owned()));
        assert_eq!(
            holidays("first = 2026-01-01\nlast = 2025-12-31\ndays = []"),
            Err("last is before first".to_owned())
        );
        assert_eq!(
            holidays("first = 2026-01-01\nlast = 2026-12-31\ndays = [{ actual = 2027-01-01 }]"),
            Err("2027-01-01 lies outside first to last".to_owned())
        );
        // [CAL-4] An observed day before `first` would close nothing.
        let new_year = "first = 2028-01-01\nlast = 2028-12-31\ndays = [{ actual = 2028-01-01, observed = 2027-12-31 }]";
        assert_eq!(holidays(new_year), Err("2027-12-31 lies outside first to last".to_owned()));
        assert!(holidays("first = ").is_err());
    }
}
