//! Heard: up to when were all feeds heard, also after a stop?
//!
//! The log says which feed was heard when, and is not read again behind the files. So what was heard is written down beside
//! them, at each flush; what came later is replayed.
//!
//! - **Crash**: the file is there whole, as of this flush or the one before. One that cannot be read is as good as none: the
//!   time is not known then until feeds are heard again.
//! - **Not here**: whether a feed is lost (the core).

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wardline_rules::{Text, time::Timestamp};

/// The file, below the archive's folder.
const FILE: &str = "heard.json";

/// What is known of feeds and of the ward behind the newest row.
#[derive(Debug, Default)]
pub(super) struct Heard {
    path: PathBuf,
    said: Said,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Said {
    /// When each feed was heard last, microseconds, as far as rows were handed over, and whether it is lost since.
    feeds: BTreeMap<String, (i64, bool)>,
    /// Twelve digits of the ward that decides.
    ward: Option<String>,
}

impl Heard {
    /// What was written down last.
    pub(super) fn open(archive: &Path) -> Self {
        let path = archive.join(FILE);
        let said = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, said: said.unwrap_or_default() }
    }

    /// Takes what a batch heard, and which ward decides after it.
    pub(super) fn take(&mut self, feeds: &[(Text, bool)], at: Timestamp, ward: Option<String>) {
        let known = &mut self.said.feeds;
        for (feed, is_lost) in feeds {
            let heard = known.entry(feed.to_string()).or_insert((at.micros(), *is_lost));
            *heard = (if *is_lost { heard.0 } else { at.micros() }, *is_lost);
        }
        self.said.ward = ward;
    }

    /// Up to when all feeds that are not lost were heard, microseconds.
    pub(super) fn watermark(&self) -> Option<i64> {
        self.said.feeds.values().filter(|(_, is_lost)| !is_lost).map(|(at, _)| *at).min()
    }

    /// The ward that decides.
    pub(super) fn ward(&self) -> Option<String> {
        self.said.ward.clone()
    }

    /// Writes it down.
    ///
    /// # Errors
    /// Of the disk; what was written before stands.
    pub(super) fn keep(&self) -> io::Result<()> {
        let begun = self.path.with_extension("part");
        fs::write(&begun, serde_json::to_vec(&self.said)?)?;
        fs::rename(&begun, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_outlives_a_stop_and_a_lost_feed_holds_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let mut heard = Heard::open(folder.path());
        assert_eq!((heard.watermark(), heard.ward()), (None, None));
        heard.take(&[(Text::from("LIS"), false), (Text::from("RIS"), false)], at(10), Some("3f9c2a7be01d".to_owned()));
        heard.take(&[(Text::from("LIS"), false)], at(20), Some("3f9c2a7be01d".to_owned()));
        assert_eq!(heard.watermark(), Some(10_000_000));
        heard.keep().unwrap();
        let mut again = Heard::open(folder.path());
        assert_eq!((again.watermark(), again.ward().as_deref()), (Some(10_000_000), Some("3f9c2a7be01d")));
        again.take(&[(Text::from("RIS"), true)], at(30), None);
        assert_eq!(again.watermark(), Some(20_000_000), "one that is lost is not waited for");
        again.take(&[(Text::from("RIS"), false)], at(40), None);
        assert_eq!(again.watermark(), Some(20_000_000));
        fs::write(folder.path().join(FILE), b"{").unwrap();
        assert_eq!(Heard::open(folder.path()).watermark(), None);
    }
}
