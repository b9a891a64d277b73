//! Codes: what is each diagnostic called, how bad is it, and where is it explained?
//!
//! A released code is never given another meaning. Every code has a page under `docs/errors/`.
//! - **Not here**: when a code is given (the stage that finds it), its wording at a place ([`diagnostic`](crate::diagnostic)).

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The ward is not loaded.
    Error,
    /// The ward is loaded; somebody should look.
    Warning,
    /// For information.
    Note,
}

impl Severity {
    /// The word of the text and JSON forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Writes the enum and its tables from one list.
macro_rules! codes {
    ($($code:ident $severity:ident $title:literal;)+) => {
        /// A diagnostic of the ward language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// Every code, ascending.
            pub const ALL: &[Code] = &[$(Code::$code,)+];

            /// The code as written, such as `WL0201`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)+ }
            }

            /// How much it weighs.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)+ }
            }

            /// What it is about, as a noun.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)+ }
            }

            /// The page that explains it, Markdown.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("../../docs/errors/", stringify!($code), ".md")),)+ }
            }
        }
    };
}

codes! {
    WL0101 Error "a character that a ward may not hold";
    WL0102 Error "a line at the margin that starts no block";
    WL0103 Error "a line that is neither a clause nor a continuation";
    WL0104 Error "a clause that does not belong to its block";
    WL0105 Error "a required clause is missing";
    WL0106 Error "a clause that is there twice";
    WL0107 Error "a bound is passed";
    WL0108 Error "a clause that cannot be read";
    WL0110 Error "a word of a later release";
    WL0201 Error "a name the catalogue does not know";
    WL0202 Error "two blocks of one name";
    WL0203 Error "a block that does not exist";
    WL0204 Warning "a block nobody uses";
    WL0205 Error "a reserved word inside a bare name";
    WL0206 Error "a trade word of another kind";
    WL0207 Error "blocks that refer to each other in a circle";
    WL0208 Error "a LOINC code with a wrong check digit";
    WL0301 Error "a moment where a state is meant";
    WL0302 Error "a state where a moment is meant";
    WL0303 Error "units that cannot be compared";
    WL0304 Error "a bare day";
    WL0305 Error "working time without a calendar";
    WL0306 Error "working days without a clock time";
    WL0307 Error "a comparison of the wrong type";
    WL0308 Error "a date or time that does not exist";
    WL0309 Error "an unknown time zone or unit";
    WL0401 Error "a condition that can never be true";
    WL0402 Error "and beside or";
    WL0403 Error "a missing value nobody decided";
    WL0404 Error "two rules claim one report";
    WL0405 Warning "a rule that never decides anything";
    WL0406 Warning "a missing clause that does nothing";
    WL0407 Warning "a condition that is always true";
    WL0501 Error "a clock that never stops";
    WL0502 Error "a clock that is paused from its first second";
    WL0503 Warning "a holiday that only half closes";
    WL0504 Warning "a holiday file that ends soon";
    WL0505 Error "working days with pauses";
    WL0506 Error "a warning that does not come before the breach";
    WL0507 Error "a clock that starts and stops at one moment";
    WL0601 Error "a step with nobody to ask";
    WL0602 Error "a broken promise";
    WL0603 Error "one page without an escalation behind it";
    WL0604 Error "a channel that is not set up";
    WL0605 Warning "a first pass longer than the answer time";
    WL0606 Error "a recipient nobody can work out";
    WL0607 Error "a read-back where there is no value";
    WL0608 Error "covers, steps or repeats out of order";
    WL0701 Error "a health detail on an open channel";
    WL0702 Error "an unknown placeholder";
    WL0703 Error "a patient identifier in a text";
    WL0704 Error "a code that is asked for and not shown";
    WL0801 Error "a mute on an alert that cannot be held";
    WL0802 Warning "raise and clear at one level";
    WL0803 Error "a notice that would expire unsent";
    WL0804 Error "a limit on raises that cannot be held";
    WL0805 Warning "an alarm budget that is passed";
    WL0806 Error "a limit on pages";
    WL0901 Error "a script that is not safe";
    WL0902 Error "examples of a function";
    WL0903 Note "an analysis that stops at a script";
    WL0904 Error "a rule file with something else in it";
    WL0951 Warning "a review that is overdue";
    WL0952 Warning "a rule without a test";
    WL0953 Error "a test script out of order";
}

impl Code {
    /// The code of a word such as `WL0201`, in either case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(word))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_names_its_code_and_says_what_to_do() {
        for code in Code::ALL {
            let page = code.page();
            assert!(page.starts_with(&format!("# {code}")), "{code}");
            assert!(page.contains("## What to do"), "{code}");
        }
    }

    #[test]
    fn codes_are_found_by_their_word() {
        assert_eq!(Code::of_word("wl0403"), Some(Code::WL0403));
        assert_eq!(Code::of_word("WL9999"), None);
    }
}
