//! Tasks: how does a desk hear that nobody answered an alert?
//!
//! The core opens a task when the last step of an escalation was over. Until somebody answers the alert, its desk is told on
//! every channel on which the directory has an address for it, again each minute until one has taken the message; a desk
//! without any address is spoken for by the desk `Operations`.
//!
//! - **How it fits**: `wardline run` starts it; the tasks themselves are the core's, and `GET /v1/worklist` shows them.
//! - INVARIANT: what is told is durable already, and names no patient. A desk hears of a task again only if nobody knows
//!   whether it heard before, and then the message says so ([`Said`](crate::said::Said)).
//! - **Not here**: when a task is opened and closed (the core).
//! - **Source**: language page 5.6, T7; guarantees page G5, G6.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

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

/// What the keys of these messages begin with.
const KEY: &str = "task_";

/// Tells desks of their tasks.
#[derive(Debug)]
pub struct Teller {
    engine: Engine,
    sinks: Arc<Sinks>,
    /// When those that nobody took are tried again.
    again: Option<Instant>,
    /// Tasks were looked for before.
    has_looked: bool,
}

impl Teller {
    /// With what the sinks remember.
    #[must_use]
    pub const fn new(engine: Engine, sinks: Arc<Sinks>) -> Self {
        Self { engine, sinks, again: None, has_looked: false }
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
        let said = self.sinks.said();
        let keys: BTreeSet<String> = open.iter().flat_map(keys).collect();
        if !self.has_looked && said.is_anew() {
            // The file is lost, or the directory was restored: whatever is open may have been told.
            said.doubt(keys.iter().cloned().collect()).await;
        }
        self.has_looked = true;
        said.keep(move |key| !key.starts_with(KEY) || keys.contains(key)).await;
        let is_pause = self.again.is_some_and(|again| Instant::now() < again);
        let is_untold = |task: &&Task| !self::keys(task).any(|key| said.is_taken(&key));
        let untold: Vec<&Task> = open.iter().filter(is_untold).collect();
        if !is_pause && !untold.is_empty() {
            let heard = tell_all(&self.sinks, &untold, self.engine.log_now()).await;
            self.again = (heard < untold.len()).then(|| Instant::now() + OPERATIONS_AGAIN);
        }
    }
}

/// Tells each desk of its task; how many of them a channel took.
async fn tell_all(sinks: &Arc<Sinks>, tasks: &[&Task], at: Timestamp) -> usize {
    let mut heard = 0;
    for some in tasks.chunks(TASKS_TOLD_AT_ONCE) {
        let start = |task: &&Task| tokio::spawn(tell(sinks.clone(), (*task).clone(), at));
        let telling: Vec<_> = some.iter().map(start).collect();
        for (task, telling) in some.iter().zip(telling) {
            if telling.await.unwrap_or(false) {
                heard += 1;
            } else {
                tracing::error!(desk = %task.desk, rule = %task.rule, "tasks.tell: nobody was told; it is tried again");
            }
        }
    }
    heard
}

/// By which keys its desk hears of a task.
fn keys(task: &Task) -> impl Iterator<Item = String> {
    Channel::ALL.iter().map(|channel| key(task, *channel))
}

fn key(task: &Task, channel: Channel) -> String {
    let hash = blake3::hash(&[b"task", task.alert.to_string().as_bytes(), channel.name().as_bytes()].concat()).to_hex();
    format!("{KEY}{}", hash.get(..32).unwrap_or_default())
}

async fn tell(sinks: Arc<Sinks>, task: Task, at: Timestamp) -> bool {
    let message = |channel| message(&task, channel, at);
    let has_way = !sinks.ways_to_desk(&task.desk, at).is_empty();
    let desk = if has_way { task.desk.as_str() } else { DESK };
    operations::tell(&sinks, desk, at, message).await > 0
}

fn message(task: &Task, channel: Channel, at: Timestamp) -> Outgoing {
    let (desk, rule, since) = (&task.desk, &task.rule, task.raised);
    let about = task.report.map(|report| format!(" Report {report}.")).unwrap_or_default();
    Outgoing {
        key: Text::from(key(task, channel)),
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
