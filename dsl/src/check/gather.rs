//! Gather: which blocks make up this ward?
//!
//! The packs a ward uses come before its own files, so that severities of a pack rank first.
//! - **Not here**: what the blocks mean.

use super::rule_file;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::layout;
use crate::limits::{FILES_MAX, WARD_BYTES_MAX};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::suggest;
use crate::syntax::{self, Block, Detail, Tree};
use crate::vocabulary::BlockKind;

/// Everything read, before it is judged.
pub(crate) struct Gathered {
    /// Blocks of used packs, then of the ward's files.
    pub(crate) blocks: Vec<Block>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads the ward's files and the packs they use.
pub(crate) fn gather(sources: &Sources) -> Gathered {
    let mut gathered = Gathered { blocks: Vec::new(), diagnostics: Vec::new() };
    if too_large(sources, &mut gathered.diagnostics) {
        return gathered;
    }
    let mut own = Vec::new();
    for (index, file) in sources.files.iter().enumerate() {
        if is_rule_file(file) {
            own.extend(rule_file::read(file_id(index), file, &mut gathered.diagnostics));
        } else {
            own.extend(read(file_id(index), file, &mut gathered.diagnostics).blocks);
        }
    }
    one_ward(&own, &mut gathered.diagnostics);
    packs(sources, &own, &mut gathered);
    gathered.blocks.extend(own);
    gathered
}

fn file_id(index: usize) -> FileId {
    FileId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Whether a file is a rule in Rhai, by its name.
pub(super) fn is_rule_file(file: &SourceFile) -> bool {
    file.name.to_ascii_lowercase().ends_with(".rhai")
}

fn read(id: FileId, file: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Tree {
    let layout = layout::read(id, file);
    let (tree, found) = syntax::tree(&layout);
    diagnostics.extend(layout.diagnostics);
    diagnostics.extend(found);
    tree
}

fn too_large(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let bytes: usize = sources.all().map(|file| file.text.len()).sum();
    let files = sources.files.len();
    if files > FILES_MAX {
        let message = format!("This ward has {files} files; {FILES_MAX} are allowed.");
        diagnostics.push(Diagnostic::new(Code::WL0107, Span::default(), message));
    }
    if bytes > WARD_BYTES_MAX {
        let message = format!("This ward has {bytes} bytes; {WARD_BYTES_MAX} are allowed.");
        diagnostics.push(Diagnostic::new(Code::WL0107, Span::default(), message));
    }
    files > FILES_MAX || bytes > WARD_BYTES_MAX
}

/// A ward has one header, and it speaks edition 1.
fn one_ward(blocks: &[Block], diagnostics: &mut Vec<Diagnostic>) {
    let mut wards = blocks.iter().filter(|block| block.kind == BlockKind::Ward);
    let first = wards.next();
    match first {
        None => {
            let found = Diagnostic::new(Code::WL0105, Span::default(), "This ward has no header.");
            let found = found.because("It names the hospital and its time zone.");
            diagnostics.push(
                found.help("Add at the top of a file:", &["ward \"St Anne\" edition 1", "  zone      America/Chicago"]),
            );
        }
        Some(first) => {
            for again in wards {
                let found = Diagnostic::new(Code::WL0106, again.header, "A ward has one header.");
                diagnostics.push(
                    found.label(first.header, "the first").because("All files of a folder are one ward: delete one."),
                );
            }
        }
    }
    for block in blocks {
        edition(block, diagnostics);
        if block.kind == BlockKind::Pack {
            let found = Diagnostic::new(Code::WL0104, block.header, "A pack is shipped with Wardline; a ward uses it.");
            diagnostics.push(found.help("Change it to:", &["ward \"St Anne\" edition 1"]));
        }
    }
}

fn edition(block: &Block, diagnostics: &mut Vec<Diagnostic>) {
    if let Detail::Edition(edition, span) = block.detail
        && edition != 1
    {
        let message = format!("Edition {edition} is planned and not part of this release.");
        diagnostics.push(Diagnostic::new(Code::WL0110, span, message).replace("Change it to:", span, "1"));
    }
}

/// Reads the packs that `uses` names, in that order.
fn packs(sources: &Sources, own: &[Block], gathered: &mut Gathered) {
    let first = sources.files.len();
    let known: Vec<(FileId, &SourceFile, String)> =
        sources.packs.iter().enumerate().map(|(index, file)| (file_id(first + index), file, pack_name(file))).collect();
    for (name, _) in own.iter().flat_map(Block::uses) {
        match known.iter().find(|(_, _, known)| *known == name.node) {
            Some((id, file, _)) => {
                let tree = read(*id, file, &mut gathered.diagnostics);
                gathered.blocks.extend(tree.blocks);
            }
            None => gathered.diagnostics.push(unknown_pack(name.span, &name.node, &known)),
        }
    }
    for block in &gathered.blocks {
        edition(block, &mut gathered.diagnostics);
        rule_in_pack(block, &mut gathered.diagnostics);
    }
}

fn rule_in_pack(block: &Block, diagnostics: &mut Vec<Diagnostic>) {
    use BlockKind::{Alert, Exception, Notice, Sla, Suppress, Test, Ward};
    if matches!(block.kind, Alert | Exception | Notice | Sla | Suppress | Test | Ward) {
        let message = format!("A pack holds no {}.", block.kind.word());
        diagnostics.push(Diagnostic::new(Code::WL0104, block.header, message));
    }
}

/// The name in a pack's header, read from its first lines.
fn pack_name(file: &SourceFile) -> String {
    let header = file.text.lines().find(|line| line.starts_with("pack "));
    header.and_then(|line| line.split('"').nth(1)).unwrap_or("").to_owned()
}

fn unknown_pack(span: Span, name: &str, known: &[(FileId, &SourceFile, String)]) -> Diagnostic {
    let found = Diagnostic::new(Code::WL0203, span, format!("There is no pack \"{name}\"."));
    let names: Vec<&str> = known.iter().map(|(_, _, name)| name.as_str()).collect();
    match suggest::nearest(name, names.iter().copied()) {
        Some(near) => found.replace(format!("Did you mean \"{near}\"? Change it to:"), span, format!("\"{near}\"")),
        None => found.because(format!("This build carries: {}.", names.join(", "))),
    }
}
