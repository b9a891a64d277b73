//! Stored: how are numbers, lists and our own types put into a section and taken out of it?
//!
//! [`Stored`] is implemented for the plain things here; a type of ours gets it by [`layout!`], which is the list of its
//! fields in the order they stand in. A field that the list forgets does not compile, so that no part of the state can be
//! left out by accident.
//!
//! - **Not here**: which types there are ([`super::layouts`]).

use std::collections::{BTreeMap, VecDeque};

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::Ident,
    time::{Span, Timestamp},
    token::Token,
};

use crate::{
    slab::Slab,
    timers::Armed,
    wire::bytes::{Put, Take},
};

/// What can be put into a section and taken out of it.
pub(super) trait Stored: Sized {
    /// Puts it down.
    fn put(&self, put: &mut Put<'_>);
    /// Takes it up again; `None` if the bytes cannot be one.
    fn take(take: &mut Take<'_>) -> Option<Self>;
}

/// Types whose fields stand in this order.
macro_rules! layout {
    ($($name:ty { $($field:ident),+ $(,)? })+) => { $(
        impl $crate::checkpoint::stored::Stored for $name {
            fn put(&self, put: &mut $crate::wire::bytes::Put<'_>) {
                let Self { $($field),+ } = self;
                $($crate::checkpoint::stored::Stored::put($field, put);)+
            }

            fn take(take: &mut $crate::wire::bytes::Take<'_>) -> Option<Self> {
                Some(Self { $($field: $crate::checkpoint::stored::Stored::take(take)?),+ })
            }
        }
    )+ };
}

/// Closed lists whose members stand by these numbers.
macro_rules! numbered {
    ($($name:ty { $($variant:ident = $number:literal),+ $(,)? })+) => { $(
        impl $crate::checkpoint::stored::Stored for $name {
            fn put(&self, put: &mut $crate::wire::bytes::Put<'_>) {
                put.u8(match self { $(Self::$variant => $number),+ });
            }

            fn take(take: &mut $crate::wire::bytes::Take<'_>) -> Option<Self> {
                match take.u8()? {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    )+ };
}

/// Closed lists that know the place of their members.
macro_rules! indexed {
    ($($name:ty),+ $(,)?) => { $(
        impl $crate::checkpoint::stored::Stored for $name {
            fn put(&self, put: &mut $crate::wire::bytes::Put<'_>) {
                put.u8(self.index());
            }

            fn take(take: &mut $crate::wire::bytes::Take<'_>) -> Option<Self> {
                Self::from_index(take.u8()?)
            }
        }
    )+ };
}

/// Types of one field.
macro_rules! wrapped {
    ($($name:ident),+ $(,)?) => { $(
        impl $crate::checkpoint::stored::Stored for $name {
            fn put(&self, put: &mut $crate::wire::bytes::Put<'_>) {
                self.0.put(put);
            }

            fn take(take: &mut $crate::wire::bytes::Take<'_>) -> Option<Self> {
                $crate::checkpoint::stored::Stored::take(take).map(Self)
            }
        }
    )+ };
}

pub(super) use {indexed, layout, numbered, wrapped};

impl Stored for bool {
    fn put(&self, put: &mut Put<'_>) {
        put.flag(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.flag()
    }
}

impl Stored for u8 {
    fn put(&self, put: &mut Put<'_>) {
        put.u8(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.u8()
    }
}

impl Stored for u32 {
    fn put(&self, put: &mut Put<'_>) {
        put.u32(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.u32()
    }
}

impl Stored for u64 {
    fn put(&self, put: &mut Put<'_>) {
        put.u64(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.u64()
    }
}

impl Stored for u128 {
    fn put(&self, put: &mut Put<'_>) {
        put.raw(&self.to_le_bytes());
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.array().map(Self::from_le_bytes)
    }
}

impl Stored for Timestamp {
    fn put(&self, put: &mut Put<'_>) {
        put.time(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.time()
    }
}

impl Stored for i64 {
    fn put(&self, put: &mut Put<'_>) {
        put.raw(&self.to_le_bytes());
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.array().map(Self::from_le_bytes)
    }
}

impl Stored for Span {
    fn put(&self, put: &mut Put<'_>) {
        self.micros().put(put);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        i64::take(take).map(Self::from_micros)
    }
}

impl Stored for Decimal {
    fn put(&self, put: &mut Put<'_>) {
        put.decimal(*self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.decimal()
    }
}

impl Stored for Text {
    fn put(&self, put: &mut Put<'_>) {
        put.text(self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.text()
    }
}

/// The gaps of four weeks.
impl Stored for [i64; 4] {
    fn put(&self, put: &mut Put<'_>) {
        self.iter().for_each(|number| number.put(put));
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some([i64::take(take)?, i64::take(take)?, i64::take(take)?, i64::take(take)?])
    }
}

impl<const N: usize> Stored for [u8; N] {
    fn put(&self, put: &mut Put<'_>) {
        put.raw(self);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.array()
    }
}

wrapped!(Token);

impl Stored for Ident {
    fn put(&self, put: &mut Put<'_>) {
        let Self { id, ns } = self;
        put.text(id);
        put.text(ns);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(Self { id: take.text()?, ns: take.text()? })
    }
}

/// A handle is not written: its owner is armed again.
impl Stored for Armed {
    fn put(&self, _: &mut Put<'_>) {}

    fn take(_: &mut Take<'_>) -> Option<Self> {
        Some(Self::PENDING)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, put: &mut Put<'_>) {
        put.option(self.as_ref(), |put, thing| thing.put(put));
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.option(T::take)
    }
}

impl<T: Stored> Stored for Box<T> {
    fn put(&self, put: &mut Put<'_>) {
        (**self).put(put);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        T::take(take).map(Self::new)
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn put(&self, put: &mut Put<'_>) {
        put.list(self, |put, thing| thing.put(put));
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        take.list(usize::MAX, T::take)
    }
}

impl<T: Stored> Stored for VecDeque<T> {
    fn put(&self, put: &mut Put<'_>) {
        put.count(self.len());
        self.iter().for_each(|thing| thing.put(put));
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Vec::take(take).map(Self::from)
    }
}

/// In order of keys; bytes in another order, or with a key twice, are none.
impl<K: Stored + Ord, V: Stored> Stored for BTreeMap<K, V> {
    fn put(&self, put: &mut Put<'_>) {
        put.count(self.len());
        for (key, thing) in self {
            key.put(put);
            thing.put(put);
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let pairs: Vec<(K, V)> = Vec::take(take)?;
        let is_in_order = pairs.iter().zip(pairs.iter().skip(1)).all(|(one, next)| one.0 < next.0);
        is_in_order.then(|| pairs.into_iter().collect())
    }
}

/// Places and free list; a place is empty exactly if it is in the list, once.
impl<T: Stored + Clone> Stored for Slab<T> {
    fn put(&self, put: &mut Put<'_>) {
        let (len, free) = self.given();
        put.count(len);
        self.places().for_each(|place| place.put(put));
        put.list(free, |put, place| put.u32(*place));
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let places: Vec<Option<T>> = Vec::take(take)?;
        let free: Vec<u32> = Vec::take(take)?;
        let mut listed = free.clone();
        listed.sort_unstable();
        let empty = (0_u32..).zip(&places).filter(|(_, place)| place.is_none()).map(|(place, _)| place);
        listed.into_iter().eq(empty).then(|| Self::restore(places, free))
    }
}

macro_rules! tuples {
    ($(($($name:ident: $place:tt),+))+) => { $(
        impl<$($name: Stored),+> Stored for ($($name,)+) {
            fn put(&self, put: &mut Put<'_>) {
                $(self.$place.put(put);)+
            }

            fn take(take: &mut Take<'_>) -> Option<Self> {
                Some(($($name::take(take)?,)+))
            }
        }
    )+ };
}

tuples! {
    (A: 0, B: 1)
    (A: 0, B: 1, C: 2)
}
