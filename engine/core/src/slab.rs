//! Slab: where does a thing live that others name by a small number?
//!
//! Places of removed things are used again, last freed first; the order is part of the state, so that a restored partition
//! gives out the same places as one that never stopped.
//!
//! A slab that is [watched](Slab::watch) keeps each thing as it was before its first change since [`Slab::forget_before`],
//! so that rows can say what changed. That is no state: it is neither written nor restored.

use std::collections::BTreeMap;

/// Things by place.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
    /// What was there before its first change; `None` if nobody asks.
    before: Option<BTreeMap<u32, Option<T>>>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), before: None }
    }
}

impl<T: Clone> Slab<T> {
    /// From now on keeps what was there before a change.
    pub(crate) fn watch(&mut self) {
        self.before = Some(BTreeMap::new());
    }

    /// Forgets what was there before: what is now is the new before.
    pub(crate) fn forget_before(&mut self) {
        if let Some(before) = &mut self.before {
            before.clear();
        }
    }

    /// Places that may have changed, in order, with what was there before; `None` where there was nothing.
    pub(crate) fn before(&self) -> impl Iterator<Item = (u32, Option<&T>)> {
        self.before.iter().flatten().map(|(place, thing)| (*place, thing.as_ref()))
    }

    fn keep(&mut self, place: u32) {
        if let Some(before) = &mut self.before
            && !before.contains_key(&place)
        {
            before.insert(place, self.places.get(place as usize).cloned().flatten());
        }
    }

    /// Puts a thing in and tells its place.
    pub(crate) fn insert(&mut self, thing: T) -> u32 {
        let place = self.put_in(thing);
        if let Some(before) = &mut self.before {
            // Whatever lived here before is another thing.
            before.insert(place, None);
        }
        place
    }

    fn put_in(&mut self, thing: T) -> u32 {
        if let Some(place) = self.free.pop()
            && let Some(found) = self.places.get_mut(place as usize)
        {
            *found = Some(thing);
            return place;
        }
        self.places.push(Some(thing));
        u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
    }

    /// What lives at a place.
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.places.get(place as usize).and_then(Option::as_ref)
    }

    /// What lives at a place, to be changed.
    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.keep(place);
        self.places.get_mut(place as usize).and_then(Option::as_mut)
    }

    /// Lifts a thing out for a while; its place stays taken until [`Self::put`] or [`Self::remove`].
    pub(crate) fn take(&mut self, place: u32) -> Option<T> {
        self.keep(place);
        self.places.get_mut(place as usize).and_then(Option::take)
    }

    /// Puts a thing back that was taken.
    pub(crate) fn put(&mut self, place: u32, thing: T) {
        if let Some(found) = self.places.get_mut(place as usize) {
            *found = Some(thing);
        }
    }

    /// Takes a thing out for good and frees its place.
    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let found = self.places.get_mut(place as usize)?;
        let thing = found.take();
        self.free.push(place);
        thing
    }

    /// All things with their places, in order of place.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &T)> {
        (0_u32..u32::try_from(self.places.len()).unwrap_or(u32::MAX))
            .zip(&self.places)
            .filter_map(|(place, thing)| thing.as_ref().map(|thing| (place, thing)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// All things with their places, in order of place, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        (0_u32..).zip(&mut self.places).filter_map(|(place, thing)| thing.as_mut().map(|thing| (place, thing)))
    }

    /// How many things live in it.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Places and free list, for a checkpoint.
    pub(crate) fn parts(&self) -> (&[Option<T>], &[u32]) {
        (&self.places, &self.free)
    }

    /// A slab of these parts.
    pub(crate) const fn restore(places: Vec<Option<T>>, free: Vec<u32>) -> Self {
        Self { places, free, before: None }
    }
}
