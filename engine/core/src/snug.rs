//! Snug: how does a list grow that nearly always holds one thing or two?
//!
//! A list of the standard library begins with room for four. A report has one clock, one result, one clinician, and there are
//! a million reports: room for one, then two, four, seven took a tenth off the memory of a replay of TATmark, and with the
//! pages that need not be cleared a tenth off its processor time.
//!
//! - **Not here**: lists that are used again and again; those may keep their room.

/// Room for half as many again, and for one more.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(1 + list.len() / 2);
    }
}

/// Puts a thing at the end.
pub(crate) fn push<T>(list: &mut Vec<T>, thing: T) {
    make_room(list);
    list.push(thing);
}

/// Puts a thing before that at `place`, which is at most the list's length.
pub(crate) fn insert<T>(list: &mut Vec<T>, place: usize, thing: T) {
    make_room(list);
    list.insert(place, thing);
}

#[cfg(test)]
mod tests {
    #[test]
    fn room_is_made_for_little_more_than_there_is() {
        let mut list = Vec::new();
        let rooms: Vec<usize> = (0..8)
            .map(|thing| {
                super::insert(&mut list, 0, thing);
                list.capacity()
            })
            .collect();
        assert_eq!(rooms, [1, 2, 4, 4, 7, 7, 7, 11]);
        super::push(&mut list, 8);
        assert_eq!(list, [7, 6, 5, 4, 3, 2, 1, 0, 8]);
    }
}
