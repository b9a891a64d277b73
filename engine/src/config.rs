//! Config: what stands beside the ward, and is all of it right?
//!
//! ```text
//!  wardline.toml   what the shell needs; nothing in it changes a decision      Config
//!  site.toml       what the core needs and a rule does not say                 SiteSettings
//!  directory.csv   who is reached where                                        Directory
//! ```
//! Unknown keys are refused with a suggestion, every finding has its place, and one run shows all of them.
//!
//! - **How it fits**: the command line loads these before anything else; a finding ends it with exit code 2.
//! - LIMIT: `CONFIG_BYTES_MAX`, `DIRECTORY_ROWS_MAX` in [`limits`](crate::limits).
//! - **Not here**: the ward itself (`wardline-dsl`).

pub mod broker;
pub mod channels;
mod check;
pub mod directory;
pub mod feeds;
pub mod finding;
pub mod network;
mod raw;
mod read;
pub mod role;
pub mod schema;
pub mod secret;
pub mod shape;
pub mod site;
pub mod sql;
pub mod wardline;

#[cfg(test)]
mod tests;

pub use broker::{Broker, LoginRef};
pub use channels::{Sink, SinkKind};
pub use directory::Directory;
pub use feeds::{Feed, FeedKind, Listen, ServerTls, Stream, Watched};
pub use finding::{Finding, Findings};
pub use network::Network;
pub use role::Role;
pub use secret::{Secret, SecretRef};
pub use sql::SqlListeners;
pub use wardline::{ApiKey, Config, FeedScope};
