//! Slab: where does a thing live that others name by a small number?
//!
//! Places of removed things are used again, last freed first; the order is part of the state, so that a restored partition
//! gives out the same places as one that never stopped.
//!
//! Places lie in pages. [`Slab::share`] hands all of them out at once, as they are, to whoever reads them meanwhile; a page is
//! copied at its first change after that, and only if it is still read.
//!
//! A slab that is [watched](Slab::watch) keeps each thing as it was before its first change since [`Slab::forget_before`],
//! so that rows can say what changed. That is no state: it is neither written nor restored.

use std::{collections::BTreeMap, sync::Arc};

/// Places of a page. A change of a shared page copies all of them: few enough that no step feels it, and enough that a
/// million places are shared in milliseconds.
const PAGE: usize = 16;

/// The places of one page.
type Places<T> = [Option<T>; PAGE];

/// A page: ours alone, or shared since the last time that somebody asked for all.
#[derive(Clone, Debug)]
struct Page<T> {
    own: Option<Box<Places<T>>>,
    #[expect(clippy::redundant_allocation, reason = "a page is shared and taken back without moving what is in it")]
    shared: Option<Arc<Box<Places<T>>>>,
}

impl<T: Clone> Page<T> {
    fn new() -> Self {
        Self { own: Some(Box::new(core::array::from_fn(|_| None))), shared: None }
    }

    fn places(&self) -> &[Option<T>] {
        let own = self.own.as_deref().map(<[Option<T>; PAGE]>::as_slice);
        own.or_else(|| self.shared.as_deref().map(|shared| shared.as_slice())).unwrap_or_default()
    }

    /// The places to be changed: taken back if nobody reads them any more, else copied.
    fn places_mut(&mut self) -> &mut [Option<T>] {
        if let Some(shared) = self.shared.take() {
            self.own = Some(Arc::try_unwrap(shared).unwrap_or_else(|read| Box::clone(&read)));
        }
        self.own.as_deref_mut().map(<[Option<T>; PAGE]>::as_mut_slice).unwrap_or_default()
    }

    /// The same page for somebody else.
    fn share(&mut self) -> Self {
        if let Some(own) = self.own.take() {
            self.shared = Some(Arc::new(own));
        }
        Self { own: None, shared: self.shared.clone() }
    }
}

