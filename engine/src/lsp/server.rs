//! Server: which request of an editor is answered by what?
//!
//! - **Not here**: the texts ([`super::workspace`]), the spelling ([`super::shapes`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};
use tower_lsp_server::{
    Client, LanguageServer, LspService, Server as Transport,
    jsonrpc::Result,
    ls_types::{
        CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability,
        CodeActionResponse, CompletionOptions, CompletionParams, CompletionResponse, DidChangeTextDocumentParams,
        DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams,
        DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentFormattingParams, DocumentSymbolParams,
        DocumentSymbolResponse, FileSystemWatcher, FoldingRange, FoldingRangeParams, FoldingRangeProviderCapability,
        GlobPattern, GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverContents, HoverParams,
        HoverProviderCapability, InitializeParams, InitializeResult, InitializedParams, OneOf, Registration,
        ServerCapabilities, ServerInfo, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind,
        TextDocumentSyncOptions, TextEdit, Uri,
    },
};
use wardline_dsl::{
    assist::{self, places::Lines},
    check,
    format::format,
    source::{FileId, SourceFile},
};
use wardline_rules::time::{Date, Timestamp};

use super::{
    shapes,
    workspace::{Snapshot, Workspace},
};

/// How an editor went away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goodbye {
    /// It asked for a shutdown first.
    Orderly,
    /// Its end of the pipe was gone, or it left without asking.
    Sudden,
}

/// Answers one editor until it leaves.
///
/// - **Input** `today`: the date that a ward is checked for, asked at each check.
pub async fn serve<I, O>(input: I, output: O, today: fn() -> Date) -> Goodbye
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let shared = Arc::new(Shared { today, ..Shared::default() });
    let (service, socket) =
        LspService::new(|client| Server { client, shared: Arc::clone(&shared), watches: AtomicBool::new(false) });
    // One at a time: an answer speaks of the texts as they were when it was asked for.
    Transport::new(input, output, socket).concurrency_level(1).serve(service).await;
    if shared.is_leaving.load(Ordering::Acquire) { Goodbye::Orderly } else { Goodbye::Sudden }
}

/// What requests and the checker share.
#[derive(Debug)]
struct Shared {
    workspace: Mutex<Workspace>,
    changed: Notify,
    is_leaving: AtomicBool,
    today: fn() -> Date,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            workspace: Mutex::default(),
            changed: Notify::new(),
            is_leaving: AtomicBool::new(false),
            today: || Date::from_days(0),
        }
    }
}

