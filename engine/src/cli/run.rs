//! `wardline run`: the engine.
//!
//! - **Not here**: its parts; this file starts and ends them, in order.

use std::{io::IsTerminal as _, path::PathBuf, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::EnvFilter;
use wardline_core::Partition;
use wardline_store::{crash_note::CrashNote, disk::RealDisk};

use super::{Ending, ending::tell};
use crate::{
    codes::Code,
    config::{Findings, ServerTls},
    dispatcher::sinks::Sinks,
    engine::{Engine, Surroundings},
    history::Directory,
    http::{self, Parts, Routers, listen, routers},
    installation::Installation,
    intake::Intake,
    metrics::Metrics,
    operations, reload,
    runtime::{
        self, Care, Running, Start,
        clock::{MachineClock, WallClock},
        log::Ended,
        poison::Death,
        recovery,
    },
    said::Said,
    sources::{Ground, Sources},
    tasks::Teller,
    tls::Secured,
};

/// What `run` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline run --config wardline.toml
  wardline run --config wardline.toml --accept-time    the machine's time is right, the log's was not
  WARDLINE_LOG=debug wardline run                      more log lines on stderr")]
pub struct Args {
    /// The installation.
    #[arg(long, value_name = "FILE", default_value = "wardline.toml")]
    config: PathBuf,
    /// The data directory comes from a backup: notices are kept and not sent. When the old engine is known to be gone, stop
    /// this one and start it without the flag: that confirms it.
    #[arg(long)]
    restored: bool,
    /// The machine's time is right, however far it is from the log's.
    #[arg(long)]
    accept_time: bool,
}

/// Runs the engine until it is told to stop.
pub fn run(args: &Args) -> Ending {
    start_logging();
    let cannot_start = |error: std::io::Error| {
        tell(&format!("cannot start: {error}\n"));
        Ending::Unreachable
    };
    let tokio = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(tokio) => tokio,
        Err(error) => return cannot_start(error),
    };
    // Before anything else: from here on a request to end is heard.
    let signals = tokio.block_on(async { Signals::listen() });
    let ending = match (signals, Installation::load(&args.config)) {
        (Err(error), _) => cannot_start(error),
        (_, Err(findings)) => refused(&findings),
        (Ok(signals), Ok(installation)) => tokio.block_on(serve(args, Arc::new(installation), signals)),
    };
    tokio.shutdown_background();
    ending
}

fn refused(findings: &Findings) -> Ending {
    tell(&format!("{findings}\n"));
    Ending::Usage
}

/// Log lines go to stderr; `WARDLINE_LOG` says how many.
pub(super) fn start_logging() {
    let filter = EnvFilter::new(directives(std::env::var("WARDLINE_LOG").ok().as_deref()));
    let has_colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(has_colours)
        .with_target(false);
    // A second call, as in tests, changes nothing.
    drop(subscriber.try_init());
}

/// A bare level is about our own lines. Libraries write whole statements and headers when they are asked for more, and what
/// stands in those may be about a patient: they are asked by name only, as in `info,hyper=debug`.
fn directives(wanted: Option<&str>) -> String {
    match wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        None => "warn,wardline=info".to_owned(),
        Some(wanted) if wanted.bytes().all(|byte| byte.is_ascii_alphabetic()) => format!("warn,wardline={wanted}"),
        Some(wanted) => wanted.to_owned(),
    }
}

