//! Places: which byte is the position an editor speaks of, and back?
//!
//! Editors count lines from 0 and columns in UTF-16 units; the language counts bytes. `é` is two bytes and one unit, a clef
//! outside the basic plane four bytes and two units.
//! - **How it fits**: the language server maps each position on its way in and each span on its way out.
//! - **Not here**: the line and column that people read ([`SourceFile::place`](crate::source::SourceFile::place)).

/// A position as editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 0.
    pub line: u32,
    /// Column in UTF-16 units, from 0.
    pub column: u32,
}

/// The lines of a text. A line ends with `\n`, `\r\n` or `\r`, as the protocol says.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// The byte at which each line begins.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of a text. **Cost**: one pass.
    #[must_use]
    pub fn of(text: &'t str) -> Lines<'t> {
        let mut starts = vec![0];
        let mut bytes = text.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let is_pair = byte == b'\r' && bytes.peek().is_some_and(|(_, next)| *next == b'\n');
            if (byte == b'\n' || byte == b'\r') && !is_pair {
                starts.push(at + 1);
            }
        }
        Lines { text, starts }
    }

    /// The byte of a position: a column behind the end of its line is that end, a line behind the last the end of the text;
    /// a column inside a character is its begin.
    #[must_use]
    pub fn byte(&self, position: Position) -> u32 {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else { return clip(self.text.len()) };
        let mut units = 0;
        for (at, letter) in self.line(start) {
            let wide = units + u32::try_from(letter.len_utf16()).unwrap_or(1);
            if wide > position.column {
                return clip(start + at);
            }
            units = wide;
        }
        clip(start + self.line(start).map(|(_, letter)| letter.len_utf8()).sum::<usize>())
    }

    /// The position of a byte; one inside a character is its begin.
    #[must_use]
    pub fn position(&self, byte: u32) -> Position {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.line(start).filter(|(at, letter)| start + at + letter.len_utf8() <= byte);
        let column = before.map(|(_, letter)| letter.len_utf16()).sum();
        Position { line: clip(line), column: clip(column) }
    }

    /// The characters of the line that begins at a byte, without its line break.
    fn line(&self, start: usize) -> impl Iterator<Item = (usize, char)> + use<'t> {
        let rest = self.text.get(start..).unwrap_or("");
        rest.char_indices().take_while(|(_, letter)| !matches!(letter, '\n' | '\r'))
    }
}

fn clip(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ward\r\n  é𝄞x zone\n\nlast";

    #[test]
    fn columns_are_utf16_units_and_go_both_ways() {
        let lines = Lines::of(TEXT);
        // é is one unit and two bytes, the clef two units and four bytes.
        for (line, column, byte) in [(0, 0, 0), (0, 4, 4), (1, 2, 8), (1, 3, 10), (1, 5, 14), (1, 6, 15), (3, 4, 26)] {
            let position = Position { line, column };
            assert_eq!(lines.byte(position), byte, "{position:?}");
            assert_eq!(lines.position(byte), position, "byte {byte}");
        }
    }

    #[test]
    fn positions_outside_the_text_are_clipped_to_it() {
        let lines = Lines::of(TEXT);
        assert_eq!(lines.byte(Position { line: 0, column: 99 }), 4, "before the line break");
        assert_eq!(lines.byte(Position { line: 99, column: 0 }), 26);
        assert_eq!(lines.byte(Position { line: 1, column: 4 }), 10, "inside the clef is its begin");
        assert_eq!(lines.position(12), Position { line: 1, column: 3 }, "inside the clef is its begin");
        assert_eq!(lines.position(999), Position { line: 3, column: 4 });
    }

    #[test]
    fn every_byte_of_a_boundary_comes_back() {
        let lines = Lines::of(TEXT);
        for (byte, _) in TEXT.char_indices().filter(|(_, letter)| !matches!(letter, '\r' | '\n')) {
            let byte = u32::try_from(byte).unwrap();
            assert_eq!(lines.byte(lines.position(byte)), byte);
        }
    }
}
