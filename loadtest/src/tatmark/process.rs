//! Process: how long did a program run, and what did it take?
//!
//! - **How it fits**: [`replay`](super::replay) runs `wardline try` with it.
//! - LIMIT: processor time and memory are those that Linux shows; elsewhere they are 0.
//! - **Not here**: what the program said.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What a process took.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Used {
    /// By the clock.
    pub seconds: f64,
    /// Of processor, all threads together.
    pub cpu_seconds: f64,
    /// Most memory at one time.
    pub peak_bytes: u64,
}

/// Runs a command to its end; what it wrote to stdout and stderr, and what it took. Its exit code decides nothing here.
///
/// **Errors**: it cannot be started or waited for.
pub fn run(command: &mut Command) -> std::io::Result<(std::process::Output, Used)> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut used = Used::default();
    // Both pipes hold more than a summary and a message, so the child never waits for us.
    while child.try_wait()?.is_none() {
        used = look(&child).unwrap_or(used);
        std::thread::sleep(LOOK);
    }
    used.seconds = begun.elapsed().as_secs_f64();
    Ok((child.wait_with_output()?, used))
}

/// The first error that a process told, or the first line of anything.
#[must_use]
pub fn refusal(output: &std::process::Output) -> String {
    let said = [output.stderr.as_slice(), &output.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let error = said.lines().find(|line| line.contains("error"));
    error.or_else(|| said.lines().next()).unwrap_or("it said nothing").trim().to_owned()
}

/// What a running process has taken; `None` when nobody says.
#[must_use]
pub fn look(child: &Child) -> Option<Used> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).ok();
    let status = read("status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    let stat = read("stat")?;
    // Behind the name in brackets: state, and from there user and system time are the twelfth and thirteenth.
    let mut times = stat.rsplit_once(')')?.1.split_whitespace().skip(11).map(str::parse::<f64>);
    let [user, system] = [times.next()?.ok()?, times.next()?.ok()?];
    // A hundred ticks a second is what Linux shows to programs on every machine.
    Some(Used { seconds: 0.0, cpu_seconds: (user + system) / 100.0, peak_bytes: kib * 1024 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_waited_for_and_heard() {
        let (output, used) =
            run(Command::new("sh").args(["-c", "seq 100000 >/dev/null; echo out; echo err >&2; exit 3"])).unwrap();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (b"out\n".as_slice(), b"err\n".as_slice()));
        assert_eq!(output.status.code(), Some(3));
        assert!(used.seconds > 0.0 && (used.peak_bytes > 0 || !cfg!(target_os = "linux")), "{used:?}");
    }

    #[test]
    fn an_error_is_told_and_not_the_warning_before_it() {
        let told = |script: &str| refusal(&run(Command::new("sh").args(["-c", script])).unwrap().0);
        assert_eq!(
            told("echo WL0952 warning: no test; echo WL0403 error: say what to do >&2"),
            "WL0403 error: say what to do"
        );
        assert_eq!((told("echo no ward"), told("true")), ("no ward".to_owned(), "it said nothing".to_owned()));
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(run(&mut Command::new("no-such-program-of-ours")).is_err());
    }
}
