//! Map: how are small keys looked up fast, without any order that could leak?
//!
//! [`FastMap`] is a hash map that cannot be walked. Whatever is found in it was asked for by key, so no hash order
//! ever reaches an output. Where order matters, a `BTreeMap` or a sorted list is used instead.
//!
//! - **Not here**: iteration, on purpose.

use core::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;

#[expect(clippy::disallowed_types, reason = "the one place that wraps it so that it cannot be walked")]
type Inner<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A hash map with a fixed seed and without iteration.
#[derive(Clone)]
pub struct FastMap<K, V> {
    inner: Inner<K, V>,
}

impl<K, V> core::fmt::Debug for FastMap<K, V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FastMap({} entries)", self.inner.len())
    }
}

impl<K, V> Default for FastMap<K, V> {
    fn default() -> Self {
        Self { inner: Inner::with_hasher(FixedState::with_seed(0x5741_5244_4c49_4e45)) }
    }
}

impl<K: Eq + Hash, V> FastMap<K, V> {
    /// The value under `key`, if there is one.
    pub fn get<Q: ?Sized + Eq + Hash>(&self, key: &Q) -> Option<&V>
    where
        K: core::borrow::Borrow<Q>,
    {
        self.inner.get(key)
    }

    /// The value under `key`, to be changed.
    pub fn get_mut<Q: ?Sized + Eq + Hash>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: core::borrow::Borrow<Q>,
    {
        self.inner.get_mut(key)
    }

    /// The value under `key`, made by `make` if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.inner.entry(key).or_insert_with(make)
    }

    /// Puts `value` under `key`; what stood there before comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.inner.insert(key, value)
    }

    /// Takes the value under `key` out.
    pub fn remove<Q: ?Sized + Eq + Hash>(&mut self, key: &Q) -> Option<V>
    where
        K: core::borrow::Borrow<Q>,
    {
        self.inner.remove(key)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Drops all entries and keeps the room.
    pub fn clear(&mut self) {
        self.inner.clear();
    }

    /// Makes room for `more` entries, so that later inserts do not allocate.
    pub fn reserve(&mut self, more: usize) {
        self.inner.reserve(more);
    }
}

/// A 64-bit hash of `value` with the fixed seed of this crate: equal on every machine.
#[must_use]
pub fn hash64(value: &impl Hash) -> u64 {
    FixedState::with_seed(0x5741_5244_4c49_4e45).hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_taken_out() {
        let mut map = FastMap::default();
        assert_eq!(map.insert(7_u32, "a"), None);
        assert_eq!(map.insert(7, "b"), Some("a"));
        assert_eq!(map.get(&7), Some(&"b"));
        assert_eq!(*map.get_or_insert_with(8, || "c"), "c");
        assert_eq!(map.remove(&7), Some("b"));
        assert_eq!((map.len(), map.is_empty()), (1, false));
    }
}