/// Things by place.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    pages: Vec<Page<T>>,
    /// Places in use or free; the rest of the last page was never given out.
    len: usize,
    free: Vec<u32>,
    /// What was there before its first change; `None` if nobody asks.
    before: Option<BTreeMap<u32, Option<T>>>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0, free: Vec::new(), before: None }
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

    /// What lived at a place before its first change, if it did.
    pub(crate) fn before_of(&self, place: u32) -> Option<&T> {
        self.before.as_ref()?.get(&place)?.as_ref()
    }

    /// Whether anybody asks what was there before.
    pub(crate) const fn is_watched(&self) -> bool {
        self.before.is_some()
    }

    /// What lies at these places will be read differently, though it does not change.
    pub(crate) fn touch(&mut self, places: &[u32]) {
        places.iter().for_each(|place| self.keep(*place));
    }

    fn keep(&mut self, place: u32) {
        let found = || self.pages.get(place as usize / PAGE)?.places().get(place as usize % PAGE)?.clone();
        if let Some(before) = &mut self.before
            && !before.contains_key(&place)
        {
            before.insert(place, found());
        }
    }

    fn place_mut(&mut self, place: u32) -> Option<&mut Option<T>> {
        self.pages.get_mut(place as usize / PAGE)?.places_mut().get_mut(place as usize % PAGE)
    }

    /// All that is in it now, for somebody who reads it while this one goes on.
    ///
    /// - **Cost**: a few nanoseconds for each page; later a copy of each page that is changed while it is read.
    pub(crate) fn share(&mut self) -> Self {
        let pages = self.pages.iter_mut().map(Page::share).collect();
        Self { pages, len: self.len, free: self.free.clone(), before: None }
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
        let place = self.free.pop().unwrap_or_else(|| {
            if self.len.is_multiple_of(PAGE) {
                self.pages.push(Page::new());
            }
            self.len += 1;
            u32::try_from(self.len - 1).unwrap_or(u32::MAX)
        });
        if let Some(found) = self.place_mut(place) {
            *found = Some(thing);
        }
        place
    }

    /// What lives at a place.
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.pages.get(place as usize / PAGE)?.places().get(place as usize % PAGE)?.as_ref()
    }

    /// What lives at a place, to be changed.
    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.keep(place);
        self.place_mut(place)?.as_mut()
    }

    /// Lifts a thing out for a while; its place stays taken until [`Self::put`] or [`Self::remove`].
    pub(crate) fn take(&mut self, place: u32) -> Option<T> {
        self.keep(place);
        self.place_mut(place)?.take()
    }

    /// Puts a thing back that was taken.
    pub(crate) fn put(&mut self, place: u32, thing: T) {
        if let Some(found) = self.place_mut(place) {
            *found = Some(thing);
        }
    }

    /// Takes a thing out for good and frees its place.
    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let thing = self.place_mut(place)?.take();
        self.free.push(place);
        thing
    }

    /// All things with their places, in order of place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0_u32..).zip(self.places()).filter_map(|(place, thing)| thing.as_ref().map(|thing| (place, thing)))
    }

    /// All things with their places, in order of place, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        let places = self.pages.iter_mut().flat_map(|page| page.places_mut().iter_mut());
        (0_u32..).zip(places).filter_map(|(place, thing)| thing.as_mut().map(|thing| (place, thing)))
    }

    /// How many things live in it.
    pub(crate) fn len(&self) -> usize {
        self.len - self.free.len()
    }

    /// Every place that was ever given out, in order, for a checkpoint.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Option<T>> {
        self.pages.iter().flat_map(Page::places).take(self.len)
    }

    /// How many places [`Self::places`] has, and the free ones among them in the order in which they were freed.
    pub(crate) fn given(&self) -> (usize, &[u32]) {
        (self.len, &self.free)
    }

    /// A slab of these parts.
    pub(crate) fn restore(places: Vec<Option<T>>, free: Vec<u32>) -> Self {
        let len = places.len();
        let mut places = places.into_iter();
        let mut pages = Vec::with_capacity(len.div_ceil(PAGE));
        while places.len() > 0 {
            let page = Box::new(core::array::from_fn(|_| places.next().flatten()));
            pages.push(Page { own: Some(page), shared: None });
        }
        Self { pages, len, free, before: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(slab: &Slab<String>) -> Vec<Option<String>> {
        slab.places().cloned().collect()
    }

    #[test]
    fn who_reads_a_shared_slab_sees_it_as_it_was() {
        // A plain list beside it, through changes before, between and after two readers.
        let mut slab = Slab::default();
        let mut plain: Vec<Option<String>> = Vec::new();
        let mut readers: Vec<(Slab<String>, Vec<Option<String>>)> = Vec::new();
        for turn in 0..400_u32 {
            let thing = format!("thing {turn}");
            match turn % 7 {
                0..=3 => {
                    let place = slab.insert(thing.clone()) as usize;
                    plain.resize(plain.len().max(place + 1), None);
                    plain[place] = Some(thing);
                }
                4 => {
                    let place = turn * 13 % u32::try_from(plain.len()).unwrap();
                    if plain[place as usize].is_some() {
                        let gone = plain[place as usize].take();
                        assert_eq!(slab.remove(place), gone);
                    }
                }
                5 => {
                    let place = turn * 31 % u32::try_from(plain.len()).unwrap();
                    if let Some(known) = slab.get_mut(place) {
                        known.push('!');
                        plain[place as usize].as_mut().unwrap().push('!');
                    }
                }
                _ => {
                    let place = turn * 17 % u32::try_from(plain.len()).unwrap();
                    if let Some(lifted) = slab.take(place) {
                        slab.put(place, lifted + "?");
                        plain[place as usize].as_mut().unwrap().push('?');
                    }
                }
            }
            if turn % 90 == 50 {
                readers.push((slab.share(), plain.clone()));
            }
            if turn == 300 {
                readers.remove(0);
            }
            assert_eq!(places(&slab), plain);
        }
        assert_eq!(readers.len(), 3);
        for (reader, was) in &readers {
            assert_eq!(places(reader), *was);
        }
    }

    #[test]
    fn what_nobody_reads_any_more_is_taken_back_and_not_copied() {
        let mut slab = Slab::default();
        let place = slab.insert(Box::new(7_u64));
        let address = |slab: &Slab<Box<u64>>| core::ptr::from_ref(&**slab.get(place).unwrap());
        let before = address(&slab);
        drop(slab.share());
        **slab.get_mut(place).unwrap() += 1;
        assert_eq!(address(&slab), before);
        let reader = slab.share();
        **slab.get_mut(place).unwrap() += 1;
        assert!(address(&slab) != before, "copied: somebody reads it");
        assert_eq!((reader.get(place).map(|thing| **thing), slab.get(place).map(|thing| **thing)), (Some(8), Some(9)));
    }
}
