//! Codes: why could a message not be read or not be stored?
//!
//! The range WL12xx. A code is never reused; each has a page in `docs/errors` and one word that goes into the reason of
//! an `unreadable` event, so that dead letters can be counted without looking into them.
//!
//! - **Not here**: kinds of data-quality rows; they are words of `wardline_rules::quality`.

macro_rules! codes {
    ($($variant:ident = $number:literal, $word:literal, $headline:literal;)+) => {
        /// Why a message is refused.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $(#[doc = concat!("`", $number, "`: ", $headline)] $variant),+ }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as people see it, such as `WL1201`.
            #[must_use]
            pub const fn number(self) -> &'static str {
                match self { $(Self::$variant => $number),+ }
            }

            /// The closed word that an `unreadable` event carries as its reason.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// One line for people; it never quotes the message.
            #[must_use]
            pub const fn headline(self) -> &'static str {
                match self { $(Self::$variant => $headline),+ }
            }
        }
    };
}

codes! {
    NotJson = "WL1201", "not_json", "the text is not one JSON object";
    LineTooLong = "WL1202", "line_too_long", "the line is longer than 256 KiB";
    RepeatedKey = "WL1203", "repeated_key", "a key stands twice in one object";
    InnerLimit = "WL1204", "inner_limit", "the message is nested too deep or has too many parts";
    EventTooLarge = "WL1205", "event_too_large", "the event is larger than 64 KiB or has more than 4,096 results";
    Version = "WL1206", "version", "the version of the event format is not 1";
    UnknownType = "WL1207", "unknown_type", "the type of event is unknown";
    UnknownStep = "WL1208", "unknown_step", "the step is unknown";
    MissingField = "WL1209", "missing_field", "a field that this type of event requires is missing or unusable";
    UnknownAct = "WL1210", "unknown_act", "what the answer says was done is unknown";
    UnknownMerge = "WL1211", "unknown_merge", "the merge does not say what joins what";
    UnknownField = "WL1212", "unknown_field", "a field is unknown and the source is strict";
    SourceName = "WL1213", "source_name", "the name of the source is missing or malformed";
    SourceForeign = "WL1214", "source_foreign", "the source named is not the feed that sends";
    NotCloudEvent = "WL1215", "not_cloudevent", "the text is not a CloudEvent that carries an event";
    NotArrow = "WL1216", "not_arrow", "the body is not an Arrow stream of event columns";
    NoHeader = "WL1221", "no_header", "no MSH segment with usable delimiters";
    NoMessageType = "WL1222", "no_message_type", "the message does not say its type";
    SegmentMissing = "WL1223", "segment_missing", "a segment that this type of message requires is missing";
    UnknownMessageType = "WL1224", "unknown_message_type", "HL7 does not know this type of message";
    UnknownTrigger = "WL1225", "unknown_trigger", "HL7 does not know this trigger of the message type";
    Hl7Version = "WL1226", "hl7_version", "the version of HL7 is not 2.x";
    WrongEnvironment = "WL1227", "wrong_environment", "the processing id is not one this feed accepts";
    MessageTooLarge = "WL1228", "message_too_large", "the message is larger than 16 MiB";
    NotStored = "WL1229", "not_stored", "the message was not stored; send it again";
    FramingMark = "WL1230", "framing_mark", "a mark of the frame stands inside the message";
    Excluded = "WL1240", "excluded", "the engine stopped twice at this input and goes on without it";
    NotFhir = "WL1241", "not_fhir", "the text is not a FHIR resource in JSON";
    BundleType = "WL1242", "bundle_type", "this type of bundle is not taken here";
    UnknownResource = "WL1243", "unknown_resource", "FHIR R4 has no resource of this type";
    EntryMethod = "WL1244", "entry_method", "an entry of a bundle may only be a POST or a PUT";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_code_has_its_page() {
        for code in Code::ALL {
            let page = format!("{}/../docs/errors/{}.md", env!("CARGO_MANIFEST_DIR"), code.number());
            let text = std::fs::read_to_string(&page).unwrap_or_default();
            assert!(text.contains(code.number()) && text.contains(code.headline()), "{page}");
        }
    }

    #[test]
    fn codes_and_words_are_used_once() {
        let mut numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.word()).collect();
        numbers.sort_unstable();
        words.sort_unstable();
        numbers.dedup();
        words.dedup();
        assert_eq!((numbers.len(), words.len()), (Code::ALL.len(), Code::ALL.len()));
    }
}