/// Serves until it is asked to end. While it begins it just leaves off: that is a kill, at any moment of which nothing is lost.
async fn serve(args: &Args, installation: Arc<Installation>, signals: Signals) -> Ending {
    let Signals { mut asked, hangups } = signals;
    let begun = tokio::select! {
        begun = start(args, &installation) => begun,
        () = asked.next() => {
            tracing::info!("engine.stop: before it took anything");
            return Ending::Fine;
        }
    };
    let Begun { engine, intake, sinks, running, mut listeners, secured, sources, stop, is_sending, keeps_tables } =
        match begun {
            Ok(begun) => begun,
            Err(ending) => return ending,
        };
    let stopped = stop.subscribe();
    remember_feeds(&engine, &installation).await;
    let is_asked = tokio::select! {
        _ = reload::activate(&engine, &installation) => false,
        // The files of the ward may be on a disk that hangs.
        () = asked.next() => true,
    };
    if !is_asked {
        listeners.extend(sources.start(&ground(&engine, &intake, &installation), &stopped));
        if is_sending {
            tokio::spawn(Teller::new(engine.clone(), sinks.clone()).run(stopped.clone()));
        }
        if keeps_tables {
            start_query(args.config.clone(), &engine, &stopped);
        }
        let watched = reload::Watched { installation: installation.clone(), sinks: sinks.clone(), secured };
        tokio::spawn(reload::watch(engine.clone(), watched, hangups, stopped));
    }
    let over = until_the_end(&engine, running, asked, is_asked).await;
    stop.send_replace(true);
    let Over::Ended(ended) = over else { return Ending::Interrupted };
    for listener in listeners {
        drop(listener.await);
    }
    match ended {
        Some(Ended::Cleanly) => Ending::Fine,
        Some(Ended::Poisoned) | None => stopped_by_fault(&sinks, &installation).await,
    }
}

/// An engine that has begun, and what goes on beside it.
struct Begun {
    engine: Engine,
    intake: Arc<Intake>,
    sinks: Arc<Sinks>,
    running: Running,
    listeners: Vec<tokio::task::JoinHandle<()>>,
    secured: Vec<Secured>,
    sources: Sources,
    stop: watch::Sender<bool>,
    is_sending: bool,
    keeps_tables: bool,
}

/// Opens everything, listens and recovers, in this order: whoever asks meanwhile hears that it is not ready.
async fn start(args: &Args, installation: &Arc<Installation>) -> Result<Begun, Ending> {
    let refused = |findings| refused(&findings);
    let sinks = open_sinks(installation)?;
    let clock: Arc<dyn WallClock> = Arc::new(MachineClock);
    let (engine, seat) = runtime::open(clock.clone()).map_err(|error| {
        tell(&format!("cannot start: {error}\n"));
        Ending::Usage
    })?;
    engine.surround(Surroundings { volume: installation.config.data.clone() });
    let intake = Arc::new(Intake::new(&installation.config.feeds, installation.tokeniser()));
    let (stop, stopped) = watch::channel(false);
    let routers = routers(parts(&engine, &intake, installation, &sinks).map_err(refused)?);
    let (listeners, secured) = listeners(installation, routers, &stopped).await?;
    let sources = Sources::open(&installation.config).await.map_err(refused)?;
    let begin = begin(args, installation, (clock.as_ref(), engine.metrics()), sinks.clone()).map_err(refused)?;
    let (keeps_tables, is_sending) = (begin.archiving.is_some(), begin.is_sending);
    warn_if_not_sending(&begin);
    let (handle, starting) = (tokio::runtime::Handle::current(), engine.clone());
    let begun =
        tokio::task::spawn_blocking(move || runtime::start::<_, Partition>(&starting, seat, begin, &handle)).await;
    let running = match begun {
        Ok(Ok(running)) => running,
        Ok(Err(error)) => {
            tell_operations(&sinks, installation).await;
            return Err(not_opened(&error));
        }
        Err(_) => return Err(Ending::Damaged),
    };
    if let Some(death) = running.death() {
        tokio::spawn(tell_of_what_is_left_out(sinks.clone(), installation.clone(), clock, death));
    }
    Ok(Begun { engine, intake, sinks, running, listeners, secured, sources, stop, is_sending, keeps_tables })
}

/// The exits, with what was said through them before.
fn open_sinks(installation: &Installation) -> Result<Arc<Sinks>, Ending> {
    let directory = installation.directory();
    let sinks = directory.and_then(|directory| Sinks::open(&installation.config, directory, None));
    let sinks = sinks.map_err(|findings| refused(&findings))?;
    let said = Said::open(installation.disk.clone()).map_err(|error| {
        tell(&format!("error: {error}\n"));
        Ending::Damaged
    })?;
    Ok(Arc::new(sinks.remembering(said)))
}

