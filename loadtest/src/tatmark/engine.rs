//! Engine: how is an installation set up for one run, started, killed and asked?
//!
//! A folder with ward, configuration and data; every listener has a free port of the loopback. It is ended by a kill and nothing
//! gentler: what was acknowledged must be on disk at any time.
//!
//! - **How it fits**: the runs of [`tatmark`](super) that are [`live`](super::live).
//! - **Not here**: sending events ([`drive`](crate::drive)).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::Error;

/// How long an engine may take to be ready.
const START: Duration = Duration::from_secs(120);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An installation, and its process while it runs.
#[derive(Debug)]
pub struct Engine {
    wardline: PathBuf,
    folder: PathBuf,
    api: u16,
    sql: u16,
    child: Option<Child>,
}

impl Engine {
    /// Writes an installation into `folder`; its pages go to the webhook at port `receiver`.
    ///
    /// **Errors**: files cannot be written, no port is free.
    pub fn new(
        wardline: &Path,
        folder: &Path,
        ward: &str,
        receiver: Option<u16>,
        has_sql: bool,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Output { path: folder.to_owned(), source };
        let [api, admin, sql, postgres] = free_ports().map_err(failed)?;
        let mut config = format!(
            "ward = \"run.ward\"\ndata = \"data\"\n[http]\nlisten = \"127.0.0.1:{api}\"\nadmin = \"127.0.0.1:{admin}\"\n\
             [sql]\nenabled = {has_sql}\nlisten = \"127.0.0.1:{sql}\"\npostgres = \"127.0.0.1:{postgres}\"\n"
        );
        if let Some(port) = receiver {
            config += "[[channel]]\nname = \"default\"\n";
            for channel in ["secure_message", "phone"] {
                config += &format!(
                    "{channel} = {{ kind = \"webhook\", url = \"http://127.0.0.1:{port}/{channel}\", secret = \"file:secret\", \
                     class = \"keyed\", inside = true, secured = true, five_hundred = \"not done\" }}\n"
                );
            }
        }
        let mut directory = "role_or_token,authority,id,channel,address,licence,from,until\n".to_owned();
        for desk in ["Laboratory", "Reading room", "Ward", "On call", "Operations"] {
            for channel in ["secure message", "phone"] {
                directory += &format!("{desk},,,{channel},{},,,\n", desk.replace(' ', "-"));
            }
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let secret = "a secret of the load tool, 32 byte";
        for (name, text) in
            [("run.ward", ward), ("wardline.toml", &config), ("directory.csv", &directory), ("secret", secret)]
        {
            put(&folder.join(name), text).map_err(failed)?;
        }
        Ok(Self { wardline: wardline.to_owned(), folder: folder.to_owned(), api, sql, child: None })
    }

    /// Starts it and waits until it is ready; how long that took.
    ///
    /// **Errors**: it ends, or is not ready in time.
    pub fn start(&mut self) -> Result<Duration, Error> {
        let begun = Instant::now();
        let log = std::fs::OpenOptions::new().append(true).create(true).open(self.folder.join("engine.log"));
        let logged = log.and_then(|log| Ok((log.try_clone()?, log)));
        let (out, err) = logged.map_err(|source| Error::Output { path: self.folder.clone(), source })?;
        let mut command = Command::new(&self.wardline);
        command.arg("run").arg("--config").arg(self.folder.join("wardline.toml")).stdin(Stdio::null());
        let child = command.stdout(out).stderr(err).spawn();
        self.child = Some(child.map_err(|error| self.failed(error.to_string()))?);
        while begun.elapsed() < START {
            if self.get("/health/ready").is_ok_and(|(status, _)| status == 200) {
                return Ok(begun.elapsed());
            }
            if let Some(child) = &mut self.child
                && !matches!(child.try_wait(), Ok(None))
            {
                return Err(self.failed(self.last_words()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(self.failed("it was not ready in two minutes".to_owned()))
    }

    /// Kills it, as a power failure would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only for a process that has ended by itself, and then it is gone as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its address for senders.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    /// Asks its API.
    ///
    /// **Errors**: those of the connection.
    pub fn get(&self, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
        ask(self.api, "GET", path, "", b"")
    }

    /// Asks a statement; its status.
    ///
    /// **Errors**: those of the connection.
    pub fn sql(&self, statement: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let body = serde_json::json!({ "sql": statement }).to_string();
        ask(self.sql, "POST", "/v1/sql", "application/json", body.as_bytes())
    }

    /// Makes another ward the active one, as a person would.
    ///
    /// **Errors**: it is refused.
    pub fn activate(&self, ward: &str) -> Result<(), Error> {
        let path = self.folder.join("next.ward");
        put(&path, ward).map_err(|source| Error::Output { path: path.clone(), source })?;
        let url = self.url();
        self.verb(&["activate", &path.display().to_string(), "--url", &url]).map(drop)
    }

    /// Every event that is on its disk, as lines, into `path`; and whether `wardline verify` finds the disk sound.
    ///
    /// **Errors**: it is not, or the file cannot be written.
    pub fn export(&self, path: &Path) -> Result<(), Error> {
        let disk = self.folder.join("data").display().to_string();
        self.verb(&["verify", "--data", &disk])?;
        let lines = self.verb(&["export", "--data", &disk])?;
        std::fs::write(path, lines).map_err(|source| Error::Output { path: path.to_owned(), source })
    }

    fn verb(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let done = Command::new(&self.wardline).args(arguments).stdin(Stdio::null()).output();
        let done = done.map_err(|error| self.failed(error.to_string()))?;
        if done.status.success() {
            return Ok(done.stdout);
        }
        let verb = arguments.first().copied().unwrap_or_default();
        Err(self.failed(format!("{verb}: {}", super::process::refusal(&done))))
    }

    fn failed(&self, problem: String) -> Error {
        Error::Engine { path: self.wardline.clone(), problem }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("engine.log")).unwrap_or_default();
        log.lines().last().unwrap_or("it ended without a word").to_owned()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes a file that nobody else may read: the engine refuses others.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn free_ports() -> std::io::Result<[u16; 4]> {
    let mut held = Vec::new();
    let mut ports = [0; 4];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// One request on a connection of its own. HTTP/1.0, so that the answer ends with the connection and comes in one piece.
fn ask(port: u16, method: &str, path: &str, kind: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let head =
        format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{kind}Content-Length: {}\r\n\r\n", body.len());
    socket.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(std::io::ErrorKind::InvalidData)?;
    let rest = answer.split_off(end + 4);
    let head = String::from_utf8_lossy(&answer);
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = [0; 256];
            let length = socket.read(&mut request).unwrap();
            socket.write_all(b"HTTP/1.0 418 A teapot\r\nX: y\r\n\r\nshort\r\n\r\nand stout").unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let (status, body) = ask(port, "POST", "/v1/sql", "text/plain", b"SELECT 1").unwrap();
        assert_eq!((status, body.as_slice()), (418, b"short\r\n\r\nand stout".as_slice()));
        let asked = server.join().unwrap();
        assert!(asked.starts_with("POST /v1/sql HTTP/1.0\r\n") && asked.ends_with("\r\n\r\nSELECT 1"), "{asked}");
    }

    #[test]
    fn an_engine_that_ends_at_once_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("engine");
        std::fs::write(&program, "#!/bin/sh\necho no ward today >&2\nexit 2\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let mut engine = Engine::new(&program, &folder.path().join("home"), "", Some(9), false).unwrap();
        let error = engine.start().unwrap_err();
        assert_eq!(error.code(), "WL1812");
        assert!(error.to_string().contains("no ward today"), "{error}");
    }
}
