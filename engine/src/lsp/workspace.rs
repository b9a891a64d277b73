//! Workspace: which texts make up the ward of an open file right now?
//!
//! The ward of a file is the nearest folder above it that holds a file with a `ward` header, inside the folders that the editor
//! has open; a file that has such a header beside another one that has it too is a ward of its own. Open texts take the place
//! of what is on disk.
//! - **Not here**: the protocol; when a ward is checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use wardline_dsl::{
    Checked,
    assist::{Outside, Ward},
    source::{FileId, SourceFile, Sources},
};
use wardline_rules::program::Program;

use crate::{config::directory, ward};

/// How many folders above a file may be the root of its ward.
const CLIMB_MAX: usize = 5;

/// Open files and their wards.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    open: BTreeMap<PathBuf, Document>,
    wards: BTreeMap<PathBuf, Known>,
    /// Wards without an open file, whose findings are to be taken back.
    left: BTreeSet<PathBuf>,
    /// The folders that the editor has open: no ward is looked for above them.
    folders: Vec<PathBuf>,
}

#[derive(Debug)]
struct Document {
    text: String,
    version: i32,
    root: PathBuf,
}

/// A ward with an open file.
#[derive(Debug, Default)]
struct Known {
    disk: Sources,
    outside: Arc<Outside>,
    /// The newest texts, once somebody asked for them.
    newest: Option<Arc<Snapshot>>,
    is_dirty: bool,
    found: Option<(Arc<Snapshot>, Arc<Checked>)>,
    /// The last program that checked.
    program: Option<Arc<Program>>,
}

/// The texts of a ward at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The folder or file it was read from.
    pub(super) root: PathBuf,
    pub(super) sources: Sources,
    /// Files with the version that the editor gave them; of those that are open.
    pub(super) versions: BTreeMap<PathBuf, i32>,
    names: OnceLock<Ward>,
}

impl Snapshot {
    /// The declared names; read when first asked for.
    pub(super) fn names(&self) -> &Ward {
        self.names.get_or_init(|| Ward::read(&self.sources))
    }

    /// The folder that names of files count from.
    fn base(&self) -> &Path {
        if self.root.is_dir() { &self.root } else { self.root.parent().unwrap_or(Path::new("")) }
    }

    /// Where a file of the ward lies; `None` for a pack.
    pub(super) fn path(&self, id: FileId) -> Option<PathBuf> {
        let index = usize::try_from(id.0).ok()?;
        let is_pack = (self.sources.files.len()..self.sources.files.len() + self.sources.packs.len()).contains(&index);
        let file = self.sources.file(id).filter(|_| !is_pack)?;
        Some(self.base().join(&file.name))
    }

    /// The id and text of a path.
    pub(super) fn file(&self, path: &Path) -> Option<(FileId, &SourceFile)> {
        let ids = (0..).map(FileId).take(self.sources.all().count());
        ids.zip(self.sources.all()).find(|(id, _)| self.path(*id).is_some_and(|known| known == path))
    }

    /// All files of the ward on disk, with their ids.
    pub(super) fn paths(&self) -> impl Iterator<Item = (FileId, PathBuf)> {
        (0..).map(FileId).take(self.sources.all().count()).filter_map(|id| Some((id, self.path(id)?)))
    }
}

impl Workspace {
    /// These folders are open in the editor.
    pub(super) fn within(&mut self, folders: Vec<PathBuf>) {
        self.folders = folders;
    }

    /// A file is open, with this text.
    pub(super) fn open(&mut self, path: &Path, text: String, version: i32) {
        let root = self.root_of(path, &text);
        self.open.insert(path.to_owned(), Document { text, version, root: root.clone() });
        self.left.remove(&root);
        self.read(&root);
    }

    /// The text of an open file is now this one.
    pub(super) fn change(&mut self, path: &Path, text: String, version: i32) {
        let Some(document) = self.open.get_mut(path) else { return };
        document.text = text;
        document.version = version;
        let root = document.root.clone();
        self.touch(&root);
    }

    /// A file is no longer open: what is on disk counts again.
    pub(super) fn close(&mut self, path: &Path) {
        let Some(document) = self.open.remove(path) else { return };
        if self.open.values().any(|other| other.root == document.root) {
            self.read(&document.root);
        } else {
            self.wards.remove(&document.root);
            self.left.insert(document.root);
        }
    }

