//! Contents: what of the things that were taken goes into one record, and how does each get its own back?
//!
//! - **Not here**: taking ([`inbox`](super::inbox)), writing ([`log`](super::log)).

use core::ops::Range;

use wardline_core::Input;

use super::inbox::Waiting;

/// Inputs, the letters among them, and where the inputs of each thing taken stand.
pub(super) type Contents = (Vec<Input>, Vec<(u32, Vec<u8>)>, Vec<Range<usize>>);

/// Takes inputs and letters out of what was taken; what is left waits for its receipt.
pub(super) fn contents(taken: &mut [Waiting]) -> Contents {
    let (mut inputs, mut letters, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for waiting in taken {
        let begin = inputs.len();
        if let Waiting::Parcel { parcel, .. } = waiting {
            let first = u32::try_from(begin).unwrap_or(u32::MAX);
            inputs.append(&mut parcel.inputs);
            letters.extend(parcel.letters.drain(..).map(|(input, bytes)| (first.saturating_add(input), bytes)));
        }
        places.push(begin..inputs.len());
    }
    (inputs, letters, places)
}

/// Undoes [`contents`].
pub(super) fn put_back(
    taken: &mut [Waiting],
    mut inputs: Vec<Input>,
    mut letters: Vec<(u32, Vec<u8>)>,
    places: &[Range<usize>],
) {
    for (waiting, place) in taken.iter_mut().zip(places).rev() {
        if let Waiting::Parcel { parcel, .. } = waiting {
            let first = u32::try_from(place.start).unwrap_or(u32::MAX);
            let own = letters.partition_point(|(input, _)| *input < first);
            parcel.inputs = inputs.split_off(place.start);
            let own = letters.split_off(own).into_iter();
            parcel.letters = own.map(|(input, bytes)| (input.saturating_sub(first), bytes)).collect();
        }
    }
}
