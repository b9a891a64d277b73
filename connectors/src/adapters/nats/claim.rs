//! Claim: does this engine read the consumer, or does another one?
//!
//! Two engines on one durable consumer would share its messages, and each would hold half. So the reader writes its name
//! into a key-value bucket and renews it; the name of an engine that died leaves after `NATS_CLAIM_LIFE`.
//!
//! - INVARIANT: a claim that could not be renewed in time ends the session.
//! - **Not here**: safety of a shared log. Losing a claim loses no message: what was not durable is delivered again.

use async_nats::jetstream::{
    Context,
    kv::{CreateErrorKind, Operation, Store},
    stream::{Config, DiscardPolicy},
};
use tokio::time::{Instant, timeout_at};

use super::{Subscription, Trouble};
use crate::limits::{NATS_CLAIM_LIFE, NATS_CLAIM_RENEW};

/// The bucket that all engines on a server share.
const BUCKET: &str = "wardline-owners";

/// The stream behind the bucket, written out: the client's own way asks the server for figures that 2.9 does not have.
fn bucket() -> Config {
    Config {
        name: format!("KV_{BUCKET}"),
        subjects: vec![format!("$KV.{BUCKET}.>")],
        max_messages_per_subject: 1,
        max_age: NATS_CLAIM_LIFE,
        duplicate_window: NATS_CLAIM_LIFE,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        allow_direct: true,
        deny_delete: true,
        ..Config::default()
    }
}

/// Our name in the bucket.
pub(super) struct Claim {
    store: Store,
    key: String,
    owner: String,
    revision: u64,
    renewed: Instant,
}

impl Claim {
    /// Takes the consumer, or says who has it. One that has our own name is ours: the data directory admits one engine.
    pub(super) async fn take(context: &Context, subscription: &Subscription) -> Result<Self, Trouble> {
        let store = match context.get_key_value(BUCKET).await {
            Ok(store) => store,
            Err(_) => {
                context.create_stream(bucket()).await.map_err(|_| Trouble::Unreachable)?;
                context.get_key_value(BUCKET).await.map_err(|_| Trouble::Unreachable)?
            }
        };
        let key = format!("{}.{}", subscription.stream, subscription.consumer);
        let owner = subscription.owner.clone();
        let began = Instant::now();
        let revision = match store.create(&key, owner.clone().into()).await {
            Ok(revision) => revision,
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let entry = store.entry(&key).await.map_err(|_| Trouble::Unreachable)?.ok_or(Trouble::Unreachable)?;
                let holder = String::from_utf8_lossy(&entry.value).into_owned();
                if entry.operation == Operation::Put && holder != owner {
                    return Err(Trouble::Owned(holder));
                }
                let renewed = store.update(&key, owner.clone().into(), entry.revision).await;
                renewed.map_err(|_| Trouble::Owned(holder))?
            }
            Err(_) => return Err(Trouble::Unreachable),
        };
        Ok(Self { store, key, owner, revision, renewed: began })
    }

    /// When it is to be renewed next.
    pub(super) fn due(&self) -> Instant {
        self.renewed + NATS_CLAIM_RENEW
    }

    /// Renews it.
    ///
    /// # Errors
    /// It is another's now, or could not be renewed before it ends.
    pub(super) async fn renew(&mut self) -> Result<(), Trouble> {
        let ends = self.renewed + NATS_CLAIM_LIFE;
        let began = Instant::now();
        let renewal = self.store.update(&self.key, self.owner.clone().into(), self.revision);
        let renewed = timeout_at(ends, renewal).await.map_err(|_| Trouble::Unreachable)?;
        self.revision = renewed.map_err(|_| Trouble::Unreachable)?;
        self.renewed = began;
        Ok(())
    }

    /// Gives it back, so that the next reader need not wait.
    pub(super) async fn release(self) {
        drop(self.store.delete_expect_revision(&self.key, Some(self.revision)).await);
    }
}
