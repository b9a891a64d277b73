//! Language server, from outside: does the real program answer an editor over its pipes?
//!
//! A scripted client speaks the protocol's frames to `wardline lsp`. It waits for what it expects, to a deadline, and for
//! nothing else.
//! - **Not here**: what is offered at which place (tests of `wardline-dsl`).

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// Longest wait for one message; far more than a loaded machine needs.
const DEADLINE: Duration = Duration::from_secs(120);

const WARD: &str = r#"ward "St Anne" edition 1
  zone      America/Chicago
  uses      pack "starter"

escalation "Critical call-out"
  step 1    page the ordering clinician by secure message, wait 5 minutes
  then      task for desk "Operations"
"#;

const RULES: &str = r#"-- Ä comment with a clef: 𝄞
sla "STAT lab"
  policy    "LAB-TAT-01", owner "Laboratory quality", review by 2199-06-30
  covers    lab reports where priority is stat
  starts    when the specimen is received
  stops     when the report is finalised
  target    60 minutes
  breach    page desk "Operations" by phone, severity orange

alert "Critical potassium"
  policy    "LAB-CRIT-01", owner "Laboratory quality", review by 2199-06-30
  when      a lab result is verified
  where     test is potasium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Critical call-out"
"#;

/// An editor and the server it started.
struct Editor {
    server: Child,
    to: Option<ChildStdin>,
    from: Receiver<Value>,
    /// Messages that came while another was waited for.
    waiting: Vec<Value>,
    asked: u64,
    folder: tempfile::TempDir,
}

impl Editor {
    fn start(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut server = Command::new(env!("CARGO_BIN_EXE_wardline"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(server.stdout.take().unwrap());
        let (sender, from) = mpsc::channel();
        thread::spawn(move || frames(out, &sender));
        let to = server.stdin.take();
        let mut editor = Self { server, to, from, waiting: Vec::new(), asked: 0, folder };
        let answer = editor.ask("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}}));
        assert_eq!(answer["serverInfo"]["name"], "wardline");
        assert_eq!(answer["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let to = self.to.as_mut().unwrap();
        write!(to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        to.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// The result of a request.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.wait(|message| message["id"] == id);
        assert_eq!(answer["error"], Value::Null, "{method}");
        answer["result"].clone()
    }

    /// The first message that fits, among those that came and those to come.
    fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(place);
        }
        loop {
            let message = self.from.recv_timeout(DEADLINE).expect("the server answers");
            if fits(&message) {
                return message;
            }
            self.waiting.push(message);
        }
    }

    fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        let document = json!({"uri": self.uri(name), "languageId": "ward", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.found(name, 1)
    }

    fn change(&mut self, name: &str, text: &str, version: u64) -> Vec<Value> {
        self.type_(name, text, version);
        self.found(name, version)
    }

    fn type_(&mut self, name: &str, text: &str, version: u64) {
        let document = json!({"uri": self.uri(name), "version": version});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]}));
    }

    /// The findings about one version of a file.
    fn found(&mut self, name: &str, version: u64) -> Vec<Value> {
        let uri = self.uri(name);
        let of_version = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        };
        let message = self.wait(of_version);
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Asks about the place of `|` in the line that holds it.
    fn ask_at(&mut self, method: &str, name: &str, place: (usize, usize)) -> Value {
        let (line, column) = place;
        let params = json!({"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": column}});
        self.ask(method, params)
    }

    fn leave(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        // The editor keeps its end open; the server ends all the same.
        let status = self.server.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        assert_eq!(
            self.from.recv_timeout(DEADLINE),
            Err(mpsc::RecvTimeoutError::Disconnected),
            "nothing behind the end"
        );
    }
}

/// Reads frames until the server closes its end.
fn frames(mut out: BufReader<impl std::io::Read>, sender: &mpsc::Sender<Value>) {
    loop {
        let mut length = None;
        loop {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(number) = line.trim().strip_prefix("Content-Length: ") {
                length = number.parse::<usize>().ok();
            }
        }
        let mut body = vec![0; length.expect("every frame says its length")];
        out.read_exact(&mut body).unwrap();
        if sender.send(serde_json::from_slice(&body).expect("every body is JSON")).is_err() {
            return;
        }
    }
}

/// Line and UTF-16 column of the end of `needle` in `text`.
fn behind(text: &str, needle: &str) -> (usize, usize) {
    let at = text.find(needle).unwrap() + needle.len();
    let line = text[..at].matches('\n').count();
    (line, text[..at].rsplit('\n').next().unwrap().encode_utf16().count())
}

fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

