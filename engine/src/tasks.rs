//! Tasks: how does a desk hear that nobody answered an alert?
//!
//! The core opens a task when the last step of an escalation was over. Until somebody answers the alert, its desk is told on
//! every channel on which the directory has an address for it, again each minute until one has taken the message; a desk
//! without any address is spoken for by the desk `Operations`.
//!
//! - **How it fits**: `wardline run` starts it; the tasks themselves are the core's, and `GET /v1/worklist` shows them.
//! - INVARIANT: what is told is durable already, and names no patient. Which tasks were told stands in a file of the data
//!   directory; if it is lost, or the process dies before it is written, a desk hears of a task twice, with the same key.
//! - **Not here**: when a task is opened and closed (the core).
//! - **Source**: language page 5.6, T7; guarantees page G5.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use tokio::sync::watch;
use wardline_connectors::adapters::{Outgoing, sink::Asks};
use wardline_core::output::Task;
use wardline_rules::{Text, time::Timestamp, words::Channel};

use crate::{
    dispatcher::sinks::Sinks,
    engine::Engine,
    limits::{OPERATIONS_AGAIN, TASKS_EVERY, TASKS_TOLD_AT_ONCE},
    operations::{self, DESK},
};

/// Tells desks of their tasks.
#[derive(Debug)]
pub struct Teller {
    engine: Engine,
    sinks: Arc<Sinks>,
    file: PathBuf,
    /// Those that a channel took; open ones only.
    told: BTreeSet<String>,
    /// When those that nobody took are tried again.
    again: Option<Instant>,
}

impl Teller {
    /// With what the file in the data directory remembers.
    #[must_use]
    pub fn new(engine: Engine, sinks: Arc<Sinks>, folder: &Path) -> Self {
        let file = folder.join("tasks.told");
        let told = match fs::read_to_string(&file) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "tasks.told: every open task is told again");
                }
                BTreeSet::new()
            }
        };
        Self { engine, sinks, file, told, again: None }
    }

    /// Looks every few seconds until the stop.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(TASKS_EVERY);
        let work = async {
            loop {
                ticks.tick().await;
                self.look().await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Tells what is open and was not told; forgets what is no longer open.
    pub async fn look(&mut self) {
        // Gone: the engine ends.
        let Ok(open) = self.engine.ask(|kernel| kernel.open_tasks()).await else { return };
        let before = self.told.clone();
        let ids: BTreeSet<String> = open.iter().map(id).collect();
        self.told.retain(|alert| ids.contains(alert));
        let is_pause = self.again.is_some_and(|again| Instant::now() < again);
        let untold: Vec<&Task> = open.iter().filter(|task| !self.told.contains(&id(task))).collect();
        if !is_pause && !untold.is_empty() {
            let heard = tell_all(&self.sinks, &untold, self.engine.log_now()).await;
            self.again = (heard.len() < untold.len()).then(|| Instant::now() + OPERATIONS_AGAIN);
            self.told.extend(heard);
        }
        if self.told != before {
            self.remember();
        }
    }

    fn remember(&self) {
        let text: String = self.told.iter().map(|alert| format!("{alert}\n")).collect();
        let fresh = self.file.with_extension("new");
        let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &self.file));
        if let Err(error) = written {
            tracing::warn!(%error, "tasks.told");
        }
    }
}

/// Tells each desk of its task; the names of those that a channel took.
async fn tell_all(sinks: &Arc<Sinks>, tasks: &[&Task], at: Timestamp) -> Vec<String> {
    let mut heard = Vec::new();
    for some in tasks.chunks(TASKS_TOLD_AT_ONCE) {
        let start = |task: &&Task| tokio::spawn(tell(sinks.clone(), (*task).clone(), at));
        let telling: Vec<_> = some.iter().map(start).collect();
        for (task, telling) in some.iter().zip(telling) {
            if telling.await.unwrap_or(false) {
                heard.push(id(task));
            } else {
                tracing::error!(desk = %task.desk, rule = %task.rule, "tasks.tell: nobody was told; it is tried again");
            }
        }
    }
    heard
}

/// By which name a task is remembered.
fn id(task: &Task) -> String {
    task.alert.to_string()
}

async fn tell(sinks: Arc<Sinks>, task: Task, at: Timestamp) -> bool {
    let message = |channel| message(&task, channel, at);
    let has_way = !sinks.ways_to_desk(&task.desk, at).is_empty();
    let desk = if has_way { task.desk.as_str() } else { DESK };
    operations::tell(&sinks, desk, at, message).await > 0
}

fn message(task: &Task, channel: Channel, at: Timestamp) -> Outgoing {
    let key = blake3::hash(&[b"task", task.alert.to_string().as_bytes(), channel.name().as_bytes()].concat()).to_hex();
    let (desk, rule, since) = (&task.desk, &task.rule, task.raised);
    let about = task.report.map(|report| format!(" Report {report}.")).unwrap_or_default();
    Outgoing {
        key: Text::from(format!("task_{}", key.get(..32).unwrap_or_default())),
        code: Text::default(),
        link: String::new(),
        callback: String::new(),
        asks: Asks::Nothing,
        withdraws: Vec::new(),
        severity: task.severity.clone(),
        level: task.level,
        purpose: "task",
        channel,
        address: Text::default(),
        text: format!("Nobody answered {rule}, raised {since}: it is a task of {desk} now.{about}"),
        is_repeat: false,
        number: 1,
        at,
    }
}

#[cfg(test)]
mod tests;
