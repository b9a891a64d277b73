//! Sketches: are quantiles as near as promised, and do sketches add up in any order?

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, Int32Array, ListArray, StructArray},
    buffer::OffsetBuffer,
    datatypes::DataType,
};

use super::steps::next;
use crate::sketch::{Gather, LIST_MAX, LONGEST_S, Malformed, Sketch, Sketches, cell, column, data_type, width};

/// Compares quantiles with those of the sorted list: inside the bounds, within one in a hundred, exact where it says so.
pub(super) fn check(sketch: &Sketch, sorted: &[i64]) {
    assert_eq!(sketch.count(), i64::try_from(sorted.len()).unwrap());
    for millionths in [0, 1, 10_000, 250_000, 500_000, 900_000, 950_000, 990_000, 999_999, 1_000_000] {
        let rank = (sorted.len() as u64 * u64::from(millionths)).div_ceil(1_000_000).max(1);
        let Some(exact) = sorted.get(usize::try_from(rank).unwrap() - 1).copied() else {
            assert_eq!(sketch.quantile(millionths), None);
            continue;
        };
        let (from, to) = sketch.quantile_within(millionths).unwrap();
        assert!(i64::from(from) <= exact && exact <= i64::from(to), "{exact} is not in {from}..={to}");
        let told = i64::from(sketch.quantile(millionths).unwrap());
        // What took longer than the longest shares its cell, unless it is listed.
        let shown = if sketch.is_exact() { exact } else { exact.min(i64::from(LONGEST_S)) };
        assert!((told - shown).abs() * 100 <= shown, "{told} for {exact}");
        assert!(!sketch.is_exact() || told == exact);
    }
}

fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let state = std::cell::Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    move |sides| next(&state) % sides
}

/// Durations as they come: most within hours, a tail of days, and a few beyond the last cell.
fn duration(roll: &mut impl FnMut(u64) -> u64) -> i32 {
    let most = [300, 3_600, 14_400, 86_400, 3_000_000, 5_000_000];
    let most = most[usize::try_from(roll(6).min(roll(6))).unwrap()];
    i32::try_from(roll(most)).unwrap()
}

#[test]
fn a_cell_holds_what_shares_its_eight_leading_bits() {
    let mut s = 0;
    let mut cells = 0;
    while s <= LONGEST_S {
        cells += 1;
        assert!((s..s + width(s)).all(|one| cell(one) == s || one > LONGEST_S), "cell {s}");
        // [1.2] Less than 0.8 % wide, and its middle within 0.4 %.
        assert!(s < 256 || width(s) * 1_000 < s * 8);
        s += width(s);
    }
    assert_eq!(cells, 2_003);
    assert_eq!(cell(i32::MAX), cell(LONGEST_S));
}

#[test]
fn quantiles_are_within_one_in_a_hundred_whatever_was_added_and_taken_back() {
    for seed in 1..=300 {
        let mut roll = dice(seed);
        let (mut sketch, mut plain) = (Sketch::default(), Vec::new());
        for _ in 0..[5, 64, 65, 400, 3_000][usize::try_from(seed % 5).unwrap()] {
            if roll(5) == 0 && !plain.is_empty() {
                let place = usize::try_from(roll(plain.len() as u64)).unwrap();
                sketch.merge(&Sketch::less(plain.swap_remove(place)));
            } else {
                let s = duration(&mut roll);
                plain.push(s);
                sketch.merge(&Sketch::of(s));
            }
        }
        let mut sorted: Vec<i64> = plain.iter().map(|s| i64::from(*s)).collect();
        sorted.sort_unstable();
        check(&sketch, &sorted);
    }
}

