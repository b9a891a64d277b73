//! Tree: what does a JSON text hold, before anybody judges it?
//!
//! Every key once, at most so deep, so wide and so long, and numbers as they were written. This is what serde_json's own
//! value type does not promise.
//!
//! - LIMIT: `JSON_DEPTH_MAX`, `JSON_KEYS_MAX`, `JSON_ARRAY_MAX`, `JSON_DIGITS_MAX`.

use std::{borrow::Cow, cell::Cell, collections::BTreeSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Refusal, refusal};
use crate::{
    codes::Code,
    limits::{JSON_ARRAY_MAX, JSON_DEPTH_MAX, JSON_DIGITS_MAX, JSON_KEYS_MAX},
};

/// A JSON value.
pub(in crate::codec) enum Tree<'t> {
    Null,
    Flag(bool),
    /// A number as it was written.
    Number(String),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl Tree<'_> {
    pub(in crate::codec) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
        }
    }
}

/// Reads a whole text.
///
/// # Errors
/// `NotJson`, `RepeatedKey`, `InnerLimit`.
pub(in crate::codec) fn parse(text: &[u8]) -> Result<Tree<'_>, Refusal> {
    let broken = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let seed = Seed { depth_left: JSON_DEPTH_MAX, broken: &broken };
    let tree = seed.deserialize(&mut deserializer).and_then(|tree| deserializer.end().map(|()| tree));
    tree.map_err(|_| refusal(broken.get().unwrap_or(Code::NotJson), ""))
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    depth_left: usize,
    /// Which bound was broken, if that ended the reading.
    broken: &'c Cell<Option<Code>>,
}

impl Seed<'_> {
    fn refuse<E: serde::de::Error>(&self, code: Code) -> E {
        self.broken.set(Some(code));
        E::custom(code.word())
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse(Code::InnerLimit)),
        }
    }
}

impl<'t> DeserializeSeed<'t> for Seed<'_> {
    type Value = Tree<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Tree<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// How serde_json hands over a number as it was written, with its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

impl<'t> Visitor<'t> for Seed<'_> {
    type Value = Tree<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'t>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree<'t>, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree<'t>, E> {
        Ok(Tree::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree<'t>, E> {
        Ok(Tree::Number(number.to_string()))
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Tree<'t>, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'t>, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Tree<'t>, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(seed)? {
            if items.len() == JSON_ARRAY_MAX {
                return Err(self.refuse(Code::InnerLimit));
            }
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Tree<'t>, A::Error> {
        let seed = self.deeper()?;
        let mut entries: Vec<(Cow<'t, str>, Tree<'t>)> = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if key == NUMBER && entries.is_empty() {
                return self.number(map.next_value::<String>()?);
            }
            if entries.len() == JSON_KEYS_MAX {
                return Err(self.refuse(Code::InnerLimit));
            }
            if !seen.insert(key.clone()) {
                return Err(self.refuse(Code::RepeatedKey));
            }
            entries.push((key, map.next_value_seed(seed)?));
        }
        Ok(Tree::Object(entries))
    }
}

impl Seed<'_> {
    fn number<'t, E: serde::de::Error>(self, text: String) -> Result<Tree<'t>, E> {
        // An object may pretend to be a number; its text must be one.
        let looks_right = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if !looks_right || digits == 0 {
            return Err(E::custom("number"));
        }
        if digits > JSON_DIGITS_MAX { Err(self.refuse(Code::InnerLimit)) } else { Ok(Tree::Number(text)) }
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'t> DeserializeSeed<'t> for Key {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Cow<'t, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Key {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