    /// Something on disk changed: every ward is read again, and every open file finds its ward anew.
    pub(super) fn reread(&mut self) {
        let paths: Vec<PathBuf> = self.open.keys().cloned().collect();
        for path in paths {
            let Some(document) = self.open.get(&path) else { continue };
            let (old, new) = (document.root.clone(), self.root_of(&path, &document.text));
            if let Some(document) = self.open.get_mut(&path) {
                document.root.clone_from(&new);
            }
            if old != new && !self.open.values().any(|other| other.root == old) {
                self.wards.remove(&old);
                self.left.insert(old);
            }
        }
        let roots: BTreeSet<PathBuf> = self.open.values().map(|document| document.root.clone()).collect();
        for root in roots {
            self.left.remove(&root);
            self.read(&root);
        }
    }

    /// The newest texts of the ward of an open file.
    pub(super) fn snapshot(&mut self, path: &Path) -> Option<Arc<Snapshot>> {
        let root = self.open.get(path)?.root.clone();
        self.newest(&root)
    }

    /// Names of the installation that the ward of a file belongs to.
    pub(super) fn outside(&self, path: &Path) -> Arc<Outside> {
        self.ward_of(path).map(|known| Arc::clone(&known.outside)).unwrap_or_default()
    }

    /// The last program of the ward of a file that checked.
    pub(super) fn program(&self, path: &Path) -> Option<Arc<Program>> {
        self.ward_of(path)?.program.clone()
    }

    /// What was found in the newest texts of the ward of a file; `None` while they are being checked.
    pub(super) fn found(&self, path: &Path) -> Option<(Arc<Snapshot>, Arc<Checked>)> {
        let known = self.ward_of(path)?;
        let (of, checked) = known.found.as_ref()?;
        let newest = known.newest.as_ref()?;
        Arc::ptr_eq(of, newest).then(|| (Arc::clone(of), Arc::clone(checked)))
    }

    /// A ward that changed since it was last taken; it counts as checked from now on.
    pub(super) fn take_changed(&mut self) -> Option<Arc<Snapshot>> {
        let root = self.wards.iter().find(|(_, known)| known.is_dirty).map(|(root, _)| root.clone())?;
        if let Some(known) = self.wards.get_mut(&root) {
            known.is_dirty = false;
        }
        self.newest(&root)
    }

    /// A ward whose last file was closed.
    pub(super) fn take_left(&mut self) -> Option<PathBuf> {
        self.left.pop_first()
    }

    /// Keeps what a check found.
    pub(super) fn keep(&mut self, snapshot: &Arc<Snapshot>, checked: &Arc<Checked>) {
        let Some(known) = self.wards.get_mut(&snapshot.root) else { return };
        known.found = Some((Arc::clone(snapshot), Arc::clone(checked)));
        if let Some(program) = &checked.program {
            known.program = Some(Arc::new(program.clone()));
        }
    }

    fn ward_of(&self, path: &Path) -> Option<&Known> {
        self.wards.get(&self.open.get(path)?.root)
    }

    /// Reads a ward from disk.
    fn read(&mut self, root: &Path) {
        let disk = ward::load(root).unwrap_or_else(|_| Sources { packs: ward::packs(), ..Sources::default() });
        let known = self.wards.entry(root.to_owned()).or_default();
        known.disk = disk;
        known.outside = Arc::new(Outside { people: directory::names_beside(root) });
        self.touch(root);
    }

    fn touch(&mut self, root: &Path) {
        if let Some(known) = self.wards.get_mut(root) {
            known.newest = None;
            known.is_dirty = true;
        }
    }

    fn newest(&mut self, root: &Path) -> Option<Arc<Snapshot>> {
        let known = self.wards.get_mut(root)?;
        if let Some(newest) = &known.newest {
            return Some(Arc::clone(newest));
        }
        let mut snapshot = Snapshot {
            root: root.to_owned(),
            sources: known.disk.clone(),
            versions: BTreeMap::new(),
            names: OnceLock::new(),
        };
        for (path, document) in self.open.iter().filter(|(_, document)| document.root == root) {
            let name = path.strip_prefix(snapshot.base()).unwrap_or(path).to_string_lossy().into_owned();
            put(&mut snapshot.sources, SourceFile::new(name, document.text.clone()));
            snapshot.versions.insert(path.clone(), document.version);
        }
        let snapshot = Arc::new(snapshot);
        known.newest = Some(Arc::clone(&snapshot));
        Some(snapshot)
    }

