//! Stop: does the real program end as asked, whenever it is asked?
//!
//! A request to end may come while the engine still begins: nothing is lost by that, so it is no failure, and the process
//! says so by its exit code instead of dying of the signal.
//! - **Not here**: a stop under load and its checkpoint (tests of the runtime, `tests/e2e/chaos.py`).

#[cfg(test)]
mod stop {
    use std::{
        fs,
        io::{self, BufRead as _, BufReader},
        path::Path,
        process::{Child, Command, Stdio},
        sync::mpsc,
        thread,
        time::Duration,
    };

    /// Longest wait for the end; far more than a loaded machine needs.
    const DEADLINE: Duration = Duration::from_secs(60);

    const CONFIG: &str = "ward = \"st-anne.ward\"\ndata = \"data\"\n\n[http]\nlisten = \"127.0.0.1:0\"\nadmin = \
                          \"127.0.0.1:0\"\n\n[[feed]]\nname = \"lis\"\nkind = \"http\"\n";

    struct Process(Child);

    impl Drop for Process {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    /// Starts an engine whose ward nobody ever writes to the end: it hangs where it reads it.
    fn start(folder: &Path) -> Process {
        fs::write(folder.join("wardline.toml"), CONFIG).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join("st-anne.ward")).status().unwrap().success());
        let process = Command::new(env!("CARGO_BIN_EXE_wardline"))
            .args(["run", "--config"])
            .arg(folder.join("wardline.toml"))
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn();
        Process(process.unwrap())
    }

    /// Waits for a line that holds this; all lines up to it.
    fn until_said(process: &mut Process, word: &str) -> Vec<String> {
        let mut said = Vec::new();
        for line in BufReader::new(process.0.stderr.as_mut().unwrap()).lines() {
            said.push(line.unwrap());
            if said.last().is_some_and(|line| line.contains(word)) {
                return said;
            }
        }
        panic!("it ended without `{word}`: {said:#?}");
    }

    fn signal(process: &Process, name: &str) {
        assert!(Command::new("kill").args([name, &process.0.id().to_string()]).status().unwrap().success());
    }

    /// The exit code; `None` if it died of the signal.
    fn ended(mut process: Process) -> Option<i32> {
        let mut stderr = process.0.stderr.take().unwrap();
        let (done, over) = mpsc::channel();
        thread::spawn(move || {
            drop(io::copy(&mut stderr, &mut io::sink()));
            _ = done.send(());
        });
        over.recv_timeout(DEADLINE).expect("it does not end");
        process.0.wait().unwrap().code()
    }

    #[test]
    fn a_request_to_end_before_the_first_ward_is_active_is_heard() {
        for (asked, name) in [("first address", "http.listen"), ("recovery", "store.recover")] {
            let folder = tempfile::tempdir().unwrap();
            let mut process = start(folder.path());
            until_said(&mut process, name);
            // Nobody asked it to end by this.
            signal(&process, "-HUP");
            signal(&process, "-TERM");
            assert_eq!(ended(process), Some(0), "after the {asked}");
        }
    }
}
