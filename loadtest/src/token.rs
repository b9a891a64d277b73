//! Token: who is it, without saying who?
//!
//! The engine knows people only as tokens. Ours are 128 bits of BLAKE3 over (seed, sort, number), written in 26 small base-32 letters.
//! - **How it fits**: lives carry numbers of patients and clinicians, [`line`](crate::line) writes their tokens.
//! - **Not here**: keyed tokens of real people (the edge makes those).

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// `pt_…`
    Patient,
    /// `pt_…`: what a patient was called before a merge.
    Alias,
    /// `pr_…`
    Clinician,
    /// `en_…`
    Encounter,
}

/// Bytes of a token without its prefix.
pub const LETTERS: usize = 26;

static LETTERS_OF: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

/// The letters of the token of (seed, sort, number), without prefix.
#[must_use]
pub fn letters(seed: u64, sort: Sort, number: u64) -> [u8; LETTERS] {
    let mut text = [0_u8; 17];
    text[..8].copy_from_slice(&seed.to_le_bytes());
    text[8..16].copy_from_slice(&number.to_le_bytes());
    text[16] = match sort {
        Sort::Patient => 1,
        Sort::Alias => 2,
        Sort::Clinician => 3,
        Sort::Encounter => 4,
    };
    let mut letters = [0; LETTERS];
    LETTERS_OF.encode_mut(&blake3::hash(&text).as_bytes()[..16], &mut letters);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_base_32_and_differ() {
        let shown = |sort, number| String::from_utf8(letters(1, sort, number).to_vec()).unwrap();
        let token = shown(Sort::Patient, 1);
        assert!(token.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz234567".contains(&byte)), "{token}");
        assert_ne!(token, shown(Sort::Patient, 2));
        assert_ne!(token, shown(Sort::Alias, 1));
    }
}
