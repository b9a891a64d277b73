//! Dictionary: by which small number is a text known here?
//!
//! Texts of few distinct values (sites, places, tests, feeds, attribute values) are numbered in the order in which the log
//! first names them, so the numbers are the same on every replay. 0 stands for no text.
//!
//! - LIMIT: [`DICTIONARY_MAX`](crate::limits::DICTIONARY_MAX); further texts get the number of [`OTHER`].

use wardline_rules::{Text, map::FastMap};

use crate::limits::DICTIONARY_MAX;

/// The number of a text.
pub(crate) type Coded = u32;

/// No text.
pub(crate) const NO_TEXT: Coded = 0;
/// What stands for texts beyond the limit.
pub(crate) const OTHER: Coded = 1;

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
        match self.codes.get(text) {
            Some(code) => *code,
            None if self.texts.len() >= DICTIONARY_MAX => OTHER,
            None => self.push(Text::from(text)),
        }
    }

    /// The number of `text`, if it has one.
    pub(crate) fn find(&self, text: &str) -> Option<Coded> {
        self.codes.get(text).copied()
    }

    /// The text of a number.
    pub(crate) fn text(&self, code: Coded) -> &str {
        self.texts.get(code as usize).map_or("", Text::as_str)
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
