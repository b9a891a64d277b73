//! Codes: what is each refusal and each finding of the store called?
//!
//! A code is printed with a place and a cause; `wardline explain` shows its page in `docs/errors/`.
//! - **How it fits**: [`Finding`](crate::finding::Finding) and the error enums of this crate name one each; the shell prints them.
//! - INVARIANT: a released code is never given another meaning.
//! - **Not here**: the pages themselves, other crates' ranges.

use std::fmt;

/// How a process that meets this should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Worth knowing; nothing is lost: exit 1 of `verify`.
    Finding,
    /// The configuration or the machine must change first: exit 2.
    Usage,
    /// What is on disk is not what was written: exit 4.
    Damage,
}

impl Exit {
    /// The number the process ends with.
    pub fn number(self) -> u8 {
        match self {
            Self::Finding => 1,
            Self::Usage => 2,
            Self::Damage => 4,
        }
    }
}

macro_rules! codes {
    ($($name:ident $code:literal $exit:ident $headline:literal $help:literal)+) => {
        /// Every code of this crate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $headline] $name,)+ }

        impl Code {
            /// All of them, ascending.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as printed.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it says in one line, without place or cause.
            pub fn headline(self) -> &'static str {
                match self { $(Self::$name => $headline,)+ }
            }

            /// One thing to do.
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }

            /// How a process that meets it should end.
            pub fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit,)+ }
            }
        }
    };
}

codes! {
    InUse "WL1401" Usage
        "another process uses this data directory"
        "Stop the process that is named, or point `data` at another directory."
    NotPrivate "WL1402" Usage
        "others may read or write the data directory"
        "Give it to the user Wardline runs as, and run `chmod -R go= DIR`."
    UnfitFilesystem "WL1403" Usage
        "this file system does not keep what it says it has synced"
        "Move the data directory to a local disk, or name the file system under `[data] accept_filesystem`."
    InstanceDamaged "WL1404" Damage
        "the file `INSTANCE` is missing or damaged"
        "Restore `INSTANCE` from a backup of this data directory."
    OtherInstance "WL1405" Usage
        "the data directory was made with another key or another number of partitions"
        "Configure the patient-token key and the partitions this directory was made with."
    TooNew "WL1406" Usage
        "a newer release wrote this file"
        "Start the release that wrote it; nothing was changed."
    EpochDamaged "WL1407" Damage
        "the file `EPOCH` is missing or damaged"
        "Restore `EPOCH` from a backup, or start with `run --restored`."
    SegmentDamaged "WL1410" Damage
        "the header of a log segment is damaged"
        "Run `wardline verify`, then restore the segment from a backup or a standby."
    RecordDamaged "WL1411" Damage
        "a log record that had been durable is damaged"
        "Run `wardline verify`, then restore the segment from a backup or a standby."
    SegmentMissing "WL1412" Damage
        "a log segment is missing, doubled or not of this log"
        "Restore the segment that is named from a backup or a standby."
    TornTail "WL1413" Finding
        "the log ends in a write that was interrupted"
        "Nothing to do: none of it was ever acknowledged, and the next start clears it."
    CutLeftover "WL1414" Finding
        "an old log segment is left over from an interrupted cut"
        "Nothing to do: the next cut removes it."
    PaddingDamaged "WL1415" Finding
        "bytes between log records, which carry nothing, are not zero"
        "No record is affected; have the disk checked, because it changes bytes."
    CheckpointDamaged "WL1420" Finding
        "a checkpoint is damaged"
        "Nothing to do at once: the other one serves; have the disk checked."
    CheckpointForeign "WL1421" Finding
        "a checkpoint does not belong to this log"
        "Nothing to do at once: the other one serves; find out who put the file there."
    NoCheckpoint "WL1422" Damage
        "no checkpoint fits the log, and the log no longer begins at its first record"
        "Restore a checkpoint from a backup."
    CheckpointRefused "WL1423" Damage
        "a checkpoint did not read back as it was written"
        "Have the disk checked; the older checkpoints and the log are untouched."
    CheckpointMissing "WL1424" Finding
        "a checkpoint is gone that had been complete"
        "Nothing to do at once: another one or the log itself serves; find out who removed the file."
    DiskFailed "WL1430" Damage
        "the disk failed"
        "Have the disk checked, then start again: recovery judges what is there."
    NoRoom "WL1431" Damage
        "the volume is full and the reserve is used up"
        "Make room on the volume; Wardline goes on by itself."
    Leftover "WL1432" Finding
        "an unfinished temporary file is left over"
        "Nothing to do: the next start removes it."
    DeadLetterDamaged "WL1440" Damage
        "a copy of dead letters is damaged"
        "Restore the file from a backup."
    WithoutResult "WL1441" Finding
        "an attempt was started and has no result in the log"
        "Nothing to do: the next start treats its outcome as unknown."
    Refused "WL1450" Damage
        "the log refused a record that breaks its own rules"
        "Report this with the lines above it; it is a defect of Wardline."
    Behind "WL1451" Finding
        "more is waiting for the disk than the log may hold in memory"
        "Nothing to do: feeds are pushed back until the disk catches up."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_in_our_range_and_every_one_has_a_page() {
        let texts: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
        assert!(texts.is_sorted() && texts.iter().all(|text| text.starts_with("WL14")));
        for code in Code::ALL {
            let page = format!("{}/../../docs/errors/{code}.md", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("no page {page}"));
            assert!(text.starts_with(&format!("# {code}: {}\n", code.headline())), "{page} begins with the headline");
            assert!(text.contains("## What to do"), "{page} says what to do");
        }
    }

    #[test]
    fn headlines_are_fragments_and_helps_are_sentences() {
        for code in Code::ALL {
            assert!(!code.headline().ends_with('.') && !code.headline().starts_with(char::is_uppercase));
            assert!(code.help().ends_with('.') && code.help().starts_with(char::is_uppercase));
        }
    }
}
