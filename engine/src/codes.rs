//! Codes: by which number does a user look up an error of the shell?
//!
//! WL11xx configuration, WL16xx delivery, WL17xx command line and HTTP. A released code is never reused; each has a page
//! in `docs/errors/`, which `wardline explain` prints.
//!
//! - **Not here**: the codes of other crates; each crate owns its range.

use core::fmt;

/// Declares the codes with the one line that stands for each.
macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal;)+) => {
        /// A code of this crate.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// All codes, ascending.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its text form, such as `WL1103`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $number,)+ }
            }

            /// What it says, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    FileUnreadable = "WL1101", "a file of the installation cannot be read";
    NotToml = "WL1102", "the file is not TOML";
    UnknownKey = "WL1103", "a key that means nothing here";
    WrongValue = "WL1104", "a key with a value it cannot have";
    MissingKey = "WL1105", "a key that must be there is not";
    SecretInPlain = "WL1106", "a secret stands in the file itself";
    SecretUnreadable = "WL1107", "a secret cannot be read";
    SecretExposed = "WL1108", "others may read the file of a secret";
    DirectoryRow = "WL1109", "a row of the directory cannot be read";
    NameTwice = "WL1110", "a name is used twice";
    ListenerOpen = "WL1111", "a listener would be open to the network";
    UnknownKind = "WL1112", "a kind that this build does not have";
    ChannelUnknown = "WL1113", "the ward names a channel that is not configured";
    WardUnreadable = "WL1114", "the ward cannot be read";
    WardRefused = "WL1115", "the ward does not check";

    NoAddress = "WL1601", "somebody must be told and has no address";
    NoSink = "WL1602", "no sink carries this channel";
    RefusedForGood = "WL1603", "the receiver refused a notice for good";
    NotTaken = "WL1604", "the receiver did not take a notice now";
    OutcomeUnknown = "WL1605", "nobody knows whether a notice arrived";
    HostRefused = "WL1606", "a sink's address is not allowed";

    Usage = "WL1701", "the command cannot be understood";
    EngineUnreachable = "WL1702", "the engine cannot be reached";
    AlreadyRunning = "WL1703", "another process has the data directory";
    NoSuchCode = "WL1704", "there is no such code";
    FolderInUse = "WL1705", "the folder is not empty";
    ListenFailed = "WL1706", "a port cannot be listened on";
    Stopped = "WL1707", "the engine stopped because its disk failed";
    Damaged = "WL1708", "the data directory is damaged";
    Body = "WL1710", "a request body cannot be read";
    TooLarge = "WL1711", "a request is too large";
    NotAuthorised = "WL1712", "a request without a valid key";
    Forbidden = "WL1713", "a key without the role for this";
    NotFound = "WL1714", "nothing by this name";
    MethodRefused = "WL1715", "a method that this path does not have";
    MediaType = "WL1716", "a content type that is not read";
    Busy = "WL1717", "too much at once";
    Closed = "WL1718", "the engine takes nothing now";
    TooManyGuesses = "WL1719", "too many wrong codes";
    SilenceRefused = "WL1720", "a silence that cannot be";
    TooSlow = "WL1721", "a request that takes too long";
    FeedLost = "WL1722", "a feed cannot be read";
    FeedGap = "WL1723", "messages of a feed are missing";
    FeedReplaced = "WL1724", "a stream is not the one that was read before";
    FileRefused = "WL1725", "a file of a folder feed was put aside";
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
    fn codes_ascend_within_the_ranges_of_this_crate() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].text() < pair[1].text()));
        for code in Code::ALL {
            assert!(["WL11", "WL16", "WL17"].contains(&&code.text()[..4]), "{code}");
        }
    }
}
