//! Load tool: where do a million believable reports come from, and how does an engine bear them?
//!
//! A seeded generator tells the lives of clinical reports: orders, specimens, examinations, finals, corrections, answers, with the
//! rhythm of a hospital's day and the faults of real interfaces. The same inputs give the same bytes on any machine.
//! The `wardline-loadtest` binary writes them to a file, sends them to an engine and measures it, or plans the machine a site needs;
//! as a library, the [`generator`] feeds a demo.
//!
//! ```text
//!  profile ─▶ world ─▶ arrivals ─▶ life ─▶ faults, scenario ─▶ generator ─▶ line ─┬▶ file
//!                                                                                └▶ drive ─▶ result ─▶ gate, report, compare
//! ```
//! - LIMIT: all bounds are in [`limits`].
//! - **Not here**: judging events (`wardline-rules`); being fast at anything but making lines.

pub mod answers;
pub mod argument;
pub mod arrivals;
pub mod calendar;
pub mod codes;
pub mod compare;
pub mod conform;
pub mod draw;
pub mod drive;
pub mod error;
pub mod faults;
pub mod gate;
pub mod generator;
pub mod hl7;
pub mod life;
pub mod limits;
pub mod line;
pub mod plan;
pub mod profile;
pub mod random;
pub mod receiver;
pub mod report;
pub mod result;
pub mod scenario;
pub mod tatmark;
pub mod token;
pub mod vocabulary;
pub mod wait;
pub mod world;

pub use generator::{Generator, Order, TimedEvent};
