//! Token: who is meant, without saying who?
//!
//! Patients, encounters and people are named by keyed tokens from the edge inwards [PRV-1]. A token is 16 bytes; as text
//! it is a prefix and 26 letters of lower-case base-32. Nothing in this crate can make one from an identifier.
//!
//! - **Not here**: the key and the hash; the codec worker has them.

use core::fmt;

/// What sort of thing a token names; its prefix says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TokenKind {
    /// `pt_`
    Patient,
    /// `en_`
    Encounter,
    /// `pr_`
    Person,
}

impl TokenKind {
    /// The three letters in front.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Patient => "pt_",
            Self::Encounter => "en_",
            Self::Person => "pr_",
        }
    }
}

/// A keyed stand-in for an identifier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub [u8; 16]);

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl Token {
    /// Reads prefix and 26 letters; `None` for anything else, non-zero padding bits included.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let letters = text.strip_prefix(kind.prefix())?;
        let mut number: u128 = 0;
        let mut rest: u8 = 0;
        for (index, byte) in letters.bytes().enumerate() {
            let digit = match byte {
                b'a'..=b'z' => byte - b'a',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return None,
            };
            match index {
                0..=24 => number = (number << 5) | u128::from(digit),
                25 => {
                    number = (number << 3) | u128::from(digit >> 2);
                    rest = digit & 0b11;
                }
                _ => return None,
            }
        }
        (letters.len() == 26 && rest == 0).then_some(Self(number.to_be_bytes()))
    }

    /// The text form.
    #[must_use]
    pub const fn display(self, kind: TokenKind) -> TokenText {
        TokenText { token: self, kind }
    }
}

// A token is P2 data: logs and errors do not print it by accident.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A token on its way into patient-data output; `Display` writes prefix and letters.
#[derive(Clone, Copy, Debug)]
pub struct TokenText {
    token: Token,
    kind: TokenKind,
}

impl fmt::Display for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.prefix())?;
        base32(f, self.token.0)
    }
}

/// Writes 16 bytes as 26 letters of lower-case base-32 without padding (RFC 4648).
///
/// # Errors
/// Only those of the writer.
pub fn base32(out: &mut impl fmt::Write, bytes: [u8; 16]) -> fmt::Result {
    let number = u128::from_be_bytes(bytes);
    for index in 0..26_u32 {
        let digit = if index < 25 { (number >> (123 - 5 * index)) & 31 } else { (number & 0b111) << 2 };
        let letter = usize::try_from(digit).ok().and_then(|digit| LETTERS.get(digit)).copied().unwrap_or(b'a');
        out.write_char(char::from(letter))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        // [PRV-1] the vector of the domain page
        let text = "pt_2mvxlqwcd6wirniczb7updjaze";
        let token = Token::parse(TokenKind::Patient, text).unwrap();
        assert_eq!(token.display(TokenKind::Patient).to_string(), text);
        assert_eq!(Token::parse(TokenKind::Person, text), None);
        assert_eq!(Token::parse(TokenKind::Patient, "pt_2mvxlqwcd6wirniczb7updjazf"), None, "padding bits");
        assert_eq!(Token::parse(TokenKind::Patient, "pt_short"), None);
    }
}
