//! Written: which digits of a time are there?
//!
//! The two text forms, RFC 3339 with its prefixes and HL7 DTM, become the same civil fields. Nothing is guessed but the
//! two salvages of [TIM-5]: a second cut to one digit, and an offset that makes no sense.
//!
//! - **Not here**: zones.

use wardline_rules::time::{HOUR, MINUTE, SECOND};

/// How much was written [TIM-1].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    /// `2026`
    Year,
    /// `2026-01`
    Month,
    /// `2026-01-14`
    Day,
    /// `2026-01-14T09`
    Hour,
    /// `2026-01-14T09:14`
    Minute,
    /// `2026-01-14T09:14:03`
    Second,
    /// With that many digits after the point.
    Fraction(u8),
}

/// The offset that was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offset {
    /// None.
    Absent,
    /// Minutes, east positive.
    Minutes(i32),
    /// One that cannot be read.
    Unreadable,
}

/// A civil time as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// First day it may mean, since 1970-01-01.
    pub days: i32,
    /// Microseconds after midnight.
    pub micros_of_day: i64,
    /// How much was written.
    pub precision: Precision,
    /// The offset.
    pub offset: Offset,
    /// Whether a cut second was dropped.
    pub is_truncated: bool,
    year: i32,
    month: u8,
}

impl Written {
    /// Reads RFC 3339, or a prefix of it that ends after any part; `None` for anything else.
    #[must_use]
    pub fn rfc3339(text: &str) -> Option<Self> {
        let mut scan = Scan { rest: text.as_bytes() };
        let year = scan.digits(4)?;
        if scan.rest.is_empty() {
            return Self::date(year, None, None);
        }
        let month = scan.after(b'-')?.digits(2)?;
        if scan.rest.is_empty() {
            return Self::date(year, Some(month), None);
        }
        let day = scan.after(b'-')?.digits(2)?;
        let date = Self::date(year, Some(month), Some(day))?;
        if scan.rest.is_empty() {
            return Some(date);
        }
        scan.after_any(b"Tt ")?;
        let time = scan.clock(Some(b':'))?;
        let offset = scan.rfc3339_offset()?;
        scan.rest.is_empty().then(|| date.at(time, offset)).flatten()
    }

    /// Reads an HL7 DTM, with the two salvages; `None` for anything else.
    #[must_use]
    pub fn dtm(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let sign = bytes.iter().position(|byte| matches!(byte, b'+' | b'-'));
        let (stamp, offset) = bytes.split_at(sign.unwrap_or(bytes.len()));
        let mut scan = Scan { rest: stamp.trim_ascii() };
        let offset = dtm_offset(offset);
        let year = scan.digits(4)?;
        if scan.rest.is_empty() {
            return Self::date(year, None, None).map(|date| Self { offset, ..date });
        }
        let month = scan.digits(2)?;
        if scan.rest.is_empty() {
            return Self::date(year, Some(month), None).map(|date| Self { offset, ..date });
        }
        let day = scan.digits(2)?;
        let date = Self::date(year, Some(month), Some(day))?;
        if scan.rest.is_empty() {
            return Some(Self { offset, ..date });
        }
        // Thirteen digits: the second lost its last one on the way.
        let cut = stamp.trim_ascii().len() == 13 && scan.rest.iter().all(u8::is_ascii_digit);
        if cut {
            scan.rest = scan.rest.get(..4)?;
        }
        let time = scan.clock(None)?;
        let written = scan.rest.is_empty().then(|| date.at(time, offset)).flatten()?;
        Some(Self { is_truncated: cut, ..written })
    }

    fn date(year: u32, month: Option<u32>, day: Option<u32>) -> Option<Self> {
        let precision = match (month, day) {
            (None, _) => Precision::Year,
            (Some(_), None) => Precision::Month,
            (Some(_), Some(_)) => Precision::Day,
        };
        let (year, month) = (i32::try_from(year).ok()?, u8::try_from(month.unwrap_or(1)).ok()?);
        let day = u8::try_from(day.unwrap_or(1)).ok()?;
        let exists = (1..=12).contains(&month) && day >= 1 && day <= month_length(year, month);
        exists.then(|| Self {
            days: days(year, month, day),
            micros_of_day: 0,
            precision,
            offset: Offset::Absent,
            is_truncated: false,
            year,
            month,
        })
    }

    fn at(self, clock: Clock, offset: Offset) -> Option<Self> {
        if clock.hour > 23 || clock.minute > 59 || clock.second > 60 {
            return None;
        }
        // A leap second is the last second of its minute [TIM-4].
        let second = i64::from(clock.second.min(59)) * SECOND + clock.micros;
        let micros_of_day = i64::from(clock.hour) * HOUR + i64::from(clock.minute) * MINUTE + second;
        Some(Self { micros_of_day, precision: clock.precision, offset, ..self })
    }

    /// [TIM-6]: on some sources midnight exactly means that only the date is known.
    pub(super) fn take_midnight_for_a_date(&mut self) {
        let has_clock = !matches!(self.precision, Precision::Year | Precision::Month | Precision::Day);
        if has_clock && self.micros_of_day == 0 {
            self.precision = Precision::Day;
        }
    }

