//! Words: what are the closed lists that events and wards may name?
//!
//! Steps, kinds, priorities, flags, channels and the rest, each with its domain name (as events and tables spell it)
//! and, where a ward spells it differently, its ward word.
//!
//! - **How it fits**: codecs read domain names, the rule language reads ward words, nothing else spells either.
//! - **Source**: domain page sections 2 and 3.1; language page sections 4.1, 4.2, 4.6.

mod flag;
mod kind;
mod state;
mod step;

pub use flag::{Abnormal, Flag, FlagWord};
pub use kind::{Kind, KindSet, WardKind};
pub use state::{State, StateSet};
pub use step::{Scope, Step};

/// Declares a closed list: the enum, its names, and reading them.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The domain name, as events and tables spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads a domain name; `None` if it is not in the list.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// Its place in the list, from 0.
            #[must_use]
            pub const fn index(self) -> u8 {
                self as u8
            }

            /// The one at that place; `None` beyond the list.
            #[must_use]
            pub fn from_index(index: u8) -> Option<Self> {
                Self::ALL.get(usize::from(index)).copied()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How urgent the order is. A silent source means `Unknown`, never routine.
    pub enum Priority {
        Stat = "stat", Asap = "asap", Urgent = "urgent", Timed = "timed", Preop = "preop",
        Callback = "callback", Routine = "routine", Unknown = "unknown",
    }
}

words! {
    /// How the patient is in care.
    pub enum PatientClass {
        Inpatient = "inpatient", Emergency = "emergency", Outpatient = "outpatient", Preadmit = "preadmit",
        Recurring = "recurring", Newborn = "newborn", Other = "other",
    }
}

words! {
    /// What a person is to the report.
    pub enum Role {
        Ordering = "ordering", Attending = "attending", Admitting = "admitting", Referring = "referring",
        Consulting = "consulting", PrimaryCare = "primary_care", CopyTo = "copy_to",
        Interpreting = "interpreting", Assisting = "assisting", Verifying = "verifying",
        Performing = "performing", Collecting = "collecting", Transcribing = "transcribing",
        Entering = "entering",
    }
}

words! {
    /// How a person is, or was, reached.
    pub enum Channel {
        SecureMessage = "secure_message", Phone = "phone", Sms = "sms", Pager = "pager", Email = "email",
        Inbox = "ehr_inbasket", Worklist = "api", Portal = "portal", App = "app_push", Letter = "letter",
        InPerson = "in_person", Fax = "fax",
    }
}

words! {
    /// What a person did about a notice.
    pub enum Act {
        Delivered = "delivered", Read = "read", Accepted = "accepted", Declined = "declined",
        ReadBack = "read_back", Acted = "acted",
    }
}

words! {
    /// How far a single result is.
    pub enum ResultStatus {
        Registered = "registered", Preliminary = "preliminary", Final = "final", Corrected = "corrected",
        Amended = "amended", Appended = "appended", Cancelled = "cancelled",
        EnteredInError = "entered_in_error", WrongPatient = "wrong_patient", Unknown = "unknown",
    }
}

words! {
    /// How sure a step's time is: a field for exactly this, an indirect field, or the time of the message [REP-2].
    pub enum Evidence { Own = "own", Derived = "derived", Message = "message" }
}

words! {
    /// How a message came.
    pub enum Format { Hl7v2 = "hl7v2", FhirR4 = "fhir_r4", Json = "json" }
}

words! {
    /// What a merge joins.
    pub enum MergeWhat { Patient = "patient", Encounter = "encounter", Report = "report" }
}

words! {
    /// The sign before an off-scale value.
    pub enum Comparator { Below = "<", AtMost = "<=", Above = ">", AtLeast = ">=" }
}

impl Priority {
    /// The ward's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Preop => "pre-op",
            Self::Stat | Self::Asap | Self::Urgent | Self::Timed | Self::Callback | Self::Routine | Self::Unknown => {
                self.name()
            }
        }
    }

    /// Reads a ward's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|priority| priority.word() == word)
    }
}

impl PatientClass {
    /// The ward's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Preadmit => "preadmission",
            Self::Inpatient | Self::Emergency | Self::Outpatient | Self::Recurring | Self::Newborn | Self::Other => {
                self.name()
            }
        }
    }

    /// Reads a ward's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.word() == word)
    }
}

impl Channel {
    /// The ward's word; `in person` and `fax` are not among those a ward may send on.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SecureMessage => "secure message",
            Self::Inbox => "inbox",
            Self::Worklist => "worklist",
            Self::App => "app",
            Self::InPerson => "in person",
            Self::Phone | Self::Sms | Self::Pager | Self::Email | Self::Portal | Self::Letter | Self::Fax => {
                self.name()
            }
        }
    }

    /// Reads a ward's word for a channel it may send on.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|channel| !matches!(channel, Self::InPerson | Self::Fax))
            .find(|channel| channel.word() == word)
    }

    /// Whether the recipient has signed in, so that a full `message` may be shown if its sink is secured [MSG-1].
    #[must_use]
    pub const fn is_signed_in(self) -> bool {
        matches!(self, Self::SecureMessage | Self::App | Self::Inbox | Self::Worklist | Self::Portal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_read_as_they_are_written() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.name()), Some(*channel));
        }
        assert_eq!(Channel::from_word("secure message"), Some(Channel::SecureMessage));
        assert_eq!(Channel::from_word("fax"), None);
        assert_eq!(Priority::from_word("pre-op"), Some(Priority::Preop));
        assert_eq!(PatientClass::from_word("preadmission"), Some(PatientClass::Preadmit));
    }
}
