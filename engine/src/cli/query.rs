//! `wardline query`: the query process. The engine starts it; it ends with the engine.
//!
//! - **Not here**: statements (`wardline-query`), starting it again ([`crate::archive::child`]).

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Handle, Runtime},
    sync::watch,
};
use wardline_query::{
    access::{Access, Key, Role as Sees},
    follower,
    http::router,
    limits::STACK_BYTES,
    pg::{self, scram::Verifier},
    process,
    session::Sql,
    snapshot::Newest,
    times::{Find, Times},
};
use wardline_rules::program::Program;

use super::{
    Ending,
    ending::{tell, today},
    run::start_logging,
};
use crate::{
    archive::{FOLDER, SOCKET, WARDS},
    codes::Code,
    config::{ApiKey, Config, Findings, Role, SqlListeners},
    http::listen,
    tls::Secured,
    ward,
};

/// How often it is looked whether the files of a certificate changed.
const CERTIFICATES_LOOKED_AT_EVERY: Duration = Duration::from_secs(10);

/// What `query` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline query --config wardline.toml    what `wardline run` starts by itself")]
pub struct Args {
    /// The installation.
    #[arg(long, value_name = "FILE", default_value = "wardline.toml")]
    config: PathBuf,
}

/// Answers SQL until the parent is gone.
pub fn run(args: &Args) -> Ending {
    start_logging();
    let config = match Config::load(&args.config) {
        Ok(config) => config,
        Err(findings) => {
            tell(&format!("{findings}\n"));
            return Ending::Usage;
        }
    };
    let Some(listeners) = config.sql.clone() else {
        tell(&format!("{} error: `[sql]` says `enabled = false`\n", Code::Usage));
        return Ending::Usage;
    };
    process::bind_hands();
    // One runtime hears, the other works: a statement that never pauses keeps nobody from being heard.
    match runtime("hear").and_then(|ears| Ok((ears, runtime("work")?))) {
        Ok((ears, hands)) => {
            let ending = ears.block_on(ears.spawn(serve(config, listeners, hands.handle().clone())));
            ears.shutdown_background();
            hands.shutdown_background();
            ending.unwrap_or(Ending::Unreachable)
        }
        Err(error) => {
            tell(&format!("cannot start: {error}\n"));
            Ending::Unreachable
        }
    }
}

pub(super) fn runtime(name: &str) -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .thread_name(format!("wardline-{name}"))
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
}

async fn serve(config: Config, listeners: SqlListeners, hands: Handle) -> Ending {
    let access = Arc::new(Access { keys: config.keys.iter().map(key).collect() });
    let newest = Newest::default();
    let archive = config.data.join(FOLDER);
    let sql = match open(&config, &archive, (newest.clone(), hands)).await {
        Ok(sql) => Arc::new(sql),
        Err(error) => {
            tell(&format!("{error}\n"));
            return Ending::Unreachable;
        }
    };
    let started = follower::follow(config.data.join(SOCKET), archive, newest, sql.figures())
        .and_then(|()| process::watch(sql.alive()));
    if let Err(error) = started {
        tell(&format!("cannot start: {error}\n"));
        return Ending::Unreachable;
    }
    let secured = match secured(&config, &listeners) {
        Ok(secured) => secured,
        Err(ending) => return ending,
    };
    let (http, postgres) = match (bind(listeners.listen).await, bind(listeners.postgres).await) {
        (Ok(http), Ok(postgres)) => (http, postgres),
        (Err(ending), _) | (_, Err(ending)) => return ending,
    };
    let (stop, stopped) = watch::channel(false);
    let certificates = secured
        .clone()
        .map(|secured| -> pg::secure::Certificates { Arc::new(move || secured.acceptor().speaking("postgresql")) });
    tokio::spawn(pg::serve(postgres, certificates, sql.clone(), access.clone()));
    let serving = tokio::spawn(listen::serve_secured(http, secured, router(sql, access), stopped));
    // Standard input ends when the engine does, however it does.
    drop(tokio::task::spawn_blocking(process::wait_for_parent).await);
    stop.send_replace(true);
    drop(tokio::time::timeout(Duration::from_secs(1), serving).await);
    Ending::Fine
}

/// What both listeners are secured with; its files are looked at again while it serves.
fn secured(config: &Config, listeners: &SqlListeners) -> Result<Option<Secured>, Ending> {
    let Some(tls) = listeners.tls.clone() else { return Ok(None) };
    let secured = Secured::open("`[sql]`".to_owned(), tls, &config.base).map_err(|finding| {
        tell(&format!("{}\n", Findings::from(finding)));
        Ending::Usage
    })?;
    let looked_at = secured.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(CERTIFICATES_LOOKED_AT_EVERY).await;
            if let Err(finding) = looked_at.look() {
                tracing::warn!(%finding, "sql.tls: what was read before goes on");
            }
        }
    });
    Ok(Some(secured))
}

async fn open(config: &Config, archive: &std::path::Path, (newest, hands): (Newest, Handle)) -> Result<Sql, String> {
    let spill = config.data.join("spill");
    for folder in [archive, &spill] {
        std::fs::create_dir_all(folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    }
    let find = wards(archive, Some(config.ward.clone()));
    let audit = config.data.join("audit");
    Sql::open((archive, &spill, Some(&audit)), newest, (find, hands)).await.map_err(|error| error.to_string())
}

/// Looks up what a ward says about time: as the engine keeps it beside the tables, else as it lies in the installation.
pub(super) fn wards(archive: &std::path::Path, installed: Option<PathBuf>) -> Find {
    let folder = archive.join(WARDS);
    Arc::new(move |digits: &str| {
        let kept = std::fs::read(folder.join(format!("{digits}.ward"))).ok().and_then(|packed| ward::compile(&packed));
        let program = kept.or_else(|| {
            let sources = ward::load(installed.as_ref()?).ok()?;
            ward::activation(&sources, today(), "").ok().map(|activation| activation.program)
        })?;
        let version: String = program.version.0.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        (version == digits).then(|| times(program))
    })
}

fn times(program: Program) -> Times {
    let sites = program.catalogue.sites.into_iter();
    let sites = sites.filter_map(|site| site.zone.map(|zone| (site.name.to_string(), zone))).collect();
    Times { zone: program.zone, sites, calendars: program.calendars }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Ending> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let help = "Stop what has the port, or change `[sql]` in `wardline.toml`.";
        tell(&format!("{} error: cannot listen on `{address}`: {error}\n  {help}\n", Code::ListenFailed));
        Ending::Usage
    })?;
    tracing::info!(%address, "sql.listen");
    Ok(listener)
}

/// What a key of the configuration opens here.
fn key(key: &ApiKey) -> Key {
    let known = [
        (Role::Phi, Sees::Phi),
        (Role::Analyst, Sees::Analyst),
        (Role::Auditor, Sees::Auditor),
        (Role::Admin, Sees::Admin),
    ];
    let role = known.into_iter().find(|(role, _)| key.roles.contains(role)).map(|(_, sees)| sees);
    Key {
        name: key.name.to_string(),
        sha256: key.sha256,
        role,
        reads_metrics: key.roles.contains(&Role::Metrics) || key.roles.contains(&Role::Admin),
        scram: key.scram.as_deref().and_then(Verifier::parse),
        until: key.until.micros(),
    }
}
