//! Sources: what runs for each way in, and how does it end?
//!
//! ```text
//!  [[feed]] ─► open: listeners and secrets, before anything runs ─► start: one task per feed, until the stop
//! ```
//! - **How it fits**: `wardline run` opens them with its listeners and starts them when the engine takes messages.
//! - **Not here**: what comes to the HTTP API ([`http`](crate::http)), the protocols (`wardline-connectors`).

pub mod folder;
pub mod health;
pub mod lines;
pub mod mllp;
pub mod nats;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{net::TcpListener, runtime::Handle, sync::watch, task::JoinHandle};
use wardline_connectors::adapters::{
    mllp::{self as mllp_protocol, Budget, Ending},
    nats::{self as nats_protocol, Server, Subscription},
    tls::Acceptor,
};
use wardline_rules::Text;

use self::{folder::Folder, health::Health, lines::Source, mllp::Mllp, nats::Nats};
use crate::{
    codes::Code,
    config::{Config, FeedKind, Finding, Findings, Listen, Stream, Watched},
    engine::Engine,
    intake::Intake,
    metrics::Metric,
    tls,
};

/// Every feed that is not the API's, ready to run.
#[derive(Debug, Default)]
pub struct Sources {
    listening: Vec<Listening>,
    reading: Vec<(Text, FeedKind)>,
    streams: Vec<(Text, Stream, Server)>,
    folders: Vec<(Text, Watched)>,
}

/// What every source is given at its start.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The engine that takes messages.
    pub engine: Engine,
    /// The codecs.
    pub intake: Arc<Intake>,
    /// The data directory: marks stand in it.
    pub data: PathBuf,
    /// By which name others know this engine.
    pub name: String,
}

/// An MLLP feed that has its port.
#[derive(Debug)]
struct Listening {
    feed: Text,
    listener: TcpListener,
    listen: Listen,
    tls: Option<Acceptor>,
}

impl Sources {
    /// Takes every port and reads every certificate.
    ///
    /// # Errors
    /// A finding for each that cannot be had.
    pub async fn open(config: &Config) -> Result<Self, Findings> {
        let mut sources = Self::default();
        let mut findings = Findings::default();
        for feed in &config.feeds {
            match &feed.kind {
                FeedKind::Http => {}
                FeedKind::File(_) | FeedKind::Stdin => sources.reading.push((feed.name.clone(), feed.kind.clone())),
                FeedKind::Folder(watched) => sources.folders.push((feed.name.clone(), watched.clone())),
                FeedKind::Nats(stream) => match stream.broker.server(&config.base) {
                    Ok(server) => sources.streams.push((feed.name.clone(), stream.clone(), server)),
                    Err(finding) => findings.push(finding),
                },
                FeedKind::Mllp(listen) => match listening(&feed.name, listen, &config.base).await {
                    Ok(listening) => sources.listening.push(listening),
                    Err(finding) => findings.push(finding),
                },
            }
        }
        findings.or(sources)
    }

    /// Runs them all until `stop` says so.
    ///
    /// - **Output**: tasks to wait for: those that have answers to give.
    pub fn start(self, ground: &Ground, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let marks = ground.data.join("feeds");
        let mut healths = Vec::new();
        let has_marks = !self.reading.is_empty() || !self.streams.is_empty() || !self.folders.is_empty();
        if let (true, Err(error)) = (has_marks, fs::create_dir_all(&marks)) {
            tracing::warn!(%error, "feed.mark");
        }
        for (feed, kind) in self.reading {
            let mark = (kind != FeedKind::Stdin).then(|| marks.join(format!("{feed}.mark")));
            let (engine, intake) = (ground.engine.clone(), ground.intake.clone());
            let health = Health::new(engine.clone(), feed.clone());
            healths.extend((kind != FeedKind::Stdin).then(|| health.clone()));
            let source = Source { engine, intake, feed, mark, health };
            tokio::spawn(source.run(kind, stop.clone()));
        }
        let budget = Budget::default();
        let mut tasks = Vec::new();
        for listening in self.listening {
            let health = Health::of_visitors(ground.engine.clone(), listening.feed.clone());
            healths.push(health.clone());
            tasks.push(serve(listening, health, ground, (budget.clone(), stop.clone())));
        }
        for (feed, stream, server) in self.streams {
            let health = Health::new(ground.engine.clone(), feed.clone());
            healths.push(health.clone());
            tasks.push(read((feed, stream, server), health, ground, stop.clone()));
        }
        for (feed, watched) in self.folders {
            let health = Health::new(ground.engine.clone(), feed.clone());
            healths.push(health.clone());
            tasks.push(look_into((feed, watched), health, ground, stop.clone()));
        }
        tokio::spawn(health::tell(healths, stop.clone()));
        tasks
    }
}

fn serve(
    listening: Listening,
    health: Health,
    ground: &Ground,
    (budget, stop): (Budget, watch::Receiver<bool>),
) -> JoinHandle<()> {
    let Listening { feed, listener, listen, tls } = listening;
    tracing::info!(%feed, address = %listen.address, "feed.listen");
    for ending in Ending::ALL {
        // The first refusal is an increase only if there was a 0 before it.
        ground.engine.metrics().count_named(Metric::FeedRefusals, &[feed.as_str(), ending.word()], 0);
    }
    let receiver =
        Mllp { engine: ground.engine.clone(), intake: ground.intake.clone(), peers: listen.peers, health, feed };
    tokio::spawn(mllp_protocol::serve(listener, tls, Arc::new(receiver), budget, stop))
}

fn read(
    (feed, stream, server): (Text, Stream, Server),
    health: Health,
    ground: &Ground,
    stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let keeper = Nats {
        engine: ground.engine.clone(),
        intake: ground.intake.clone(),
        format: stream.format,
        mark: ground.data.join("feeds").join(format!("{feed}.place")),
        health,
        record: Arc::default(),
        feed,
    };
    let Stream { stream, consumer, subject, .. } = stream;
    let subscription = Subscription { stream, consumer, subject, owner: ground.name.clone() };
    tokio::spawn(nats_protocol::run(server, subscription, Arc::new(keeper), stop))
}

fn look_into(
    (feed, watched): (Text, Watched),
    health: Health,
    ground: &Ground,
    stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let folder = Folder {
        engine: ground.engine.clone(),
        intake: ground.intake.clone(),
        watched,
        mark: ground.data.join("feeds").join(format!("{feed}.folder")),
        health,
        tokio: Handle::current(),
        stop,
        feed,
    };
    tokio::task::spawn_blocking(|| folder.run())
}

async fn listening(feed: &Text, listen: &Listen, base: &Path) -> Result<Listening, Finding> {
    let listener = TcpListener::bind(listen.address).await.map_err(|error| {
        let headline = format!("cannot listen on `{}` for the feed `{feed}`: {error}", listen.address);
        Finding::of_file(Code::ListenFailed, "", headline, "Stop what has the port, or change `listen`.")
    })?;
    let of = format!("the feed `{feed}`");
    let tls = listen.tls.as_ref().map(|files| tls::acceptor(&of, files, base)).transpose()?;
    Ok(Listening { feed: feed.clone(), listener, listen: listen.clone(), tls })
}
