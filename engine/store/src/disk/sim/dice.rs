//! Dice: where does the simulated disk take its chance from?
//!
//! SplitMix64: one 64-bit word of state, so a fault is named by a seed and comes back by it.
//! - **How it fits**: [`SimDisk`](super::SimDisk) throws them for what a crash keeps.
//! - **Not here**: secrets; anybody who knows the seed knows the numbers.
//! - **Source**: Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA '14.

/// A seeded stream of numbers.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `sides`; 0 if there are none.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        let sides = sides.max(1) as u64;
        usize::try_from(self.word() % sides).unwrap_or_default()
    }

    /// Heads or tails.
    pub(super) fn coin(&mut self) -> bool {
        self.word() & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_that_of_the_paper() {
        // Seed 0 of the reference implementation (Vigna's splitmix64.c).
        assert_eq!(Dice::new(0).word(), 0xE220_A839_7B1D_CDAF);
    }
}