    /// The first day after what was written, if that is a date, a month or a year.
    #[must_use]
    pub fn next_period(&self) -> i32 {
        match self.precision {
            Precision::Year => days(self.year + 1, 1, 1),
            Precision::Month if self.month == 12 => days(self.year + 1, 1, 1),
            Precision::Month => days(self.year, self.month + 1, 1),
            Precision::Day | Precision::Hour | Precision::Minute | Precision::Second | Precision::Fraction(_) => {
                self.days + 1
            }
        }
    }
}

struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    micros: i64,
    precision: Precision,
}

struct Scan<'t> {
    rest: &'t [u8],
}

impl Scan<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let mut number = 0;
        for byte in digits {
            number = number * 10 + u32::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        }
        self.rest = rest;
        Some(number)
    }

    fn after(&mut self, byte: u8) -> Option<&mut Self> {
        self.after_any(&[byte])
    }

    fn after_any(&mut self, bytes: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = bytes.contains(first).then_some(rest)?;
        Some(self)
    }

    /// `HH`, `HH:MM`, `HH:MM:SS` or more; without the colons if `colon` is `None`.
    fn clock(&mut self, colon: Option<u8>) -> Option<Clock> {
        let mut clock = Clock { hour: self.digits(2)?, minute: 0, second: 0, micros: 0, precision: Precision::Hour };
        if !self.goes_on(colon) {
            return Some(clock);
        }
        clock.minute = self.digits(2)?;
        clock.precision = Precision::Minute;
        if !self.goes_on(colon) {
            return Some(clock);
        }
        clock.second = self.digits(2)?;
        clock.precision = Precision::Second;
        if self.rest.first() == Some(&b'.') {
            self.rest = self.rest.get(1..)?;
            let (micros, digits) = self.fraction()?;
            (clock.micros, clock.precision) = (micros, Precision::Fraction(digits));
        }
        Some(clock)
    }

    fn goes_on(&mut self, colon: Option<u8>) -> bool {
        match (colon, self.rest.split_first()) {
            (Some(colon), Some((first, rest))) if *first == colon => {
                self.rest = rest;
                true
            }
            (None, Some((first, _))) => first.is_ascii_digit(),
            (Some(_), Some(_)) | (_, None) => false,
        }
    }

    /// Digits after the point; those beyond the microsecond are read and dropped.
    fn fraction(&mut self) -> Option<(i64, u8)> {
        let (mut micros, mut count) = (0_i64, 0_u8);
        while let Some((digit, rest)) = self.rest.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
            if count < 6 {
                micros = micros * 10 + i64::from(digit - b'0');
            }
            count = count.checked_add(1).filter(|count| *count <= 9)?;
            self.rest = rest;
        }
        let missing = 6_u32.saturating_sub(u32::from(count));
        (count > 0).then(|| (micros * 10_i64.pow(missing), count))
    }

    fn rfc3339_offset(&mut self) -> Option<Offset> {
        let sign = match self.rest.first() {
            None => return Some(Offset::Absent),
            Some(b'Z' | b'z') => {
                self.rest = self.rest.get(1..)?;
                return Some(Offset::Minutes(0));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.rest = self.rest.get(1..)?;
        let hours = self.digits(2)?;
        let minutes = self.after(b':')?.digits(2)?;
        minutes_of(sign, hours, minutes).map(Offset::Minutes)
    }
}

fn dtm_offset(text: &[u8]) -> Offset {
    let Some((sign, digits)) = text.split_first() else { return Offset::Absent };
    let sign = if *sign == b'-' { -1 } else { 1 };
    let mut scan = Scan { rest: digits.trim_ascii() };
    let read = if scan.rest.len() == 4 { scan.digits(2).zip(scan.digits(2)) } else { None };
    let minutes = read.and_then(|(hours, minutes)| minutes_of(sign, hours, minutes));
    minutes.map_or(Offset::Unreadable, Offset::Minutes)
}

/// The widest offset in use is fourteen hours; beyond it nothing makes sense.
fn minutes_of(sign: i32, hours: u32, minutes: u32) -> Option<i32> {
    let total = i32::try_from(hours * 60 + minutes).ok()?;
    (minutes < 60 && total <= 14 * 60).then_some(sign * total)
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn month_length(year: i32, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to the first of January of `year`; for years 0 to 10,000.
pub(super) const fn days_before_year(year: i64) -> i64 {
    const LEAP_DAYS_BEFORE_1970: i64 = 477;
    let last = year - 1;
    let leap_days = last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400);
    (year - 1970) * 365 + leap_days - LEAP_DAYS_BEFORE_1970
}

fn days(year: i32, month: u8, day: u8) -> i32 {
    const BEFORE: [i32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::from(month) - 1).copied().unwrap_or(0);
    let leap = i32::from(month > 2 && is_leap(year));
    // INVARIANT: four digits of a year stay far below the range of 32 bits.
    let start = i32::try_from(days_before_year(i64::from(year))).unwrap_or(0);
    start + before + leap + i32::from(day) - 1
}
