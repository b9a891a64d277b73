//! Draw, tested: do the shapes have the moments their definitions give?

use super::*;
use crate::random::Domain;

const N: u32 = 200_000;

fn stream() -> Stream {
    Stream::new(11, Domain::Life, 0)
}

#[test]
fn exponential_has_mean_and_deviation_alike() {
    let mut stream = stream();
    let (mut sum, mut square) = (0.0, 0.0);
    for _ in 0..N {
        let x = exponential(&mut stream, 60.0);
        sum += x;
        square += x * x;
    }
    let mean = sum / f64::from(N);
    // Four standard errors of the mean: 4 × 60 ÷ √200,000 = 0.54; E[x²] = 2 × 60² with deviation √20 × 60².
    assert!((mean - 60.0).abs() < 0.54, "{mean}");
    assert!((square / f64::from(N) - 7200.0).abs() < 144.0, "{square}");
}

/// [GEN-4]
#[test]
fn lognormal_has_its_median_and_its_ninetieth_percentile() {
    let shape = LogNormal::new(28.0, 42.0);
    let mut stream = stream();
    let mut drawn: Vec<f64> = (0..N).map(|_| shape.minutes(&mut stream)).collect();
    drawn.sort_by(f64::total_cmp);
    assert!((drawn[100_000] - 28.0).abs() < 0.15, "median {}", drawn[100_000]);
    assert!((drawn[180_000] - 42.0).abs() < 0.30, "p90 {}", drawn[180_000]);
    assert!(kolmogorov_smirnov(&drawn, &shape) < 1.95 / f64::from(N).sqrt(), "p > .001");
}

/// Greatest distance between the drawn and the defined distribution.
fn kolmogorov_smirnov(sorted: &[f64], shape: &LogNormal) -> f64 {
    let count = sorted.len() as f64;
    let distance = |(i, x): (usize, &f64)| {
        let share = shape.share_within(*x);
        (share - i as f64 / count).abs().max((share - (i + 1) as f64 / count).abs())
    };
    sorted.iter().enumerate().map(distance).fold(0.0, f64::max)
}

#[test]
fn lognormal_is_drawn_again_above_a_year() {
    let shape = LogNormal::new(129_600.0, 2_700_000.0);
    let mut stream = stream();
    assert!((0..20_000).all(|_| shape.minutes(&mut stream) <= SPAN_MINUTES_MAX));
}

#[test]
fn weighted_choice_follows_its_weights_and_skips_zero() {
    let choice = Weighted::new([3.0, 0.0, 1.0]).unwrap();
    let mut stream = stream();
    let mut counts = [0_u32; 3];
    for _ in 0..N {
        counts[choice.pick(&mut stream)] += 1;
    }
    // 150,000 : 0 : 50,000, four standard errors 4 × √(200,000 × .75 × .25) = 775.
    assert!(counts[0].abs_diff(150_000) < 775, "{counts:?}");
    assert_eq!(counts[1], 0);
    assert!(Weighted::new([0.0, 0.0]).is_none() && Weighted::new([-1.0, 2.0]).is_none());
}

#[test]
fn zipf_agrees_with_the_table_made_from_its_definition() {
    for (count, exponent) in [(10_u64, 0.8), (1000, 0.8), (50, 0.6), (1, 0.8), (100, 1.3)] {
        let (zipf, table) =
            (Zipf::new(count, exponent), Weighted::zipf(usize::try_from(count).unwrap(), exponent).unwrap());
        let (mut drawn, mut stream) = (vec![0_u32; table.upto.len()], stream());
        for _ in 0..N {
            drawn[usize::try_from(zipf.rank(&mut stream)).unwrap()] += 1;
        }
        let (mut upto, mut distance) = (0, 0.0_f64);
        for (number, edge) in drawn.iter().zip(&table.upto) {
            upto += number;
            distance = distance.max((f64::from(upto) / f64::from(N) - edge).abs());
        }
        assert!(distance < 1.95 / f64::from(N).sqrt(), "{count} {exponent}: {distance}");
    }
}

#[test]
fn zipf_over_a_whole_country_stays_inside_its_pool() {
    let (zipf, mut stream) = (Zipf::new(330_000_000, 0.8), stream());
    let ranks: Vec<u64> = (0..10_000).map(|_| zipf.rank(&mut stream)).collect();
    assert!(ranks.iter().all(|rank| *rank < 330_000_000));
    // Half of the weight lies below the rank where k^.2 is half of n^.2: n ÷ 32 = 10.3 million, four standard errors = 200.
    let below = ranks.iter().filter(|rank| **rank < 10_312_500).count();
    assert!(below.abs_diff(5_000) < 280, "{below}");
}

/// [GEN-3]
#[test]
fn geometric_tail_keeps_its_ends_and_its_mean() {
    let tail = GeometricTail::new(5, 7.0, 20);
    let mut stream = stream();
    let drawn: Vec<u32> = (0..N).map(|_| tail.draw(&mut stream)).collect();
    assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&5), Some(&20)));
    let mean = drawn.iter().map(|n| f64::from(*n)).sum::<f64>() / f64::from(N);
    // Deviation √6 = 2.45, four standard errors 0.022; the cut takes 16.. × (2/3)^16 off the mean.
    assert!((mean - tail.mean()).abs() < 0.022, "{mean} {}", tail.mean());
    assert!((tail.mean() - 6.97).abs() < 0.02, "{}", tail.mean());
}