/// Says that the engine did not end as asked, to operations and at the terminal.
async fn stopped_by_fault(sinks: &Sinks, installation: &Installation) -> Ending {
    tell_operations(sinks, installation).await;
    let (code, title) = (Code::Stopped, Code::Stopped.title());
    tell(&format!("{code} error: {title}. Have the disk checked, then start again.\n"));
    Ending::Damaged
}

/// What the API is made of.
fn parts(
    engine: &Engine,
    intake: &Arc<Intake>,
    installation: &Installation,
    sinks: &Arc<Sinks>,
) -> Result<Parts, Findings> {
    Ok(Parts {
        engine: engine.clone(),
        intake: intake.as_ref().clone(),
        keys: installation.config.keys.clone(),
        hook_secrets: http::hook_secrets(&installation.config)?,
        links: installation.links(),
        sinks: sinks.clone(),
        past: Arc::new(Directory(installation.disk.clone())),
    })
}

/// What every source is given.
fn ground(engine: &Engine, intake: &Arc<Intake>, installation: &Installation) -> Ground {
    Ground {
        engine: engine.clone(),
        intake: intake.clone(),
        data: installation.config.data.clone(),
        name: installation.name(),
    }
}

/// What the engine is started with.
fn begin(
    args: &Args,
    installation: &Installation,
    (clock, metrics): (&dyn WallClock, &Metrics),
    sinks: Arc<Sinks>,
) -> Result<Start<RealDisk>, Findings> {
    let monitor = Sinks::monitor(&installation.config)?;
    if monitor.is_none() {
        tracing::warn!(
            "heartbeat: no `heartbeat` is set up: nobody outside would notice that this engine stands still"
        );
    }
    Ok(Start {
        care: Care { keep_log: installation.config.keep_log, monitor },
        disk: installation.disk.clone(),
        options: installation.options(clock, args.restored),
        accept_time: args.accept_time,
        needs_ward: true,
        is_sending: !installation.config.channels.is_empty() && !args.restored,
        sinks,
        links: installation.links(),
        archiving: archiving(installation, metrics),
    })
}

/// How it came that the engine runs no more.
enum Over {
    /// All its threads ended; `None` if one panicked.
    Ended(Option<Ended>),
    /// Whoever stopped it would not wait: the next start replays, as after any kill.
    Interrupted,
}

/// Waits until the engine ends by itself, or a signal asks it to, or has; at a second signal nobody waits any more.
async fn until_the_end(engine: &Engine, running: Running, mut asked: Asked, is_asked: bool) -> Over {
    let mut joined = tokio::task::spawn_blocking(move || running.join());
    if !is_asked {
        tokio::select! {
            ended = &mut joined => return Over::Ended(ended.ok()),
            () = asked.next() => {}
        }
    }
    tracing::info!("engine.stop");
    engine.stop();
    tokio::select! {
        ended = &mut joined => Over::Ended(ended.ok()),
        () = asked.next() => {
            tracing::warn!("engine.stop: asked twice; it ends at once, and the next start replays");
            Over::Interrupted
        }
    }
}

/// Pages operations about the death of the core that just was, by its note.
async fn tell_operations(sinks: &Sinks, installation: &Installation) {
    match CrashNote::read(&installation.disk) {
        Ok(Some(note)) => _ = operations::page(sinks, Death::of(note, false), MachineClock.read().wall).await,
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "core.note"),
    }
}

/// Pages operations about a death that was dealt with, and forgets it only once somebody was reached.
async fn tell_of_what_is_left_out(
    sinks: Arc<Sinks>,
    installation: Arc<Installation>,
    clock: Arc<dyn WallClock>,
    death: Death,
) {
    operations::insist(&sinks, death, clock.as_ref()).await;
    if let Err(error) = CrashNote::clear(&installation.disk) {
        tracing::warn!(%error, "core.note");
    }
}

fn warn_if_not_sending<D: wardline_store::disk::Disk>(start: &Start<D>) {
    if !start.is_sending {
        tracing::warn!(
            "outbox.hold: no `[[channel]]` is set up, or the data was restored: notices are kept and shown, not sent"
        );
    }
}

