//! Hospital: how is a whole installation put together in one process, with nothing to install?
//!
//! A real engine on a real disk (a folder that goes away at the end), on a clock that runs faster, fed by the lifecycle
//! generator through the same codec, log and core as any feed, with every channel ending in the phone of
//! [`page`](super::page).
//!
//! - **Not here**: what is drawn on the terminal ([`super::screen`]).

use std::{
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt as _,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch};
use wardline_connectors::{adapters::Sink, codec::token::Tokeniser};
use wardline_core::{Input, Partition, views::Gauges};
use wardline_dsl::source::Sources;
use wardline_loadtest::{
    generator::{Generator, Order},
    profile::Profile,
};
use wardline_rules::{
    settings::SiteSettings,
    time::{Date, Span, Timestamp, Zone},
};
use wardline_store::{disk::RealDisk, store::Options};

use super::page::{self, Phone};
use crate::{
    dispatcher::{message::Links, sinks::Sinks},
    engine::{Engine, Parcel, Surroundings},
    http::{self, Parts, listen},
    intake::{Intake, Shape},
    runtime::{self, Running, Start, admission::Lane, clock::FastClock},
    ward,
};

/// The ward of the demo.
pub const WARD: &str = include_str!("../../templates/demo/demo.ward");
/// A running clock due within this is shown as at risk.
const AT_RISK_WITHIN: Span = Span::from_minutes(15);
/// How much of the past the hospital brings along, so that it does not open empty.
const BEFORE: Span = Span::from_minutes(6 * 60);
/// Events of the past for one request.
const BATCH: usize = 2_000;

/// What a demo is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Seed of the generator.
    pub seed: u64,
    /// Seconds of the hospital for each real one.
    pub pace: u32,
    /// New reports in an hour of the hospital.
    pub reports_per_hour: u32,
}

/// Why the demo could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder for its data could not be made, or nothing can listen on this machine.
    #[error("the demo cannot set itself up")]
    Setup(#[from] std::io::Error),
    /// The engine did not start.
    #[error("the engine did not start: {0}")]
    Engine(String),
    /// The generator refused its profile.
    #[error("the generator did not start: {0}")]
    Generator(String),
}

/// A hospital that runs.
#[derive(Debug)]
pub struct Hospital {
    /// The engine inside.
    pub engine: Engine,
    /// Everybody's phone.
    pub phone: Arc<Phone>,
    /// Where its pages and its API are.
    pub address: SocketAddr,
    /// Where its metrics are.
    pub admin: SocketAddr,
    running: Running,
    stop: watch::Sender<bool>,
    folder: PathBuf,
}

/// What a look at the hospital shows.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What there is now.
    pub gauges: Gauges,
    /// What happened so far, by name.
    pub counters: Vec<(&'static str, u64)>,
    /// The hospital's time.
    pub now: Timestamp,
    /// Pages that arrived on phones.
    pub pages: u64,
    /// The newest alerts.
    pub alerts: Vec<serde_json::Value>,
}

impl Look {
    /// A counter by its name.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.counters.iter().find(|counter| counter.0 == name).map_or(0, |counter| counter.1)
    }
}

/// The demo's ward, checked when this release was made.
#[must_use]
pub fn sources() -> Sources {
    Sources { packs: ward::packs(), ..Sources::of_text("demo.ward", WARD) }
}

impl Hospital {
    /// Opens the hospital and its doors: an engine, its API, its phone, its reports.
    ///
    /// # Errors
    /// [`Error`]; nothing is left behind.
    pub async fn open(wish: Wish) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("wardline-demo-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let zone = wardline_rules::time::zone("America/Chicago").unwrap_or_else(Zone::utc);
        let monday = Date::new(2026, 3, 2).unwrap_or(Date::from_days(0));
        let from = zone.midnight(monday).plus(Span::from_minutes(9 * 60));
        let (engine, seat) = runtime::open(Arc::new(FastClock::new(from, wish.pace)))
            .map_err(|error| Error::Engine(error.to_string()))?;
        engine.surround(Surroundings { volume: folder.clone() });
        let phone = Arc::new(Phone::default());
        let sink: Arc<dyn Sink> = phone.clone();
        let sinks = Arc::new(Sinks::all_through(sink));
        let listener = listen_near(8_470).await?;
        let admin = listen_near(9_471).await?;
        let (address, admin_address) = (listener.local_addr()?, admin.local_addr()?);
        let links = Links::new(format!("http://{address}"), [7; 32]);
        let options = Options { segment_bytes: 4 << 20, reserve_bytes: 8 << 20, ..Options::default() };
        let start = Start {
            disk: RealDisk::new(&folder),
            options,
            accept_time: true,
            needs_ward: false,
            care: runtime::Care::default(),
            is_sending: true,
            sinks: Arc::clone(&sinks),
            links: links.clone(),
            archiving: None,
        };
        let handle = tokio::runtime::Handle::current();
        let to_start = engine.clone();
        let running =
            tokio::task::spawn_blocking(move || runtime::start::<_, Partition>(&to_start, seat, start, &handle))
                .await
                .map_err(|error| Error::Engine(error.to_string()))?
                .map_err(|error| Error::Engine(error.to_string()))?;
        let (stop, stopped) = watch::channel(false);
        let hospital = Self { engine, phone, address, admin: admin_address, running, stop, folder };
        hospital.activate().await?;
        hospital.serve((listener, admin), (links, sinks), stopped);
        hospital.feed(wish, from)?;
        Ok(hospital)
    }