    fn root_of(&self, path: &Path, text: &str) -> PathBuf {
        let Some(own) = path.parent() else { return path.to_owned() };
        if has_header(text) {
            return if self.has_ward(own, path) { path.to_owned() } else { own.to_owned() };
        }
        let is_open = |folder: &&Path| *folder == own || self.folders.iter().any(|open| folder.starts_with(open));
        let mut above = path.ancestors().skip(1).take(CLIMB_MAX).take_while(is_open);
        above.find(|folder| self.has_ward(folder, path)).map_or_else(|| path.to_owned(), Path::to_owned)
    }

    /// Whether another file right in a folder has the header of a ward.
    fn has_ward(&self, folder: &Path, but: &Path) -> bool {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let wards = entries.filter(|path| path != but && path.extension().is_some_and(|known| known == "ward"));
        let text = |path: &PathBuf| match self.open.get(path) {
            Some(document) => document.text.clone(),
            None => fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(),
        };
        wards.take(wardline_dsl::limits::FILES_MAX).any(|path| has_header(&text(&path)))
    }
}

/// An open text in the place of the one on disk.
fn put(sources: &mut Sources, file: SourceFile) {
    let list = if file.name.ends_with(".toml") { &mut sources.holidays } else { &mut sources.files };
    match list.binary_search_by(|known| known.name.cmp(&file.name)) {
        Ok(at) => list[at] = file,
        Err(at) => match list.iter_mut().find(|known| known.name == file.name) {
            Some(known) => *known = file,
            None => list.insert(at, file),
        },
    }
}

fn has_header(text: &str) -> bool {
    text.lines().any(|line| line.strip_prefix("ward").is_some_and(|rest| rest.starts_with([' ', '"'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ward \"A\" edition 1\n  zone      America/Chicago\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(snapshot: &Snapshot) -> Vec<&str> {
        snapshot.sources.files.iter().chain(&snapshot.sources.holidays).map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn an_open_text_takes_the_place_of_the_file_in_its_whole_ward() {
        let folder = folder(&[("a.ward", HEADER), ("rules/b.ward", "desk \"Old\"\n"), ("holidays/us.toml", "")]);
        let path = folder.path().join("rules/b.ward");
        let mut workspace = Workspace::default();
        workspace.within(vec![folder.path().to_owned()]);
        workspace.open(&path, "desk \"New\"\n".to_owned(), 1);
        let snapshot = workspace.take_changed().unwrap();
        assert_eq!(names(&snapshot), ["a.ward", "rules/b.ward", "holidays/us.toml"]);
        assert_eq!(snapshot.file(&path).unwrap().1.text, "desk \"New\"\n");
        assert_eq!(snapshot.versions, BTreeMap::from([(path.clone(), 1)]));
        assert!(workspace.take_changed().is_none(), "it was taken");
        workspace.change(&path, "desk \"Newer\"\n".to_owned(), 2);
        assert_eq!(workspace.take_changed().unwrap().file(&path).unwrap().1.text, "desk \"Newer\"\n");
        workspace.close(&path);
        assert_eq!(workspace.take_left().as_deref(), Some(folder.path()));
        assert!(workspace.take_changed().is_none());
    }

    #[test]
    fn wards_that_lie_side_by_side_are_wards_of_their_own() {
        let folder = folder(&[("a.ward", HEADER), ("b.ward", HEADER)]);
        let mut workspace = Workspace::default();
        let path = folder.path().join("a.ward");
        workspace.open(&path, HEADER.to_owned(), 1);
        let snapshot = workspace.take_changed().unwrap();
        assert_eq!((names(&snapshot), &snapshot.root), (vec!["a.ward"], &path));
        assert_eq!(snapshot.path(FileId(0)), Some(path));
    }

    #[test]
    fn a_text_that_was_never_saved_is_a_ward_of_its_own() {
        let mut workspace = Workspace::default();
        let path = PathBuf::from("untitled:Untitled-1");
        workspace.open(&path, HEADER.to_owned(), 1);
        let snapshot = workspace.take_changed().unwrap();
        assert_eq!(snapshot.file(&path).unwrap().1.text, HEADER);
        assert!(!snapshot.sources.packs.is_empty());
    }

    #[test]
    fn a_file_finds_its_ward_when_the_header_appears_on_disk() {
        let folder = folder(&[("b.ward", "desk \"B\"\n")]);
        let path = folder.path().join("b.ward");
        let mut workspace = Workspace::default();
        workspace.open(&path, "desk \"B\"\n".to_owned(), 1);
        assert_eq!(workspace.take_changed().unwrap().root, path);
        fs::write(folder.path().join("a.ward"), HEADER).unwrap();
        workspace.reread();
        assert_eq!(workspace.take_changed().unwrap().root, folder.path());
        assert_eq!(workspace.take_left(), Some(path));
    }
}