impl Shared {
    fn workspace(&self) -> MutexGuard<'_, Workspace> {
        self.workspace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Server {
    client: Client,
    shared: Arc<Shared>,
    /// Whether the editor can be asked to tell of changes on disk.
    watches: AtomicBool,
}

/// The path under which a text is known: its file, or its URI where it has none.
fn path(uri: &Uri) -> PathBuf {
    let is_file = uri.as_str().starts_with("file:");
    let file = uri.to_file_path().filter(|_| is_file).map(std::borrow::Cow::into_owned);
    file.unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

/// An open file of a ward and the byte that a request speaks of.
struct Asked {
    path: PathBuf,
    snapshot: Arc<Snapshot>,
    at: u32,
}

impl Asked {
    fn file(&self) -> Option<(FileId, &SourceFile)> {
        self.snapshot.file(&self.path)
    }
}

impl Server {
    fn change(&self, change: impl FnOnce(&mut Workspace)) {
        change(&mut self.shared.workspace());
        self.shared.changed.notify_one();
    }

    fn asked(&self, params: &TextDocumentPositionParams) -> Option<Asked> {
        let path = path(&params.text_document.uri);
        let snapshot = self.shared.workspace().snapshot(&path)?;
        let (_, file) = snapshot.file(&path)?;
        let at = Lines::of(&file.text).byte(shapes::from(params.position));
        Some(Asked { path, snapshot, at })
    }

    /// The newest text of an open file, with its ward.
    fn text(&self, uri: &Uri) -> Option<(PathBuf, Arc<Snapshot>)> {
        let path = path(uri);
        let snapshot = self.shared.workspace().snapshot(&path)?;
        Some((path, snapshot))
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn capabilities() -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::FULL),
        save: Some(true.into()),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", "\"", "{"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        ..ServerCapabilities::default()
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let watched = params.capabilities.workspace.and_then(|workspace| workspace.did_change_watched_files);
        let watches = watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false);
        self.watches.store(watches, Ordering::Release);
        let folders = params.workspace_folders.unwrap_or_default();
        self.shared.workspace().within(folders.iter().map(|folder| path(&folder.uri)).collect());
        tokio::spawn(watch(self.client.clone(), Arc::clone(&self.shared)));
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Ok(InitializeResult {
            capabilities: capabilities(),
            server_info: Some(ServerInfo { name: "wardline".to_owned(), version }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if !self.watches.load(Ordering::Acquire) {
            return;
        }
        let glob = GlobPattern::String("**/*.{ward,rhai,toml,csv}".to_owned());
        let watchers = vec![FileSystemWatcher { glob_pattern: glob, kind: None }];
        let options = serde_json::to_value(DidChangeWatchedFilesRegistrationOptions { watchers }).ok();
        let registration = Registration {
            id: "files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: options,
        };
        let client = self.client.clone();
        // Whether the editor agrees changes nothing: without it files are read again when one is saved.
        tokio::spawn(async move { client.register_capability(vec![registration]).await });
    }

    async fn shutdown(&self) -> Result<()> {
        self.shared.is_leaving.store(true, Ordering::Release);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.change(|workspace| workspace.open(&path(&document.uri), document.text, document.version));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let Some(change) = params.content_changes.into_iter().next_back() else { return };
        self.change(|workspace| workspace.change(&path(&document.uri), change.text, document.version));
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        self.change(Workspace::reread);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.change(|workspace| workspace.close(&path(&params.text_document.uri)));
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        self.change(Workspace::reread);
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let Some(asked) = self.asked(&params.text_document_position) else { return Ok(None) };
        let outside = self.shared.workspace().outside(&asked.path);
        let Some((id, file)) = asked.file() else { return Ok(None) };
        let lines = Lines::of(&file.text);
        let offers = assist::completions(asked.snapshot.names(), &outside, (id, file), asked.at);
        let items = offers.into_iter().enumerate().map(|(place, offer)| shapes::offer(&lines, place, offer));
        Ok(Some(CompletionResponse::Array(items.collect())))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let Some(asked) = self.asked(&params.text_document_position_params) else { return Ok(None) };
        let program = self.shared.workspace().program(&asked.path);
        let Some((id, file)) = asked.file() else { return Ok(None) };
        let found = assist::hover(asked.snapshot.names(), program.as_deref(), (id, file), (asked.at, now()));
        Ok(found.map(|found| Hover {
            contents: HoverContents::Markup(shapes::markdown(found.text)),
            range: Some(shapes::range(&Lines::of(&file.text), found.span)),
        }))
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let Some(asked) = self.asked(&params.text_document_position_params) else { return Ok(None) };
        let Some(file) = asked.file() else { return Ok(None) };
        let found = assist::definition(asked.snapshot.names(), file, asked.at);
        let place = found.and_then(|found| shapes::location(&asked.snapshot, found.span));
        Ok(place.map(GotoDefinitionResponse::Scalar))
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let Some((path, snapshot)) = self.text(&params.text_document.uri) else { return Ok(None) };
        let Some((_, file)) = snapshot.file(&path).filter(|(_, file)| file.name.ends_with(".ward")) else {
            return Ok(None);
        };
        // What cannot be formatted is left alone; the diagnostics say why.
        Ok(format(file)
            .ok()
            .map(|text| if text == file.text { Vec::new() } else { vec![shapes::rewritten(&file.text, text)] }))
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        let Some((path, snapshot)) = self.text(&params.text_document.uri) else { return Ok(None) };
        let Some((id, file)) = snapshot.file(&path) else { return Ok(None) };
        let symbols = assist::outline(id, file).iter().map(|entry| shapes::symbol(file, entry)).collect();
        Ok(Some(DocumentSymbolResponse::Nested(symbols)))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        let Some((path, snapshot)) = self.text(&params.text_document.uri) else { return Ok(None) };
        let Some((id, file)) = snapshot.file(&path) else { return Ok(None) };
        Ok(Some(assist::outline(id, file).iter().map(|entry| shapes::fold(file, entry)).collect()))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let path = path(&params.text_document.uri);
        let Some((snapshot, checked)) = self.shared.workspace().found(&path) else { return Ok(None) };
        let Some((id, file)) = snapshot.file(&path) else { return Ok(None) };
        let lines = Lines::of(&file.text);
        let (start, end) = (lines.byte(shapes::from(params.range.start)), lines.byte(shapes::from(params.range.end)));
        let here = checked
            .diagnostics
            .iter()
            .filter(|found| found.span.file == id && found.span.start <= end && start <= found.span.end);
        let actions = here.filter_map(|found| {
            Some(CodeActionOrCommand::CodeAction(CodeAction {
                title: shapes::title(found),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![shapes::diagnostic(&snapshot, &lines, found)]),
                edit: Some(shapes::correction(&snapshot, found)?),
                ..CodeAction::default()
            }))
        });
        Ok(Some(actions.collect()))
    }
}

/// Checks each ward that changed, newest texts first, and publishes what it found.
async fn watch(client: Client, shared: Arc<Shared>) {
    let mut published: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    loop {
        shared.changed.notified().await;
        loop {
            let left = shared.workspace().take_left();
            if let Some(root) = left {
                for path in published.remove(&root).unwrap_or_default() {
                    publish(&client, &path, Vec::new(), None).await;
                }
                continue;
            }
            let changed = shared.workspace().take_changed();
            let Some(snapshot) = changed else { break };
            let (texts, today) = (Arc::clone(&snapshot), (shared.today)());
            let Ok(checked) = tokio::task::spawn_blocking(move || check(&texts.sources, today)).await else { continue };
            let checked = Arc::new(checked);
            shared.workspace().keep(&snapshot, &checked);
            let before = published.remove(&snapshot.root).unwrap_or_default();
            let now = publish_all(&client, &snapshot, &checked, &before).await;
            published.insert(snapshot.root.clone(), now);
        }
    }
}

/// Publishes the findings of each file that has some, is open, or had some before; returns those that have some or are open.
async fn publish_all(
    client: &Client,
    snapshot: &Snapshot,
    checked: &wardline_dsl::Checked,
    before: &BTreeSet<PathBuf>,
) -> BTreeSet<PathBuf> {
    let mut shown = BTreeSet::new();
    for (id, path) in snapshot.paths() {
        let Some(file) = snapshot.sources.file(id) else { continue };
        let lines = Lines::of(&file.text);
        let of_file = checked.diagnostics.iter().filter(|found| found.span.file == id);
        let found: Vec<_> = of_file.map(|found| shapes::diagnostic(snapshot, &lines, found)).collect();
        let version = snapshot.versions.get(&path).copied();
        let is_shown = !found.is_empty() || version.is_some();
        if is_shown || before.contains(&path) {
            publish(client, &path, found, version).await;
        }
        if is_shown {
            shown.insert(path);
        }
    }
    for path in before.iter().filter(|path| snapshot.file(path).is_none()) {
        publish(client, path, Vec::new(), None).await;
    }
    shown
}

async fn publish(
    client: &Client,
    path: &Path,
    found: Vec<tower_lsp_server::ls_types::Diagnostic>,
    version: Option<i32>,
) {
    if let Some(uri) = shapes::uri(path) {
        client.publish_diagnostics(uri, found, version).await;
    }
}