    /// Makes the demo's ward the active one, through the log like any other.
    async fn activate(&self) -> Result<(), Error> {
        let mut activation = ward::activation(&sources(), Date::new(2026, 3, 2).unwrap_or(Date::from_days(0)), "demo")
            .map_err(|_| Error::Engine("its ward does not check".to_owned()))?;
        let site = SiteSettings { at_risk_within: AT_RISK_WITHIN, ..SiteSettings::default() };
        activation.site = Some(Box::new(site));
        let parcel = Parcel::control(vec![Input::Activate(Box::new(activation))]);
        let accepted = self.engine.submit(Lane::Control, parcel).await;
        accepted.map(drop).map_err(|refusal| Error::Engine(format!("{refusal:?}")))
    }

    fn serve(
        &self,
        (api, admin): (TcpListener, TcpListener),
        (links, sinks): (Links, Arc<Sinks>),
        stop: watch::Receiver<bool>,
    ) {
        let past = Arc::new(crate::history::Directory(RealDisk::new(&self.folder)));
        let (engine, keys, hook_secrets) = (self.engine.clone(), Vec::new(), std::collections::BTreeMap::new());
        let parts = Parts { engine, intake: intake(), keys, hook_secrets, links, sinks, past };
        let routers = http::routers(parts);
        let phone = page::routes(self.engine.clone(), Arc::clone(&self.phone));
        tokio::spawn(listen::serve(api, routers.api.merge(phone), stop.clone()));
        tokio::spawn(listen::serve(admin, routers.admin, stop));
    }

    /// Sends what the generator tells, each event when the hospital's clock reaches it.
    fn feed(&self, wish: Wish, from: Timestamp) -> Result<(), Error> {
        let failed = |error: wardline_loadtest::error::Error| Error::Generator(error.to_string());
        let profile = Profile::load("hospital").map_err(failed)?;
        let rate = Generator::rate_for(&profile, f64::from(wish.reports_per_hour));
        let begin = from.plus(Span::from_micros(-BEFORE.micros())).micros();
        let order = Order { faults: Some("clean".to_owned()), rate: Some(rate), ..Order::default() };
        let generator = Generator::new(profile, wish.seed, begin, order).map_err(failed)?;
        let (engine, pace) = (self.engine.clone(), wish.pace);
        tokio::spawn(tell(engine, generator, pace));
        Ok(())
    }

    /// A look at it.
    pub async fn look(&self) -> Look {
        let asked = self.engine.ask(|kernel| (kernel.gauges(), kernel.counters(), kernel.alerts(8))).await;
        let (gauges, counters, alerts) = asked.unwrap_or_default();
        Look { gauges, counters, now: self.engine.log_now(), pages: self.phone.count(), alerts }
    }

    /// Closes the doors, finishes what was taken, and takes the folder away.
    pub async fn close(self) {
        let _ = self.stop.send(true);
        self.engine.stop();
        let running = self.running;
        let _ = tokio::task::spawn_blocking(move || running.join()).await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn intake() -> Intake {
    Intake::new(&[], Tokeniser::new(&[7; 32]))
}

/// The usual port, or any free one if somebody has it.
async fn listen_near(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
    }
}

/// Events of the past at once, in batches; then each at its time, by the hospital's clock.
async fn tell(engine: Engine, mut generator: Generator, pace: u32) {
    let intake = intake();
    let mut body = Vec::new();
    let mut lines = 0;
    loop {
        let start = body.len();
        let Some(at) = generator.next_into(&mut body) else { return };
        body.push(b'\n');
        lines += 1;
        let ahead = Timestamp::from_micros(at).since(engine.log_now());
        if ahead.micros() > 0 {
            let later = body.split_off(start);
            send(&engine, &intake, &mut body).await;
            body = later;
            lines = 1;
            let wait = u64::try_from(ahead.micros()).unwrap_or(0) / u64::from(pace.max(1));
            tokio::time::sleep(Duration::from_micros(wait)).await;
        } else if lines >= BATCH {
            send(&engine, &intake, &mut body).await;
            lines = 0;
        }
    }
}

/// Through codec and log like any sender; a refusal is tried again, as senders do.
async fn send(engine: &Engine, intake: &Intake, body: &mut Vec<u8>) {
    while !body.is_empty() {
        let Ok(reading) = intake.events("", Shape::Lines, body, engine.log_now()) else { break };
        match engine.submit(Lane::Routine, reading.parcel).await {
            Ok(_) => break,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    body.clear();
}
