//! Error: what can go wrong in the load tool, and what should the user do?
//!
//! Each refusal has a headline in the user's words, a code with a page, and one sentence of help.
//! - **How it fits**: the library returns it, `main` prints it and takes the exit code.
//! - **Not here**: faults put into events on purpose ([`faults`](crate::faults)).

use std::path::PathBuf;

use crate::codes;

/// A refusal of the load tool.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such profile.
    #[error("there is no profile `{name}`")]
    ProfileUnknown {
        /// As written.
        name: String,
        /// The nearest name we have.
        nearest: Option<&'static str>,
    },
    /// The profile file cannot be opened.
    #[error("the profile `{}` cannot be read", path.display())]
    ProfileFile {
        /// As written.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The profile file is too long.
    #[error("the profile `{}` is longer than {limit} bytes", path.display())]
    ProfileLong {
        /// As written.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// The profile is no TOML, or not of our shape.
    #[error("the profile `{name}` is not understood: {}", first_lines(message))]
    ProfileShape {
        /// Name or path.
        name: String,
        /// What the TOML reader says.
        message: String,
    },
    /// A figure makes no sense.
    #[error("`{figure}` of profile `{name}` {problem}")]
    ProfileFigure {
        /// The profile.
        name: String,
        /// The key.
        figure: String,
        /// A predicate, such as `must be above 0`.
        problem: &'static str,
    },
    /// The output cannot be written.
    #[error("`{}` cannot be written", path.display())]
    Output {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An argument cannot be read.
    #[error("`{text}` is no {wanted}")]
    Argument {
        /// As written.
        text: String,
        /// What was wanted.
        wanted: &'static str,
        /// An example of it.
        example: &'static str,
    },
    /// A file that would never end.
    #[error("a file without end was asked for")]
    Endless,
    /// A condition of `--fail-if` is not understood.
    #[error("`{text}` is no condition")]
    GateUnreadable {
        /// As written.
        text: String,
    },
    /// A condition of `--fail-if` applies.
    #[error("the run fails: {}", verdicts.join(" · "))]
    GateFailed {
        /// One per condition.
        verdicts: Vec<String>,
    },
    /// The key file cannot be read.
    #[error("the key file `{}` cannot be read", path.display())]
    KeyFile {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of events cannot be read.
    #[error("the events `{}` cannot be read", path.display())]
    EventsFile {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The engine cannot be reached.
    #[error("`{url}` cannot be reached: {problem}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        problem: String,
    },
    /// A result file is not one.
    #[error("the result `{}` cannot be read: {problem}", path.display())]
    ResultUnreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// Figures outside their band.
    #[error("{count} figures of profile `{name}` lie outside their band")]
    OutsideBand {
        /// The profile.
        name: String,
        /// How many.
        count: usize,
    },
    /// The engine could not be run, or refused.
    #[error("`{}` could not do its part: {problem}", path.display())]
    Engine {
        /// The binary.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// What the engine said is not what it should have said.
    #[error("{what} is wrong: {}", findings.join(" · "))]
    AnswersDiffer {
        /// Which run, or file.
        what: String,
        /// The first differences.
        findings: Vec<String>,
    },
    /// Figures below their floor.
    #[error("below the floor: {}", verdicts.join(" · "))]
    FloorMissed {
        /// One per figure.
        verdicts: Vec<String>,
    },
}

fn first_lines(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ")
}

impl Error {
    /// The code, whose page is `docs/errors/<code>.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ProfileUnknown { .. } => codes::PROFILE_UNKNOWN,
            Self::ProfileFile { .. } | Self::ProfileLong { .. } | Self::ProfileShape { .. } => {
                codes::PROFILE_UNREADABLE
            }
            Self::ProfileFigure { .. } => codes::PROFILE_FIGURE,
            Self::Output { .. } => codes::OUTPUT,
            Self::Argument { .. } | Self::Endless => codes::ARGUMENT,
            Self::GateUnreadable { .. } => codes::GATE_UNREADABLE,
            Self::GateFailed { .. } | Self::FloorMissed { .. } => codes::GATE_FAILED,
            Self::KeyFile { .. } | Self::EventsFile { .. } => codes::INPUT_FILE,
            Self::Unreachable { .. } => codes::UNREACHABLE,
            Self::ResultUnreadable { .. } => codes::RESULT_UNREADABLE,
            Self::OutsideBand { .. } => codes::OUTSIDE_BAND,
            Self::Engine { .. } => codes::ENGINE,
            Self::AnswersDiffer { .. } => codes::ANSWERS_DIFFER,
        }
    }

    /// One sentence to act on.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::ProfileUnknown { nearest: Some(nearest), .. } => format!("Did you mean `--profile {nearest}`?"),
            Self::ProfileUnknown { nearest: None, .. } => {
                format!("Choose one of {}, or give a file that ends in .toml.", crate::profile::NAMES.join(", "))
            }
            Self::ProfileFile { .. } => "Check the path and its permissions.".to_owned(),
            Self::ProfileLong { .. } => "A profile holds figures only; take out what does not belong to it.".to_owned(),
            Self::ProfileShape { .. } => {
                "Compare it with `wardline-loadtest profile hospital`, which prints a whole profile.".to_owned()
            }
            Self::ProfileFigure { .. } => {
                "Change this figure in the profile; `wardline-loadtest profile hospital` prints sound ones.".to_owned()
            }
            Self::Output { .. } => "Choose another `--out`, or free some space.".to_owned(),
            Self::Argument { example, .. } => format!("Write it like this: {example}."),
            Self::Endless => "Say how much you want: `--reports 1M`, `--for 7d` or `--scenario week`.".to_owned(),
            Self::GateUnreadable { .. } => {
                "Write it like this: p99>20ms, max>1s, accepted<300k/s, errors>0 or backlog>100.".to_owned()
            }
            Self::GateFailed { .. } => {
                "Open report.html of this run, or compare it with an earlier one: wardline-loadtest compare A B."
                    .to_owned()
            }
            Self::KeyFile { .. } => {
                "Check the path and its permissions; the file holds the key and nothing else.".to_owned()
            }
            Self::EventsFile { .. } => {
                "Check the path; `wardline-loadtest generate --out FILE` writes such a file.".to_owned()
            }
            Self::Unreachable { .. } => "Start the engine, or give its address with --url http://host:port.".to_owned(),
            Self::ResultUnreadable { .. } => "Give the result.json of a run, or the folder it is in.".to_owned(),
            Self::OutsideBand { .. } => {
                "The profile no longer makes the reports it promises; compare the figures above with what was changed."
                    .to_owned()
            }
            Self::Engine { .. } => "Give the binary with --wardline; build it with cargo build --release -p wardline.".to_owned(),
            Self::AnswersDiffer { .. } => {
                "Fewer reports show the difference sooner; keep the events with --keep and look at one report with `wardline try --alerts`."
                    .to_owned()
            }
            Self::FloorMissed { .. } => {
                "Repeat it on a quiet machine; leave out --floors to look at answers alone.".to_owned()
            }
        }
    }

    /// The exit code: 1 findings, 2 usage or configuration, 3 something that cannot be reached.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::OutsideBand { .. }
            | Self::GateFailed { .. }
            | Self::FloorMissed { .. }
            | Self::AnswersDiffer { .. } => 1,
            Self::ProfileUnknown { .. }
            | Self::ProfileFile { .. }
            | Self::ProfileLong { .. }
            | Self::ProfileShape { .. }
            | Self::ProfileFigure { .. }
            | Self::Argument { .. }
            | Self::GateUnreadable { .. }
            | Self::ResultUnreadable { .. }
            | Self::KeyFile { .. }
            | Self::EventsFile { .. }
            | Self::Endless => 2,
            Self::Output { .. } | Self::Unreachable { .. } | Self::Engine { .. } => 3,
        }
    }
}