#[test]
fn sketches_add_up_in_any_order_and_grouping() {
    for seed in 1..=200 {
        let mut roll = dice(seed);
        let parts: Vec<Sketch> = (0..3)
            .map(|_| {
                let mut part = Sketch::default();
                for _ in 0..roll(60) {
                    let s = duration(&mut roll);
                    part.merge(&if roll(3) == 0 { Sketch::less(s) } else { Sketch::of(s) });
                }
                part
            })
            .collect();
        let all = |order: [usize; 3]| {
            let mut sum = Sketch::default();
            order.iter().for_each(|place| sum.merge(&parts[*place]));
            sum
        };
        let mut grouped = parts[1].clone();
        grouped.merge(&parts[2]);
        grouped.merge(&parts[0]);
        let sum = all([0, 1, 2]);
        assert_eq!(sum, all([2, 0, 1]));
        assert_eq!(sum, all([1, 0, 2]));
        assert_eq!(sum, grouped);
        let mut same = sum.clone();
        same.merge(&Sketch::default());
        assert_eq!(same, sum);
        assert!(sum.is_exact() == (sum.added() <= LIST_MAX));
        let arrow = column([Some(&parts[0]), None, Some(&sum)].into_iter());
        let read = Sketches::of(&arrow).unwrap();
        let get = |row| read.get(row).unwrap();
        assert_eq!((get(0).as_ref(), get(1), get(2), get(3)), (Some(&parts[0]), None, Some(sum.clone()), None));
        // Gathered from columns, or one by one, in any order, it is the same.
        let mut gather = Gather::default();
        let arrow = column([2, 0, 1].into_iter().map(|place| Some(&parts[place])));
        let read = Sketches::of(&arrow).unwrap();
        assert!((0..3).all(|row| read.gather(row, &mut gather) == Ok(true)));
        assert_eq!(gather.finish(), sum);
        let mut gather = Gather::default();
        parts.iter().for_each(|part| gather.merge(part));
        assert_eq!(gather.finish(), sum);
    }
}

#[test]
fn many_durations_that_are_gathered_make_the_sketch_of_them_all() {
    let mut roll = dice(7);
    let (mut gather, mut sketch) = (Gather::default(), Sketch::default());
    for _ in 0..20_000 {
        let s = duration(&mut roll);
        gather.add(s);
        sketch.merge(&Sketch::of(s));
    }
    assert!(gather.bytes() < 200_000, "cells are joined on the way");
    assert_eq!(gather.finish(), sketch);
}

#[test]
fn a_column_that_holds_no_sketch_is_refused_and_not_counted() {
    let of = |added: i32, durations: Vec<i32>, counts: Vec<i32>| -> ArrayRef {
        let sound = column([Some(&Sketch::of(1))].into_iter());
        let DataType::Struct(fields) = data_type() else { panic!("a struct") };
        let list = sound.as_struct().column(1).as_list::<i32>().clone();
        let DataType::List(item) = list.data_type().clone() else { panic!("a list") };
        let DataType::Struct(cells) = item.data_type().clone() else { panic!("a struct") };
        let lengths = OffsetBuffer::from_lengths([durations.len()]);
        let values = StructArray::new(
            cells,
            vec![Arc::new(Int32Array::from(durations)), Arc::new(Int32Array::from(counts))],
            None,
        );
        let list = ListArray::new(item, lengths, Arc::new(values), None);
        Arc::new(StructArray::new(fields, vec![Arc::new(Int32Array::from(vec![added])), Arc::new(list)], None))
    };
    let sound = of(2, vec![7, 9], vec![1, 1]);
    assert!(Sketches::of(&sound).unwrap().get(0).is_ok());
    let wrong = [
        of(2, vec![9, 7], vec![1, 1]),
        of(2, vec![7, 7], vec![1, 1]),
        of(2, vec![7, 9], vec![1, 0]),
        of(2, vec![-1, 9], vec![1, 1]),
        of(-1, vec![7], vec![1]),
        of(70, vec![301], vec![70]),
    ];
    for column in wrong {
        let mut gather = Gather::default();
        assert_eq!(Sketches::of(&column).unwrap().gather(0, &mut gather), Err(Malformed), "{column:?}");
        assert_eq!(gather.finish(), Sketch::default());
    }
    let other: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    assert!(Sketches::of(&other).is_none());
}
