//! Codes: by which number does an analyst look up an error?
//!
//! WL15xx. Each has a page in `docs/errors/`, a state of SQL and a status of HTTP.

use core::fmt;

/// Declares the codes with SQLSTATE, HTTP status and the line that stands for each.
macro_rules! codes {
    ($($name:ident = $number:literal, $state:literal, $status:literal, $title:literal;)+) => {
        /// A code of this crate.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// All codes, ascending.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its text form, such as `WL1503`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $number,)+ }
            }

            /// Its SQLSTATE.
            #[must_use]
            pub const fn sqlstate(self) -> &'static str {
                match self { $(Self::$name => $state,)+ }
            }

            /// Its HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it says, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    Syntax = "WL1501", "42601", 400, "the statement cannot be read";
    Plan = "WL1502", "42703", 400, "the statement names something that is not there, or does not fit";
    Refused = "WL1503", "42501", 400, "a statement that is not answered here";
    Login = "WL1505", "28P01", 401, "no valid key or password";
    Behind = "WL1506", "57P03", 503, "no snapshot to answer from yet";
    Pinned = "WL1507", "25P02", 410, "a transaction that kept its snapshot for too long";
    Role = "WL1509", "42501", 403, "a role that may not ask";
    Time = "WL1510", "57014", 408, "the statement took too long";
    Rows = "WL1511", "54000", 413, "the answer is too large";
    Memory = "WL1512", "53200", 413, "the statement needs too much memory";
    Busy = "WL1513", "53300", 429, "too many statements at once";
    Parameter = "WL1514", "22023", 400, "a parameter that does not fit";
    Failed = "WL1515", "XX000", 500, "the statement failed";
    Audit = "WL1516", "58030", 503, "the audit cannot be written";
    Plain = "WL1517", "28000", 403, "a session that is not encrypted";
    Duration = "WL1520", "22003", 422, "a duration below zero";
    Sketch = "WL1521", "22023", 422, "what was given is no sketch";
    Range = "WL1522", "22003", 422, "a share or a count out of its range";
    Width = "WL1523", "22023", 422, "a bucket without a width";
    Zone = "WL1524", "22023", 422, "a zone that is not known";
    Calendar = "WL1525", "22023", 422, "a calendar that the ward does not have";
    NoOpening = "WL1526", "22008", 422, "a calendar that does not open";
    Interval = "WL1527", "0A000", 400, "durations compared with an interval";
    Series = "WL1528", "54000", 413, "a series of too many rows";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