/// Feeds were heard before this start too: what the core knows of them is shown from the first scrape on.
async fn remember_feeds(engine: &Engine, installation: &Installation) {
    let Ok(rhythms) = engine.ask(|kernel| kernel.rhythms()).await else { return };
    for feed in &installation.config.feeds {
        for rhythm in rhythms.iter().filter(|rhythm| feed.profile.speaks_for(&rhythm.name)) {
            engine.metrics().feed_remembered(&feed.name, rhythm);
        }
    }
}

/// Opens the archive; an engine whose tables cannot be kept runs without them.
#[cfg(feature = "sql")]
fn archiving(installation: &Installation, metrics: &Metrics) -> Option<runtime::rows::Archiving> {
    let sql = installation.config.sql.as_ref()?;
    crate::archive::open(&installation.config.data, metrics, sql.flush_every)
        .inspect_err(|error| tracing::error!(%error, "archive.open: no tables are kept, and SQL is not answered"))
        .ok()
}

/// This build keeps no tables.
#[cfg(not(feature = "sql"))]
const fn archiving(_: &Installation, _: &Metrics) -> Option<runtime::rows::Archiving> {
    None
}

#[cfg(feature = "sql")]
fn start_query(config: PathBuf, engine: &Engine, stopped: &watch::Receiver<bool>) {
    tokio::spawn(crate::archive::child::supervise(config, engine.metrics().clone(), stopped.clone()));
}

#[cfg(not(feature = "sql"))]
fn start_query(_: PathBuf, _: &Engine, _: &watch::Receiver<bool>) {}

/// Reads the certificates, binds both listeners and serves on them.
async fn listeners(
    installation: &Installation,
    routers: Routers,
    stopped: &watch::Receiver<bool>,
) -> Result<(Vec<tokio::task::JoinHandle<()>>, Vec<Secured>), Ending> {
    let http = &installation.config.http;
    let (mut serving, mut secured) = (Vec::new(), Vec::new());
    for (address, tls, routes) in [(http.listen, &http.tls, routers.api), (http.admin, &http.admin_tls, routers.admin)]
    {
        let open = |tls: &ServerTls| Secured::open(format!("`{address}`"), tls.clone(), &installation.config.base);
        let tls = tls.as_ref().map(open).transpose().map_err(|finding| refused(&Findings::from(finding)))?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let help = "Stop what has the port, or change `[http]` in `wardline.toml`.";
            tell(&format!("{} error: cannot listen on `{address}`: {error}\n  {help}\n", Code::ListenFailed));
            Ending::Usage
        })?;
        tracing::info!(%address, tls = tls.is_some(), "http.listen");
        secured.extend(tls.clone());
        serving.push(tokio::spawn(listen::serve_secured(listener, tls, routes, stopped.clone())));
    }
    Ok((serving, secured))
}

/// What may be asked of the process from outside.
struct Signals {
    asked: Asked,
    /// Look at the files again.
    hangups: Signal,
}

/// Interrupts and requests to end. One that came before somebody waits for it is kept.
struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on the process is not killed by them.
    fn listen() -> std::io::Result<Self> {
        let asked = Asked { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
        Ok(Self { asked, hangups: signal(SignalKind::hangup())? })
    }
}

impl Asked {
    /// Waits for the next.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn not_opened(error: &recovery::Error) -> Ending {
    use wardline_store::codes::Exit;
    let exit = match error {
        recovery::Error::Store(error) => error.exit(),
        recovery::Error::Log(error) => error.code().exit(),
        recovery::Error::Checkpoint(error) => error.code().exit(),
        recovery::Error::Logic { .. } | recovery::Error::Thread(_) => Exit::Usage,
        recovery::Error::State { .. }
        | recovery::Error::Batch { .. }
        | recovery::Error::Panic { .. }
        | recovery::Error::Exclusion { .. }
        | recovery::Error::Disk(_) => Exit::Damage,
    };
    tell(&format!("error: {error}\n"));
    match exit {
        Exit::Damage => Ending::Damaged,
        Exit::Usage | Exit::Finding => Ending::Usage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_16_more_log_lines_are_more_of_ours() {
        assert_eq!(directives(None), "warn,wardline=info");
        assert_eq!(directives(Some("debug")), "warn,wardline=debug");
        assert_eq!(directives(Some("info,hyper=debug")), "info,hyper=debug");
    }
}
