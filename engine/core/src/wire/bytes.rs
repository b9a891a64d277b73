//! Bytes: how are numbers, texts, options and lists put down and taken up again?
//!
//! - **Not here**: what they mean.

use wardline_rules::{
    Text,
    decimal::Decimal,
    time::{EventTime, Repair, Timestamp, ZoneOrigin},
};

/// Puts things down, one after another.
pub(crate) struct Put<'a>(pub(crate) &'a mut Vec<u8>);

impl Put<'_> {
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) fn flag(&mut self, is: bool) {
        self.u8(u8::from(is));
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.raw(&number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    pub(crate) fn count(&mut self, count: usize) {
        // INVARIANT: lists are bounded far below 2^32 by `limits`.
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn time(&mut self, at: Timestamp) {
        self.raw(&at.micros().to_le_bytes());
    }

    pub(crate) fn event_time(&mut self, time: &EventTime) {
        self.time(time.lo);
        self.time(time.hi);
        self.u8(match time.origin {
            ZoneOrigin::Field => 0,
            ZoneOrigin::Message => 1,
            ZoneOrigin::Source => 2,
            ZoneOrigin::Site => 3,
            ZoneOrigin::None => 4,
        });
        self.u8(match time.repair {
            Repair::None => 0,
            Repair::Ambiguous => 1,
            Repair::Gap => 2,
            Repair::Truncated => 3,
            Repair::Offset => 4,
        });
    }

    pub(crate) fn decimal(&mut self, number: Decimal) {
        self.raw(&number.mantissa().to_le_bytes());
        self.u8(number.scale());
    }

    pub(crate) fn option<T: ?Sized>(&mut self, option: Option<&T>, put: impl FnOnce(&mut Self, &T)) {
        self.flag(option.is_some());
        if let Some(value) = option {
            put(self, value);
        }
    }

    pub(crate) fn list<T>(&mut self, list: &[T], mut put: impl FnMut(&mut Self, &T)) {
        self.count(list.len());
        list.iter().for_each(|item| put(self, item));
    }

    /// Puts what `put` writes, with its length in front.
    pub(crate) fn sized(&mut self, put: impl FnOnce(&mut Put<'_>)) {
        let start = self.0.len();
        self.u32(0);
        put(&mut Put(self.0));
        let length = u32::try_from(self.0.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// Takes things up again in the same order; `None` once anything is impossible.
pub(crate) struct Take<'a> {
    rest: &'a [u8],
    whole: usize,
}

impl<'a> Take<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, whole: bytes.len() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes were taken.
    pub(crate) const fn place(&self) -> usize {
        self.whole - self.rest.len()
    }

    pub(crate) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, length: usize) -> Option<()> {
        self.slice(length).map(|_| ())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count that is at most `max`, and for which there could be bytes.
    pub(crate) fn count(&mut self, max: usize) -> Option<usize> {
        let count = usize::try_from(self.u32()?).ok()?;
        (count <= max && count <= self.rest.len().max(1)).then_some(count)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.slice(length as usize)
    }

    pub(crate) fn str(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn text(&mut self) -> Option<Text> {
        self.str().map(Text::from)
    }

    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        self.array().map(|bytes| Timestamp::from_micros(i64::from_le_bytes(bytes)))
    }

    pub(crate) fn event_time(&mut self) -> Option<EventTime> {
        let (lo, hi) = (self.time()?, self.time()?);
        let origin = match self.u8()? {
            0 => ZoneOrigin::Field,
            1 => ZoneOrigin::Message,
            2 => ZoneOrigin::Source,
            3 => ZoneOrigin::Site,
            4 => ZoneOrigin::None,
            _ => return None,
        };
        let repair = match self.u8()? {
            0 => Repair::None,
            1 => Repair::Ambiguous,
            2 => Repair::Gap,
            3 => Repair::Truncated,
            4 => Repair::Offset,
            _ => return None,
        };
        Some(EventTime { lo, hi, origin, repair })
    }

    pub(crate) fn decimal(&mut self) -> Option<Decimal> {
        let mantissa = i128::from_le_bytes(self.array()?);
        Decimal::new(mantissa, self.u8()?)
    }

    /// `Some(None)` for an absent option.
    #[expect(clippy::option_option, reason = "the outer one says whether the bytes could be read")]
    pub(crate) fn option<T>(&mut self, take: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { take(self).map(Some) } else { Some(None) }
    }

    pub(crate) fn list<T>(&mut self, max: usize, mut take: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count(max)?;
        let mut list = Vec::with_capacity(count.min(4_096));
        for _ in 0..count {
            list.push(take(self)?);
        }
        Some(list)
    }
}
