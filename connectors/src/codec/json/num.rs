//! Num: which number was measured?
//!
//! - **Source**: domain page [EVT-5], decision 12.

use wardline_rules::decimal::Decimal;

use super::{scan::Scan, wire::Read};

/// A decimal, written as a number or as a text.
#[derive(Clone, Copy)]
pub(super) struct Num {
    pub(super) number: Decimal,
    /// It is the nearest that is kept to what was written.
    pub(super) is_rounded: bool,
}

impl Num {
    pub(super) fn nearest(text: &str) -> Option<Self> {
        Decimal::nearest(text).map(|(number, is_rounded)| Self { number, is_rounded })
    }
}

impl<'t> Read<'t> for Num {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        // The digits as they stand, so that no binary float comes between [EVT-5].
        let digits = if scan.peek()? == b'"' { scan.string()? } else { scan.number()? };
        Self::nearest(digits)
    }
}
