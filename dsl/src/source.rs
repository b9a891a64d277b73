//! Sources: which texts make up a ward, and where in them is a place?
//!
//! Everything later points into these texts with a [`Span`] of bytes; line and column are worked out only when somebody reads them.
//! - **How it fits**: the caller fills [`Sources`]; [`layout`](crate::layout) reads one [`SourceFile`] at a time.
//! - LIMIT: `FILE_BYTES_MAX`, `FILES_MAX`, `WARD_BYTES_MAX` in [`limits`](crate::limits); beyond them WL0107.
//! - **Not here**: reading a folder, decoding bytes other than UTF-8 (see [`SourceFile::from_bytes`]).

/// Which file of the ward, in the order of [`Sources::files`]; packs follow the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in one file, end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; both must be of one file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Something read from a ward, with the place where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spanned<T> {
    /// What was read.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

/// Line and column as people count them, from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file of a ward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path inside the ward folder, as people will see it in diagnostics.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// A file from its name and text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile { name: name.into(), text: text.into() }
    }

    /// A file from bytes: bytes that are not UTF-8 become U+FFFD, which [`layout`](crate::layout) then refuses with WL0101 at its place.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> SourceFile {
        SourceFile { name: name.into(), text: String::from_utf8_lossy(bytes).into_owned() }
    }

    /// Line and column of a byte. **Cost**: one pass over the text before it.
    #[must_use]
    pub fn place(&self, byte: u32) -> Place {
        let until = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let before = self.text.get(..until).unwrap_or(&self.text);
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or("").chars().count();
        Place { line: people_count(line), column: people_count(column) }
    }

    /// The text of one line without its line break; empty if there is no such line. **Input** `line`: from 1.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        let text = self.text.split('\n').nth(index).unwrap_or("");
        text.strip_suffix('\r').unwrap_or(text)
    }

    /// The text of a span; empty if the span is not of this text.
    #[must_use]
    pub fn text_of(&self, span: Span) -> &str {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let end = usize::try_from(span.end).unwrap_or(usize::MAX);
        self.text.get(start..end).unwrap_or("")
    }
}

/// The texts of one ward: its own files, the packs it may use, and the holiday files its blocks name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The ward's own `.ward` files.
    pub files: Vec<SourceFile>,
    /// Packs that `uses pack "…"` can reach; a pack is found by the name in its header.
    pub packs: Vec<SourceFile>,
    /// Holiday files, found by the path that `holidays … from "…"` writes.
    pub holidays: Vec<SourceFile>,
}

impl Sources {
    /// A ward of one file and no packs.
    #[must_use]
    pub fn of_text(name: &str, text: &str) -> Sources {
        Sources { files: vec![SourceFile::new(name, text)], ..Sources::default() }
    }

    /// The file of an id: files, then packs, then holiday files.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.all().nth(usize::try_from(id.0).ok()?)
    }

    /// All texts in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().chain(&self.packs).chain(&self.holidays)
    }
}

/// Where the lines of all texts of a ward begin: the places of many bytes for one pass over the texts.
#[derive(Clone, Debug)]
pub struct Lines<'s> {
    sources: &'s Sources,
    /// First byte of each line, by file.
    starts: Vec<Vec<usize>>,
}

impl<'s> Lines<'s> {
    /// The lines of all texts. **Cost**: one pass over them.
    #[must_use]
    pub fn of(sources: &'s Sources) -> Lines<'s> {
        let starts = |file: &SourceFile| {
            core::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        };
        Lines { sources, starts: sources.all().map(starts).collect() }
    }

    /// The file of an id.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&'s SourceFile> {
        self.sources.file(id)
    }

    /// Line and column of a byte, as [`SourceFile::place`] says it. **Cost**: a search, and the line before the byte.
    #[must_use]
    pub fn place(&self, file: FileId, byte: u32) -> Option<Place> {
        let source = self.file(file)?;
        let starts = self.starts.get(usize::try_from(file.0).ok()?)?;
        let until = usize::try_from(byte).unwrap_or(usize::MAX).min(source.text.len());
        let line = starts.partition_point(|start| *start <= until).saturating_sub(1);
        let before = source.text.get(*starts.get(line)?..until)?;
        Some(Place { line: people_count(line), column: people_count(before.chars().count()) })
    }

    /// The text of one line without its line break; empty if there is no such line. **Input** `line`: from 1.
    #[must_use]
    pub fn line(&self, file: FileId, line: u32) -> &'s str {
        let text = || {
            let starts = self.starts.get(usize::try_from(file.0).ok()?)?;
            let index = usize::try_from(line).ok()?.checked_sub(1)?;
            let source = self.file(file)?;
            let end = starts.get(index + 1).map_or(source.text.len(), |next| next - 1);
            source.text.get(*starts.get(index)?..end)
        };
        let text = text().unwrap_or("");
        text.strip_suffix('\r').unwrap_or(text)
    }
}

/// An index from 0 as a number from 1; texts are bounded far below `u32`.
fn people_count(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let file = SourceFile::new("a.ward", "ward\n  é zone\r\nx");
        assert_eq!(file.place(0), Place { line: 1, column: 1 });
        assert_eq!(file.place(10), Place { line: 2, column: 5 }, "é is two bytes and one column");
        assert_eq!(file.line(2), "  é zone");
        assert_eq!(file.line(9), "");
    }

    #[test]
    fn lines_say_the_same_place_as_the_whole_text_for_every_byte() {
        let texts = ["ward\n  é zone\r\nx", "", "\n\n", "one line"];
        let files = texts.iter().map(|text| SourceFile::new("a.ward", *text)).collect();
        let sources = Sources { files, ..Sources::default() };
        let lines = Lines::of(&sources);
        for (index, file) in sources.files.iter().enumerate() {
            let id = FileId(u32::try_from(index).unwrap());
            let bytes =
                (0..=file.text.len() + 1).filter(|byte| file.text.is_char_boundary((*byte).min(file.text.len())));
            for byte in bytes.map(|byte| u32::try_from(byte).unwrap()) {
                assert_eq!(lines.place(id, byte), Some(file.place(byte)), "byte {byte} of {:?}", file.text);
            }
            for line in 0..6 {
                assert_eq!(lines.line(id, line), if line == 0 { "" } else { file.line(line) }, "line {line}");
            }
        }
        assert_eq!(lines.place(FileId(9), 0), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_stay_visible() {
        assert_eq!(SourceFile::from_bytes("a", b"a\xffb").text, "a\u{fffd}b");
    }
}
