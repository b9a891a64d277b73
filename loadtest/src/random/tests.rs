//! Random, tested: is it ChaCha8, and are its numbers spread as they should be?

use super::*;

#[test]
fn streams_differ_by_seed_domain_and_number() {
    let first = |seed, domain, number| Stream::new(seed, domain, number).word();
    let words =
        [first(1, Domain::Life, 0), first(2, Domain::Life, 0), first(1, Domain::Fault, 0), first(1, Domain::Life, 1)];
    for (i, word) in words.iter().enumerate() {
        assert!(!words[i + 1..].contains(word), "{words:x?}");
    }
}

#[test]
fn first_words_are_those_of_chacha8_whatever_the_machine() {
    // Worked out apart from this code: ChaCha, 8 rounds, key as in `new`, counter and nonce zero, words little-endian.
    let mut stream = Stream::new(42, Domain::Life, 7);
    assert_eq!([stream.word(), stream.word()], chacha8_by_the_book(42, 2, 7));
}

/// RFC 8439 section 2.3 with 8 rounds and a 64-bit counter of zero: the naive twin of `rand_chacha`.
fn chacha8_by_the_book(seed: u64, domain: u64, number: u64) -> [u64; 2] {
    let mut start = [0_u32; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    for (i, word) in [seed, domain, number].into_iter().enumerate() {
        start[4 + 2 * i] = u32::try_from(word & 0xffff_ffff).unwrap();
        start[5 + 2 * i] = u32::try_from(word >> 32).unwrap();
    }
    let mut state = start;
    let quarter = |s: &mut [u32; 16], [a, b, c, d]: [usize; 4]| {
        for (x, y, z, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
            s[x] = s[x].wrapping_add(s[y]);
            s[z] = (s[z] ^ s[x]).rotate_left(bits);
        }
    };
    for _ in 0..4 {
        for lanes in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
            quarter(&mut state, lanes);
        }
        for lanes in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
            quarter(&mut state, lanes);
        }
    }
    let out = |i: usize| u64::from(state[i].wrapping_add(start[i]));
    [out(0) | out(1) << 32, out(2) | out(3) << 32]
}

#[test]
fn unit_and_normal_have_their_moments() {
    let mut stream = Stream::new(1, Domain::Life, 0);
    let (mut sum, mut square, mut normal_sum, mut normal_square) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..200_000 {
        let (unit, normal) = (stream.unit(), stream.normal());
        sum += unit;
        square += unit * unit;
        normal_sum += normal;
        normal_square += normal * normal;
    }
    // Four standard errors: 4 × √(1/12 ÷ n), 4 ÷ √n and 4 × √(2 ÷ n).
    assert!((sum / 2e5 - 0.5).abs() < 0.0026, "{sum}");
    assert!((square / 2e5 - 1.0 / 3.0).abs() < 0.0027, "{square}");
    assert!((normal_sum / 2e5).abs() < 0.009, "{normal_sum}");
    assert!((normal_square / 2e5 - 1.0).abs() < 0.0127, "{normal_square}");
}

#[test]
fn below_reaches_every_number_and_no_more() {
    let mut stream = Stream::new(1, Domain::Life, 0);
    let mut counts = [0_u32; 5];
    for _ in 0..50_000 {
        counts[usize::try_from(stream.below(5)).unwrap()] += 1;
    }
    // 10,000 each, four standard errors = 4 × √(50,000 × 0.2 × 0.8) = 358.
    assert!(counts.iter().all(|count| count.abs_diff(10_000) < 358), "{counts:?}");
    assert_eq!(stream.below(0), 0);
}
