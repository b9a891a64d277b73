//! Version: which text is this ward, to the byte?
//!
//! Two wards have one version if all their files, packs and holiday files say the same; the order in which a folder was read,
//! line ends and blanks at the end of a line do not matter. The zone data counts, since it moves deadlines.
//! - **Not here**: signatures.

use wardline_rules::program::WardVersion;
use wardline_rules::time::zone_data_version;

use crate::source::{SourceFile, Sources};
use crate::syntax::Block;

/// The version of a ward [DET-2]; packs and holiday files count where its blocks use them.
pub(super) fn version(sources: &Sources, blocks: &[Block]) -> WardVersion {
    let mut hash = blake3::Hasher::new();
    part(&mut hash, "zones", zone_data_version());
    let packs = sources.packs.iter().enumerate().filter(|(index, _)| is_used(sources.files.len() + index, blocks));
    let named =
        |file: &&SourceFile| blocks.iter().flat_map(Block::holidays).any(|(clause, _)| clause.file.node == file.name);
    let parts: [(&str, Vec<&SourceFile>); 3] = [
        ("file", sources.files.iter().collect()),
        ("pack", packs.map(|(_, pack)| pack).collect()),
        ("holidays", sources.holidays.iter().filter(named).collect()),
    ];
    for (sort, mut files) in parts {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        for file in files {
            part(&mut hash, sort, &file.name);
            part(&mut hash, "text", &canonical(&file.text));
        }
    }
    WardVersion(*hash.finalize().as_bytes())
}

/// Whether any block was read from a file.
fn is_used(file: usize, blocks: &[Block]) -> bool {
    blocks.iter().any(|block| usize::try_from(block.header.file.0) == Ok(file))
}

/// A part with its length before it, so that no two lists of parts read alike.
fn part(hash: &mut blake3::Hasher, sort: &str, text: &str) {
    for piece in [sort, text] {
        hash.update(&u64::try_from(piece.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(piece.as_bytes());
    }
}

fn canonical(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut canonical: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    while canonical.ends_with("\n\n") {
        canonical.pop();
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> WardVersion {
        let files = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
        version(&Sources { files, packs: vec![SourceFile::new("unused.ward", "x")], ..Sources::default() }, &[])
    }

    #[test]
    fn order_and_line_ends_do_not_matter_and_text_does() {
        let ward = of(&[("a.ward", "x\ny\n"), ("b.ward", "z")]);
        assert_eq!(ward, of(&[("b.ward", "z\n\n"), ("a.ward", "x  \r\ny")]));
        assert_ne!(ward, of(&[("a.ward", "x\ny!"), ("b.ward", "z")]));
        assert_ne!(ward, of(&[("a.ward", "x\nyz")]), "parts do not run into each other");
    }
}
