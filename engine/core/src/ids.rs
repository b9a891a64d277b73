//! Ids: by which names are reports, alerts and notices known, on every replay the same?
//!
//! All are hashes of what they name, cut to 16 bytes; as text 26 letters of lower-case base-32. Nothing in them depends on
//! the ward version, on memory or on the order of a map [NID-1].

use core::fmt;

use wardline_rules::token::base32;

/// Declares a 16-byte hash with a text form.
macro_rules! hash_id {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                base32(f, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+ };
}

hash_id! {
    /// A report, stable from its first event on.
    ReportId = "",
    /// One notice: (subject, generation, rule, step, recipient, channel).
    Nid = "n_",
    /// One alert generation: (rule, subject, generation).
    AlertId = "a_",
}

impl Nid {
    /// The short code of the notice: six letters of Crockford's base-32, without I, L, O and U [MSG-2].
    #[must_use]
    pub fn code(self) -> Code {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let number = u128::from_be_bytes(self.0);
        let mut code = [b'0'; 6];
        for (place, letter) in code.iter_mut().enumerate() {
            let shift = 98_u32.saturating_add(u32::try_from(place).unwrap_or(0).saturating_mul(5));
            let digit = usize::try_from((number >> shift) & 31).unwrap_or(0);
            *letter = LETTERS.get(digit).copied().unwrap_or(b'0');
        }
        Code(code)
    }

    /// Reads the text form, `n_` and 26 letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use wardline_rules::token::{Token, TokenKind};
        let letters = text.strip_prefix("n_")?;
        Token::parse(TokenKind::Patient, &format!("pt_{letters}")).map(|token| Self(token.0))
    }
}

/// A short code that a person reads back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub [u8; 6]);

impl Code {
    /// Reads a code as people type it: case, `I` `L` for 1 and `O` for 0 do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = [b'0'; 6];
        let mut letters = text.trim().bytes();
        for place in &mut code {
            *place = match letters.next()?.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                letter @ (b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z') => letter,
                _ => return None,
            };
        }
        letters.next().is_none().then_some(Self(code))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = Nid([7; 16]).code();
        assert_eq!(Code::parse(&code.to_string().to_lowercase()), Some(code));
        assert_eq!(Code::parse("k7mqio"), Code::parse("K7MQ10"));
        assert_eq!(Code::parse("K7MQ2"), None);
        assert_eq!(Code::parse("K7MQ2U"), None);
    }

    #[test]
    fn nids_are_read_as_they_are_written() {
        let nid = Nid([0xa5; 16]);
        assert_eq!(Nid::parse(&nid.to_string()), Some(nid));
        assert_eq!(Nid::parse("n_short"), None);
    }
}
