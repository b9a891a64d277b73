//! Dice: how is a sample changed, by a stream of numbers that is the same on every machine?

/// A seeded stream: SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `below`; 0 if there is none.
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or(0);
        mixed.checked_rem(below).unwrap_or(0)
    }

    /// One of the samples with one to eight changes.
    pub(crate) fn changed(&mut self, samples: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
        let mut bytes = samples[self.below(samples.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes, samples, tokens);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, samples: &[Vec<u8>], tokens: &[&[u8]]) {
        let at = self.below(bytes.len() + 1);
        let length = self.below(40).min(bytes.len() - at);
        match self.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + length)),
            2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            3 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap_or(0),
            // The same again: repeated keys, segments and marks.
            4 => {
                let part = bytes[at..at + length].to_vec();
                for _ in 0..=self.below(3) {
                    bytes.splice(at..at, part.iter().copied());
                }
            }
            5 => {
                // A part of another sample of the same sort.
                let other = &samples[self.below(samples.len())];
                let from = self.below(other.len());
                let until = (from + self.below(400)).min(other.len());
                bytes.splice(at..at + length, other[from..until].iter().copied());
            }
            6 => {
                // Digits become others: numbers and times at their bounds.
                let digits: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    let place = digits[self.below(digits.len())];
                    bytes[place] = b"09-.eE "[self.below(7)];
                }
            }
            _ => {
                let token = tokens[self.below(tokens.len())];
                bytes.splice(at..at + if self.below(2) == 0 { length } else { 0 }, token.iter().copied());
            }
        }
    }
}
