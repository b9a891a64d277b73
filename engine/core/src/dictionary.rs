//! Dictionary: by which small number is a text known here?
//!
//! Texts of few distinct values (sites, places, tests, feeds, attribute values) are numbered in the order in which the log
//! first names them, so the numbers are the same on every replay. 0 stands for no text.
//!
//! - LIMIT: [`DICTIONARY_MAX`](crate::limits::DICTIONARY_MAX). A further text gets a number made of its hash: it is told apart
//!   from all others, so that a new result is still a new one, and shown as `other`.

use wardline_rules::{
    Text,
    map::{FastMap, hash64},
};

use crate::limits::{DICTIONARY_MAX, DICTIONARY_NAMES_MAX};

/// The number of a text.
pub(crate) type Coded = u32;

/// No text.
pub(crate) const NO_TEXT: Coded = 0;
/// What groups beyond their limit are counted as, and texts beyond the limit are shown as.
pub(crate) const OTHER: Coded = 1;
/// Marks the number of a text beyond the limit.
const BEYOND: Coded = 1 << 31;

/// The number of a text beyond the limit. Two of them share one in two milliards.
fn beyond(text: &str) -> Coded {
    let hash = blake3::hash(text.as_bytes());
    let first = hash.as_bytes().first_chunk::<4>().copied().unwrap_or_default();
    BEYOND | Coded::from_le_bytes(first)
}

/// Texts and their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dictionary {
    texts: Vec<Text>,
    codes: FastMap<Text, Coded>,
}

impl Default for Dictionary {
    fn default() -> Self {
        let mut dictionary = Self { texts: Vec::new(), codes: FastMap::default() };
        dictionary.push(Text::const_new(""));
        dictionary.push(Text::const_new("other"));
        dictionary
    }
}

impl Dictionary {
    /// The number of `text`, given out now if it is new.
    pub(crate) fn code(&mut self, text: &str) -> Coded {
        match self.find(text) {
            Some(code) => code,
            None => self.push(Text::from(text)),
        }
    }

    /// The number of a rule's name. Room is kept for names: a rule that is shown as `other` would be found by nobody.
    pub(crate) fn name(&mut self, text: &str) -> Coded {
        match self.codes.get(text) {
            Some(code) => *code,
            None if self.texts.len() < DICTIONARY_MAX + DICTIONARY_NAMES_MAX => self.push(Text::from(text)),
            None => beyond(text),
        }
    }

    /// The number of `text`, if it has one; once the dictionary is full, every text has.
    pub(crate) fn find(&self, text: &str) -> Option<Coded> {
        let is_full = self.texts.len() >= DICTIONARY_MAX;
        self.codes.get(text).copied().or_else(|| is_full.then(|| beyond(text)))
    }

    /// The text of a number.
    pub(crate) fn text(&self, code: Coded) -> &str {
        match self.texts.get(code as usize) {
            Some(text) => text,
            None if code & BEYOND != 0 => self.text(OTHER),
            None => "",
        }
    }

    /// What stands for a text wherever the order in which texts were heard of must not matter, as in an id.
    pub(crate) fn meaning(&self, code: Coded) -> u64 {
        if code & BEYOND == 0 { hash64(&self.text(code)) } else { u64::from(code) }
    }

    /// All texts, by number.
    pub(crate) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The dictionary that numbers `texts` in this order.
    pub(crate) fn restore(texts: impl Iterator<Item = Text>) -> Self {
        let mut dictionary = Self { texts: Vec::new(), codes: FastMap::default() };
        texts.for_each(|text| {
            dictionary.push(text);
        });
        dictionary
    }

    fn push(&mut self, text: Text) -> Coded {
        let code = Coded::try_from(self.texts.len()).unwrap_or(OTHER);
        self.codes.insert(text.clone(), code);
        self.texts.push(text);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_when_it_is_full_is_still_told_apart() {
        let mut dictionary = Dictionary::default();
        for number in 2..DICTIONARY_MAX {
            dictionary.code(&number.to_string());
        }
        let (one, other) = (dictionary.code("sub-1"), dictionary.code("sub-2"));
        assert!(one != other && one != OTHER && other != OTHER);
        assert_eq!((dictionary.find("sub-1"), dictionary.code("sub-1")), (Some(one), one));
        let seven = dictionary.code("7");
        assert_eq!((dictionary.text(one), dictionary.text(seven)), ("other", "7"));
        let (rule, next) = (dictionary.name("alert/Potassium"), dictionary.name("alert/Troponin"));
        assert!(rule != next && dictionary.text(rule) == "alert/Potassium");
        let again = Dictionary::restore(dictionary.texts().iter().cloned());
        assert_eq!((again.find("alert/Troponin"), again.find("sub-2")), (Some(next), Some(other)));
    }
}
