//! Sinks: what carries this channel, and at which address is this person on it?
//!
//! - **How it fits**: made from the configuration at start; the core thread asks for each departure.
//! - **Not here**: the exchange itself (`wardline-connectors`), trying again (the core).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use wardline_connectors::adapters::{Sink, sink::Cause, twilio::signature::Token};
use wardline_core::output::Party;
use wardline_rules::{Text, time::Timestamp, words::Channel};

use super::open::open;
use crate::{
    config::{Config, Directory, Finding, Findings, SinkKind},
    runtime::kernel::Notice,
    said::Said,
};

/// All configured exits and all addresses.
#[derive(Debug, Default)]
pub struct Sinks {
    exits: BTreeMap<(Text, Channel), Arc<dyn Sink>>,
    /// Carries whatever has no exit of its own: the demo's phone.
    fallback: Option<Arc<dyn Sink>>,
    /// What providers sign with who bring back what people say.
    providers: BTreeMap<(Text, Channel), Token>,
    /// Exits that are lists of ours: everybody is on them by their name, and only notices of the core are.
    lists: BTreeSet<(Text, Channel)>,
    directory: RwLock<Arc<Directory>>,
    /// What left through them that no notice asked for.
    said: Said,
}

/// Where one attempt goes.
#[derive(Clone, Debug)]
pub struct Route {
    /// What carries it.
    pub sink: Arc<dyn Sink>,
    /// The recipient's address.
    pub address: Text,
}

impl Sinks {
    /// Opens every sink of the configuration.
    ///
    /// # Errors
    /// A finding for each that cannot be set up. A secret is never part of one.
    pub fn open(config: &Config, directory: Directory, screen: Option<&Arc<dyn Sink>>) -> Result<Self, Findings> {
        let mut findings = Findings::default();
        let mut sinks = Self { directory: RwLock::new(Arc::new(directory)), ..Self::default() };
        for sink in &config.channels {
            let opened = open(&sink.kind, sink.secured, &config.base, screen);
            match opened {
                Ok(opened) => _ = sinks.exits.insert((sink.via.clone(), sink.channel), opened),
                Err(finding) => findings.push(finding),
            }
            if sink.kind == SinkKind::Worklist {
                sinks.lists.insert((sink.via.clone(), sink.channel));
            }
            if let SinkKind::Sms(_, account) | SinkKind::Voice(_, account) = &sink.kind
                && let Ok(secret) = account.token.read(&config.base)
                && let Some(token) = Token::new(secret.expose())
            {
                sinks.providers.insert((sink.via.clone(), sink.channel), token);
            }
        }
        findings.or(sinks)
    }

    /// Remembers beyond this process what the shell says on its own.
    #[must_use]
    pub fn remembering(self, said: Said) -> Self {
        Self { said, ..self }
    }

    /// What the shell said on its own.
    pub(crate) const fn said(&self) -> &Said {
        &self.said
    }

    /// What carries the heartbeat, if a monitor is configured.
    ///
    /// # Errors
    /// That it cannot be set up.
    pub fn monitor(config: &Config) -> Result<Option<Arc<dyn Sink>>, Finding> {
        config.heartbeat.as_ref().map(|kind| open(kind, false, &config.base, None)).transpose()
    }

    /// One sink for everything, with every address known: the demo and the tests.
    #[must_use]
    pub fn all_through(sink: Arc<dyn Sink>) -> Self {
        Self { fallback: Some(sink), ..Self::default() }
    }

    /// What the provider behind a channel signs with, if it brings back what people say.
    #[must_use]
    pub fn provider(&self, via: &str, channel: Channel) -> Option<&Token> {
        self.providers.get(&(Text::from(via), channel))
    }

    /// Which of the sinks cannot be reached now, and why; nobody is disturbed.
    pub async fn unreachable(&self) -> Vec<String> {
        let mut found = Vec::new();
        for ((via, channel), sink) in &self.exits {
            if let Err(cause) = sink.probe().await {
                found.push(format!("{} of `{via}`: {cause}", channel.word()));
            }
        }
        found
    }

    /// Puts a sink in place.
    pub fn insert(&mut self, via: &str, channel: Channel, sink: Arc<dyn Sink>) {
        self.exits.insert((Text::from(via), channel), sink);
    }

