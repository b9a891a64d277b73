//! File: which notices went out, as lines that another program reads?
//!
//! One JSON object per line, synced before it counts as delivered. A reader that keeps the `key` of each line drops
//! repeats, so the sink is keyed.
//!
//! - LIMIT: none of its own; an operator rotates the file by renaming it, the next line begins a new one.
//! - **Not here**: sending by e-mail or SMS; another program does that from the file.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{fs::OpenOptions, io::AsyncWriteExt as _, sync::Mutex};

use super::sink::{Cause, Class, Key, Limits, Outgoing, Probing, Reply, Sending, Sink};

/// Appends notices to a file.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    is_secured: bool,
    /// One line at a time, or lines would mix.
    turn: Mutex<()>,
}

impl FileSink {
    /// Appends to `path`, which is made with the first notice.
    #[must_use]
    pub fn new(path: PathBuf, is_secured: bool) -> Self {
        Self { path, is_secured, turn: Mutex::new(()) }
    }

    async fn append(&self, message: &Outgoing) -> Reply {
        if message.text.chars().count() > Limits::default().text_chars_max {
            return Reply::FailedHard { cause: Cause::TooLarge };
        }
        let _turn = self.turn.lock().await;
        let mut options = OpenOptions::new();
        let Ok(mut file) = options.append(true).create(true).mode(0o600).open(&self.path).await else {
            return Reply::FailedSoft { retry_after: None, cause: Cause::Disk };
        };
        match write_synced(&mut file, line(message).as_bytes()).await {
            Ok(()) => Reply::Delivered,
            Err(_) => Reply::Ambiguous { cause: Cause::Disk },
        }
    }
}

async fn write_synced(file: &mut tokio::fs::File, line: &[u8]) -> io::Result<()> {
    file.write_all(line).await?;
    file.flush().await?;
    file.sync_data().await
}

/// The line of a notice, with its end.
fn line(message: &Outgoing) -> String {
    let mut line = super::sink_body(message).to_string();
    line.push('\n');
    line
}

impl Sink for FileSink {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn key(&self) -> Key {
        Key::Field("/key")
    }

    fn is_secured(&self) -> bool {
        self.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.append(message))
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let found = tokio::fs::metadata(folder.unwrap_or(Path::new("."))).await;
            found.ok().filter(std::fs::Metadata::is_dir).map(drop).ok_or(Cause::Disk)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sink::example, *};

    #[tokio::test]
    async fn each_notice_is_one_line_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let sink = FileSink::new(folder.path().join("pages.ndjson"), false);
        assert_eq!(sink.send(&example("n_a")).await, Reply::Delivered);
        assert_eq!(sink.send(&example("n_b")).await, Reply::Delivered);
        let text = std::fs::read_to_string(folder.path().join("pages.ndjson")).unwrap();
        let keys: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["key"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(keys, ["n_a", "n_b"]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_opened_was_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let sink = FileSink::new(folder.path().join("missing").join("pages.ndjson"), false);
        assert_eq!(sink.send(&example("n_a")).await, Reply::FailedSoft { retry_after: None, cause: Cause::Disk });
        assert_eq!(sink.probe().await, Err(Cause::Disk));
        assert_eq!(FileSink::new(folder.path().join("pages.ndjson"), false).probe().await, Ok(()));
    }

    #[tokio::test]
    async fn a_text_that_is_too_long_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let sink = FileSink::new(folder.path().join("pages.ndjson"), false);
        let long = Outgoing { text: "x".repeat(sink.limits().text_chars_max + 1), ..example("n_a") };
        assert_eq!(sink.send(&long).await, Reply::FailedHard { cause: Cause::TooLarge });
        assert!(!folder.path().join("pages.ndjson").exists());
    }
}