#[test]
fn an_editor_gets_findings_offers_meaning_places_and_form() {
    let mut editor = Editor::start(&[("st-anne.ward", WARD), ("rules.ward", RULES)]);
    let (line, column) = behind(RULES, "test is ");

    // Findings of the file, with the whole folder around it: pack, escalation and desk are known.
    let found = editor.open("rules.ward", RULES);
    let unknown = found.iter().find(|found| found["code"] == "WL0201").expect("potasium");
    assert_eq!(unknown["range"]["start"], json!({"line": line, "character": column}));
    assert_eq!(unknown["range"]["end"], json!({"line": line, "character": column + "potasium".len()}));
    assert!(unknown["message"].as_str().unwrap().contains("Did you mean potassium"), "{unknown}");
    assert!(!codes(&found).contains(&"WL0203"), "{found:?}");

    // Its correction, ready to apply.
    let range = unknown["range"].clone();
    let uri = editor.uri("rules.ward");
    let context = json!({"diagnostics": []});
    let actions = editor
        .ask("textDocument/codeAction", json!({"textDocument": {"uri": uri}, "range": range, "context": context}));
    let edit = &actions[0]["edit"]["changes"][uri.as_str()][0];
    assert_eq!((&edit["newText"], &edit["range"]), (&json!("potassium"), &unknown["range"]));

    // The open, unsaved text counts, not the file.
    let right = RULES.replace("potasium", "potassium");
    let found = editor.change("rules.ward", &right, 2);
    assert!(!codes(&found).contains(&"WL0201"), "{found:?}");

    // A half-typed block loses no finding of the others, and offers what may be typed.
    let half = format!("{}\nalert \"New\"\n  page      desk \"", RULES);
    let found = editor.change("rules.ward", &half, 3);
    assert!(codes(&found).contains(&"WL0201"), "potasium is still unknown: {found:?}");
    assert!(codes(&found).contains(&"WL0108"), "the new clause cannot be read: {found:?}");
    let offers = editor.ask_at("textDocument/completion", "rules.ward", behind(&half, "page      desk \""));
    assert_eq!(offers[0]["label"], "Operations", "{offers}");
    assert_eq!(offers[0]["textEdit"]["newText"], "\"Operations\"");

    editor.change("rules.ward", &right, 4);
    let meaning = editor.ask_at("textDocument/hover", "rules.ward", behind(&right, "test is potass"));
    assert!(meaning["contents"]["value"].as_str().unwrap().contains("LOINC 2823-3"), "{meaning}");
    let meaning = editor.ask_at("textDocument/hover", "rules.ward", behind(&right, "sla \"STAT"));
    assert!(meaning["contents"]["value"].as_str().unwrap().contains("A clock starting now is due"), "{meaning}");

    let place = editor.ask_at("textDocument/definition", "rules.ward", behind(&right, "using \"Critical"));
    assert_eq!(place["uri"], json!(editor.uri("st-anne.ward")));
    let (line, column) = behind(WARD, "escalation ");
    assert_eq!(place["range"]["start"], json!({"line": line, "character": column}));

    let untidy = right.replace("  target    60 minutes", "  target 60 minute");
    editor.change("rules.ward", &untidy, 5);
    let uri = editor.uri("rules.ward");
    let options = json!({"tabSize": 2, "insertSpaces": true});
    let edits = editor.ask("textDocument/formatting", json!({"textDocument": {"uri": uri}, "options": options}));
    assert_eq!(edits[0]["newText"], json!(right));
    let outline = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
    let names: Vec<&str> = outline.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["STAT lab", "Critical potassium"]);
    editor.leave();
}

#[test]
fn findings_of_a_closed_ward_are_taken_back_and_a_saved_file_is_read_again() {
    let mut editor = Editor::start(&[("st-anne.ward", WARD), ("rules.ward", RULES)]);
    editor.open("st-anne.ward", WARD);
    let others = editor.uri("rules.ward");
    let about = |message: &Value| message["params"]["uri"] == others.as_str();
    let other = editor.wait(about);
    assert!(!other["params"]["diagnostics"].as_array().unwrap().is_empty(), "potasium, in a file that is not open");

    fs::write(editor.path("rules.ward"), RULES.replace("potasium", "potassium")).unwrap();
    let document = json!({"uri": editor.uri("st-anne.ward")});
    editor.tell("textDocument/didSave", json!({"textDocument": document}));
    let other = editor.wait(about);
    let codes: Vec<&Value> =
        other["params"]["diagnostics"].as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert!(!codes.contains(&&json!("WL0201")), "{codes:?}");

    editor.tell("textDocument/didClose", json!({"textDocument": document}));
    let closed = editor.wait(|message| about(message) && message["params"]["diagnostics"] == json!([]));
    assert_eq!(closed["method"], "textDocument/publishDiagnostics");
    editor.leave();
}

#[test]
fn typing_faster_than_a_check_ends_with_the_newest_text() {
    let mut editor = Editor::start(&[("st-anne.ward", WARD), ("rules.ward", RULES)]);
    editor.open("rules.ward", RULES);
    // Every prefix of a new block, as somebody types it; the last one must be heard of.
    let block = "\nalert \"Typed\"\n  policy    \"P\", owner \"Q\", review by 2199-06-30\n  when      a lab result is verifed\n";
    let cuts: Vec<usize> = block.char_indices().map(|(at, _)| at).chain([block.len()]).collect();
    for (step, cut) in cuts.iter().enumerate() {
        editor.type_("rules.ward", &format!("{RULES}{}", &block[..*cut]), u64::try_from(step).unwrap() + 2);
    }
    let last = u64::try_from(cuts.len()).unwrap() + 1;
    let found = editor.found("rules.ward", last);
    let verifed = found.iter().find(|found| found["message"].as_str().unwrap().contains("verifed"));
    assert!(verifed.is_some() && codes(&found).contains(&"WL0201"), "{found:?}");
    editor.leave();
}

#[test]
fn an_editor_that_vanishes_leaves_no_server_behind() {
    let mut editor = Editor::start(&[("st-anne.ward", WARD)]);
    editor.open("st-anne.ward", WARD);
    drop(editor.to.take());
    assert_eq!(editor.server.wait().unwrap().code(), Some(1));
    assert!(Path::new(editor.folder.path()).exists());
}
