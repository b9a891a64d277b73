//! Prometheus: which alerts would have fired, and when?
//!
//! The samples become blocks by `promtool`, a Prometheus serves them, and every alert rule is asked for every minute at once.
//! What a rule reads of recorded series is put in its place: so all is as it would have been at that minute.
//!
//! - **Not here**: routing (Alertmanager).

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use wardline_rules::time::{Span, Timestamp};

/// How far apart the questions are, in seconds.
const STEP: i64 = 60;

/// The begin of an alert.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Firing {
    pub(super) at: Timestamp,
    pub(super) alert: String,
    pub(super) labels: String,
}

/// A Prometheus that holds samples; it ends with this.
pub(super) struct Prometheus {
    child: Child,
    /// What it goes on to say; it would end if nobody could hear it.
    _log: BufReader<ChildStderr>,
    port: u16,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// An empty folder of this process.
pub(super) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wardline-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder
}

impl Prometheus {
    /// Puts samples into blocks and serves them with the rules of the repository.
    pub(super) fn holding(folder: &Path, samples: &Path) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let data = folder.join("data");
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([samples, &data])
            .output()
            .unwrap_or_else(|error| panic!("promtool: {error}; install the package `prometheus`"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::remove_file(samples).unwrap();
        let rules = root.join("grafana/rules");
        let config = folder.join("prometheus.yml");
        let names = ["recording.yaml", "alerts.yaml"].map(|name| format!("\"{}\"", rules.join(name).display()));
        // The rules are read here and not evaluated: the clock of this Prometheus is far from the day.
        fs::write(&config, format!("global: {{evaluation_interval: 1d}}\nrule_files: [{}]\n", names.join(", ")))
            .unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--storage.tsdb.retention.time=20y")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus: {error}; install the package `prometheus`"));
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("Server is ready to receive web requests") {
            assert!(log.read_line(&mut said).unwrap() > 0, "prometheus ended: {said}");
        }
        Self { child, _log: log, port }
    }

    /// Every begin of every alert from `begin` to `end`.
    pub(super) fn alerts(&self, begin: Timestamp, end: Timestamp) -> Vec<Firing> {
        let groups = self.api("rules");
        let rules: Vec<&Value> = list(&groups["groups"]).iter().flat_map(|group| list(&group["rules"])).collect();
        let recorded: BTreeMap<&str, &str> = rules
            .iter()
            .filter(|rule| rule["type"] == "recording")
            .map(|rule| (rule["name"].as_str().unwrap(), rule["query"].as_str().unwrap()))
            .collect();
        let mut firings = Vec::new();
        for rule in rules.iter().filter(|rule| rule["type"] == "alerting" && rule["labels"]["severity"] != "none") {
            let ask = written_out(rule["query"].as_str().unwrap(), &recorded);
            let lasting = Span::from_seconds(rule["duration"].as_i64().unwrap());
            let path =
                format!("query_range?start={}&end={}&step={STEP}&query={}", second(begin), second(end), escaped(&ask));
            let name = rule["name"].as_str().unwrap();
            for series in list(&self.api(&path)["result"]) {
                let times: Vec<i64> = list(&series["values"]).iter().map(|value| value[0].as_i64().unwrap()).collect();
                let labels = series["metric"].to_string();
                let begins = begins(&times, lasting).into_iter();
                firings.extend(begins.map(|at| Firing { at, alert: name.to_owned(), labels: labels.clone() }));
            }
        }
        firings.sort();
        firings
    }

    fn api(&self, path: &str) -> Value {
        let (status, body) = self.get(&format!("/api/v1/{path}")).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["data"].clone()
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn second(at: Timestamp) -> i64 {
    at.micros() / 1_000_000
}

/// A query in which every recorded series is replaced by what it records.
fn written_out(ask: &str, recorded: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let mut rest = ask;
    while let Some(at) = rest.find("instance_") {
        let (before, from) = rest.split_at(at);
        let len = from.find(|letter| !is_name(letter)).unwrap_or(from.len());
        let (name, after) = from.split_at(len);
        out.push_str(before);
        match recorded.get(name) {
            Some(query) => out.push_str(&format!("({})", written_out(query, recorded))),
            None => panic!("`{name}` is not recorded"),
        }
        rest = after;
    }
    out + rest
}

/// When something that holds at these times has held for so long, each time that it began.
fn begins(times: &[i64], lasting: Span) -> Vec<Timestamp> {
    let mut found = Vec::new();
    for run in times.chunk_by(|one, next| next - one <= STEP) {
        let needed = lasting.micros() / 1_000_000;
        if let Some(at) = run.iter().find(|at| *at - run[0] >= needed) {
            found.push(Timestamp::from_micros(at * 1_000_000));
        }
    }
    found
}

fn escaped(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[test]
fn an_alert_begins_when_it_has_held_long_enough() {
    let minutes = |minutes: &[i64]| minutes.iter().map(|minute| minute * 60).collect::<Vec<_>>();
    let found = |times: &[i64], lasting| {
        begins(&minutes(times), Span::from_minutes(lasting)).iter().map(|at| second(*at) / 60).collect::<Vec<_>>()
    };
    assert_eq!(found(&[1, 2, 3, 7, 8, 9, 10], 3), [10]);
    assert_eq!(found(&[1, 2, 7], 0), [1, 7]);
}

#[test]
fn recorded_series_are_written_out_within_each_other() {
    let recorded = BTreeMap::from([("instance_a:b:c", "instance_d:e:f / 2"), ("instance_d:e:f", "sum(g)")]);
    assert_eq!(written_out("instance_a:b:c > 1 and instance_d:e:f", &recorded), "((sum(g)) / 2) > 1 and (sum(g))");
}
