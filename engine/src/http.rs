//! HTTP: which requests are answered, by whom may they be made, and what do they cost at most?
//!
//! ```text
//!  listen ─► limits, timers ─► router ─► who is it? ─► handler ─► Engine ─► answer with strict headers
//! ```
//! - **How it fits**: `wardline run`, the demo and the tests serve [`api`] and [`admin`] with [`listen::serve`].
//! - INVARIANT: 200 to a sender means durable; patient data leaves only behind a durable access record; GET changes nothing.
//! - LIMIT: everything named in [`limits`](crate::limits) above the log queue.
//! - **Not here**: decoding ([`intake`](crate::intake)), SQL (its own process), TLS.
//! - **Source**: architecture page 10; guarantees page 5.2, 5.3, 9.1.

mod alerts;
mod answers;
mod auth;
mod body;
mod dead;
mod events;
mod fhir;
pub mod guard;
mod headers;
mod health;
mod hl7;
pub mod listen;
pub(crate) mod page;
mod problem;
mod replies;
mod reports;
mod silences;
mod wards;
mod webhooks;
mod worklist;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use tokio::sync::Semaphore;

use self::{auth::Keys, guard::Guard};
use crate::{
    config::ApiKey,
    dispatcher::{message::Links, sinks::Sinks},
    engine::Engine,
    history::Past,
    intake::Intake,
    limits::{WATCHERS_MAX, WRONG_CODES_PER_HOUR_MAX},
};

pub use auth::Caller;
pub use problem::Problem;
pub(crate) use reports::{report_id, shown as story_json};
pub use webhooks::{HookSecrets, hook_secrets};

/// What the API is made of.
#[derive(Debug)]
pub struct Parts {
    /// The engine behind it.
    pub engine: Engine,
    /// The codecs.
    pub intake: Intake,
    /// Who may do what; empty lets everyone do everything.
    pub keys: Vec<ApiKey>,
    /// What signs the webhooks of feeds.
    pub hook_secrets: HookSecrets,
    /// Links of answer pages.
    pub links: Links,
    /// Addresses and licences of people.
    pub sinks: Arc<Sinks>,
    /// The engine's own log, for what only the past can say.
    pub past: Arc<dyn Past>,
}

/// State shared by all handlers.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) engine: Engine,
    pub(crate) intake: Arc<Intake>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) links: Arc<Links>,
    pub(crate) hook_secrets: Arc<HookSecrets>,
    /// Ids of webhooks that were heard lately.
    pub(crate) heard: Arc<webhooks::Heard>,
    /// Wrong signatures, by peer.
    pub(crate) forged: Arc<Guard>,
    pub(crate) sinks: Arc<Sinks>,
    /// Wrong codes, by peer.
    pub(crate) guesses: Arc<Guard>,
    pub(crate) past: Arc<dyn Past>,
    /// Room for large bodies.
    pub(crate) bodies: body::Bodies,
    /// Whose turn it is to read the log: one at a time, so that the disk stays the writer's.
    pub(crate) looking: Arc<Semaphore>,
    /// Places for those who watch the worklist.
    pub(crate) watchers: Arc<Semaphore>,
}

impl Api {
    fn new(parts: Parts) -> Self {
        Self {
            engine: parts.engine,
            intake: Arc::new(parts.intake),
            keys: Arc::new(Keys::new(parts.keys)),
            links: Arc::new(parts.links),
            hook_secrets: Arc::new(parts.hook_secrets),
            heard: Arc::default(),
            forged: Arc::new(Guard::per_minute(auth::WRONG_KEYS_PER_MINUTE_MAX)),
            sinks: parts.sinks,
            guesses: Arc::new(Guard::per_hour(WRONG_CODES_PER_HOUR_MAX)),
            past: parts.past,
            bodies: body::Bodies::default(),
            looking: Arc::new(Semaphore::new(1)),
            watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
        }
    }
}

/// The routers of both listeners.
#[derive(Debug)]
pub struct Routers {
    /// Port 8470: events, answers, reports, health.
    pub api: Router,
    /// Port 9471: metrics, health.
    pub admin: Router,
}

/// All routes.
#[must_use]
pub fn routers(parts: Parts) -> Routers {
    let api = Api::new(parts);
    let health = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health", get(health::all));
    let events = Router::new()
        .route("/v1/events", post(events::post))
        .route("/v1/hl7", post(hl7::post))
        .route("/fhir", post(fhir::post))
        .route("/v1/answers/{code}", post(answers::post))
        .route("/v1/replies/{channel}", post(replies::post))
        .route("/v1/webhooks/{feed}", post(webhooks::post))
        .route("/v1/import", post(events::import))
        .route("/v1/dead", get(dead::get))
        .route("/v1/dead/{id}/replay", post(dead::replay))
        .route("/v1/reports/{id}", get(reports::get))
        .route("/v1/reports/{id}/why", get(reports::why))
        .route("/v1/alerts", get(alerts::get))
        .route("/v1/worklist", get(worklist::get))
        .route("/v1/wards", get(wards::get).post(wards::post))
        .route("/v1/silences", get(silences::list).post(silences::post))
        .route("/v1/silences/{id}", axum::routing::delete(silences::lift))
        .route("/a/{code}", get(page::show).post(page::answer))
        .route("/page.css", get(page::style));
    let admin = Router::new().route("/metrics", get(health::metrics));
    Routers { api: finish(events.merge(health.clone()), api.clone()), admin: finish(admin.merge(health), api) }
}

fn finish(routes: Router<Api>, api: Api) -> Router {
    routes.fallback(problem::not_found).method_not_allowed_fallback(problem::wrong_method).with_state(api)
}