    /// Replaces all addresses.
    pub fn replace_directory(&self, directory: Directory) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
    }

    /// Where a notice goes at this time.
    ///
    /// # Errors
    /// [`Cause::NoSink`], [`Cause::NoAddress`] [WHO-5].
    pub fn route(&self, notice: &Notice, at: Timestamp) -> Result<Route, Cause> {
        let exit = self.exits.get(&(notice.via.clone(), notice.channel));
        let sink = exit.or(self.fallback.as_ref()).ok_or(Cause::NoSink)?.clone();
        let written = notice.reach.clone();
        let is_by_name = exit.is_none() || self.lists.contains(&(notice.via.clone(), notice.channel));
        let address = written.or_else(|| self.address(notice, at)).or_else(|| is_by_name.then(|| notice.role.clone()));
        Ok(Route { sink, address: address.ok_or(Cause::NoAddress)? })
    }

    /// The ways on which a desk can be reached through the exits called `default`, most urgent first.
    #[must_use]
    pub fn ways_to_desk(&self, desk: &str, at: Timestamp) -> Vec<(Channel, Route)> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner).clone();
        let party = Party::Desk(Text::from(desk));
        let way = |channel: &Channel| {
            if self.lists.contains(&(Text::const_new("default"), *channel)) {
                return None;
            }
            let exit = self.exits.get(&(Text::const_new("default"), *channel));
            let sink = exit.or(self.fallback.as_ref())?.clone();
            let entry = directory.address(&party, *channel, at);
            let address = entry.map(|entry| entry.address.clone());
            let address = address.or_else(|| self.fallback.is_some().then(|| Text::from(desk)))?;
            Some((*channel, Route { sink, address }))
        };
        Channel::ALL.iter().filter_map(way).collect()
    }

    /// The licence that the directory gives the recipient of a notice.
    #[must_use]
    pub fn licence(&self, notice: &Notice, at: Timestamp) -> Option<Text> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner).clone();
        let entry = directory.address(&notice.party, notice.channel, at)?;
        (!entry.licence.is_empty()).then(|| entry.licence.clone())
    }

    fn address(&self, notice: &Notice, at: Timestamp) -> Option<Text> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner).clone();
        directory.address(&notice.party, notice.channel, at).map(|entry| entry.address.clone())
    }
}

#[cfg(test)]
mod tests {
    use wardline_connectors::adapters::{Class, Outgoing, Reply, sink::Sending};
    use wardline_core::output::Party;
    use wardline_rules::token::Token as Patient;

    use super::{super::message::tests::notice, *};

    #[derive(Debug)]
    struct Drain;

    impl Sink for Drain {
        fn class(&self) -> Class {
            Class::Keyed
        }

        fn is_secured(&self) -> bool {
            false
        }

        fn send<'a>(&'a self, _: &'a Outgoing) -> Sending<'a> {
            Box::pin(async { Reply::Delivered })
        }
    }

    fn sinks(rows: &str) -> Sinks {
        let head = crate::config::directory::COLUMNS.join(",");
        let directory =
            Directory::of_text("directory.csv", &format!("{head}\n{rows}"), &|_, _| Patient([1; 16])).unwrap();
        let mut sinks = Sinks { directory: RwLock::new(Arc::new(directory)), ..Sinks::default() };
        sinks.insert("default", Channel::Sms, Arc::new(Drain));
        sinks
    }

    fn address(sinks: &Sinks, notice: &Notice) -> Result<String, Cause> {
        sinks.route(notice, Timestamp::from_micros(0)).map(|route| route.address.to_string())
    }

    #[test]
    fn an_address_in_the_ward_comes_before_the_directory() {
        // [WHO-5]
        let sinks = sinks("Operations,,,sms,+1 555 0100,,,\n");
        assert_eq!(address(&sinks, &notice(Channel::Sms)).as_deref(), Ok("+1 555 0100"));
        let reach = Notice { reach: Some(Text::const_new("+1 555 0199")), ..notice(Channel::Sms) };
        assert_eq!(address(&sinks, &reach).as_deref(), Ok("+1 555 0199"));
    }

    #[test]
    fn nobody_without_an_address_and_no_channel_without_a_sink() {
        let sinks = sinks("");
        assert_eq!(address(&sinks, &notice(Channel::Sms)), Err(Cause::NoAddress));
        assert_eq!(address(&sinks, &notice(Channel::Email)), Err(Cause::NoSink));
    }

    #[test]
    fn everybody_is_on_a_list_of_ours_by_name_and_what_is_no_notice_goes_another_way() {
        let text = "ward = \"w\"\ndata = \"d\"\n[[channel]]\nname = \"default\"\nworklist = { kind = \"worklist\" }\n";
        let config = Config::of_text("wardline.toml", text, std::path::Path::new(".")).unwrap();
        let head = crate::config::directory::COLUMNS.join(",");
        let rows = format!("{head}\nOperations,,,worklist,screen 3,,,\n");
        let directory = Directory::of_text("directory.csv", &rows, &|_, _| Patient([1; 16])).unwrap();
        let sinks = Sinks::open(&config, directory, None).unwrap();
        let clinician = Notice { party: Party::Token(Patient([1; 16])), ..notice(Channel::Worklist) };
        assert_eq!(address(&sinks, &clinician).as_deref(), Ok(clinician.role.as_str()));
        assert!(sinks.ways_to_desk("Operations", Timestamp::from_micros(0)).is_empty());
    }

    #[test]
    fn a_directory_that_changed_counts_at_once() {
        let sinks = sinks("");
        let clinician = Notice { party: Party::Token(Patient([1; 16])), ..notice(Channel::Sms) };
        assert_eq!(address(&sinks, &clinician), Err(Cause::NoAddress));
        let head = crate::config::directory::COLUMNS.join(",");
        let text = format!("{head}\n,NPI,1,sms,+1 555 0111,,,\n");
        sinks.replace_directory(Directory::of_text("d", &text, &|_, _| Patient([1; 16])).unwrap());
        assert_eq!(address(&sinks, &clinician).as_deref(), Ok("+1 555 0111"));
    }
}
