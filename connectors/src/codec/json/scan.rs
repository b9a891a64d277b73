//! Scan: what stands next in a clean JSON text?
//!
//! A reader for the fast way alone. It gives up (`None`) at everything that asks for judgement, such as an escape, an
//! exponent or a repeated key, and then the slow way reads the line from its beginning; so it never decides that a line
//! is wrong, and what it accepts is compared with serde_json in twenty thousand generated lines.
//!
//! It is ours because a general typed deserialiser spends much of a line's time on calls that only link-time
//! optimisation takes away: on 259-byte lines, sonic-rs before the same conversion read 0.8 M events a second in the plain
//! release profile and 1.4 M with fat LTO; this one reads 1.5 M and 1.9 M on the same busy machine
//! (`examples/decode_speed.rs`).
//!
//! - **Not here**: escapes, nesting beyond the event's own, numbers that are no plain decimals.
//! - **Source**: RFC 8259.

/// A place in a text.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

/// One byte in each of eight.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte of `word` that is zero; exact for the lowest of them.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(each(1)) & !word & each(0x80)
}

/// How many of eight bytes stand before the first that ends a plain string: a quotation mark, an escape, a control
/// character.
const fn plain_of(eight: [u8; 8]) -> usize {
    let word = u64::from_le_bytes(eight);
    let control = word.wrapping_sub(each(0x20)) & !word & each(0x80);
    let ends = zeros(word ^ each(b'"')) | zeros(word ^ each(b'\\')) | control;
    (ends.trailing_zeros() / 8) as usize
}

/// Where the first byte stands that ends a plain string. Eight bytes at once: half the time of one by one.
fn plain_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let plain = plain_of(*eight);
        length += plain;
        if plain < 8 {
            return Some(length);
        }
    }
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).map(|more| length + more)
}

impl<'t> Scan<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no blank; it stays where it is.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A string without escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Option<&'t str> {
        self.take(b'"')?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        let length = plain_length(rest)?;
        self.at = start + length + 1;
        (rest.get(length) == Some(&b'"')).then(|| self.text.get(start..start + length)).flatten()
    }

    /// A number without an exponent.
    pub(super) fn number(&mut self) -> Option<&'t str> {
        self.peek()?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        let length = rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'.'))?;
        let number = self.text.get(start..start + length)?;
        self.at = start + length;
        is_plain(number).then_some(number)
    }

    /// `true`, `false` or `null`, whichever `word` is.
    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        self.peek()?;
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Each entry of an object; `each` reads the value of the key it gets.
    pub(super) fn object(&mut self, mut each: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            each(self, key)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Each element of a list; `each` reads it.
    pub(super) fn list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            each(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Whether nothing but blanks is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`
fn is_plain(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_at_their_mark_wherever_it_stands() {
        for length in 0..40 {
            let plain = "ä€x".chars().cycle().take(length).collect::<String>();
            let text = format!("\"{plain}\" ");
            let mut scan = Scan::new(&text);
            assert_eq!(scan.string(), Some(plain.as_str()));
            assert!(scan.is_at_end());
            for odd in ['\\', '\n', '\u{1f}', '\0'] {
                assert_eq!(Scan::new(&format!("\"{plain}{odd}1234567890\"")).string(), None, "{length} {odd:?}");
            }
            assert_eq!(Scan::new(&format!("\"{plain}")).string(), None);
        }
    }

    #[test]
    fn only_plain_numbers_are_read() {
        for text in ["0", "-0", "7", "-12", "6.90", "0.001", "123456789012345678"] {
            assert_eq!(Scan::new(&format!(" {text},")).number(), Some(text));
        }
        for text in ["01,", "-,", ".5,", "5.,", "1.2.3,", "--1,", "1-2,", ",", "7"] {
            assert_eq!(Scan::new(text).number(), None, "{text}");
        }
        assert_eq!(Scan::new("1e5,").number(), Some("1"), "and what follows is no comma");
    }
}
