//! Times: which zones and calendars has the ward that decides?
//!
//! A snapshot names its ward; what that ward says about time is looked up when it is first asked for and kept until another
//! ward decides.
//!
//! - **How it fits**: the program gives a way to look a ward up; the functions of time ask [`Wards::newest`].
//! - **Not here**: how a ward is read (the program's), how calendars count (`wardline-rules`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use wardline_tables::{Calendar, time::Zone};

use crate::snapshot::Newest;

/// What a ward says about time.
#[derive(Clone, Debug)]
pub struct Times {
    /// The zone of everything that names none.
    pub zone: Zone,
    /// Sites with a zone of their own.
    pub sites: BTreeMap<String, Zone>,
    /// When work time runs.
    pub calendars: Vec<Calendar>,
}

impl Default for Times {
    fn default() -> Self {
        Self { zone: Zone::utc(), sites: BTreeMap::new(), calendars: Vec::new() }
    }
}

impl Times {
    /// The zone of a site.
    #[must_use]
    pub fn zone_of(&self, site: Option<&str>) -> &Zone {
        site.and_then(|site| self.sites.get(site)).unwrap_or(&self.zone)
    }

    /// The calendar of that name.
    #[must_use]
    pub fn calendar(&self, name: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.name == name)
    }
}

/// Looks up what the ward with these twelve digits says.
pub type Find = Arc<dyn Fn(&str) -> Option<Times> + Send + Sync>;

/// The ward that was asked for last, and what it says.
type Known = (String, Arc<Times>);

/// The wards that snapshots name.
#[derive(Clone)]
pub struct Wards {
    newest: Newest,
    find: Find,
    known: Arc<Mutex<Option<Known>>>,
}

impl core::fmt::Debug for Wards {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Wards").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Wards {
    /// The wards of these snapshots, looked up in this way.
    #[must_use]
    pub fn new(newest: Newest, find: Find) -> Self {
        Self { newest, find, known: Arc::default() }
    }

    /// What the ward of the newest snapshot says; UTC and no calendar if there is none.
    #[must_use]
    pub fn newest(&self) -> Arc<Times> {
        let Some(ward) = self.newest.get().and_then(|snapshot| snapshot.commit.ward.clone()) else {
            return Arc::default();
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, times)) = known.as_ref().filter(|(of, _)| *of == ward) {
            return times.clone();
        }
        // One that is not found is looked for again: it may be written a moment later.
        let Some(found) = (self.find)(&ward) else { return Arc::default() };
        let times = Arc::new(found);
        *known = Some((ward, times.clone()));
        times
    }
}
