//! Limits: how much of anything may a message hold before we refuse to read it?
//!
//! Bounds of the canonical event itself stand in `wardline_rules::limits`; here are those of the foreign forms.
//! At each of them the message becomes a dead letter with code `WL1204`, unless another is named.

/// Bytes of one message on any feed: 16 MiB, a quarter of a log segment (`WL1228`).
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Objects and arrays of JSON inside each other.
pub const JSON_DEPTH_MAX: usize = 32;
/// Keys of one JSON object.
pub const JSON_KEYS_MAX: usize = 1_024;
/// Elements of one JSON array.
pub const JSON_ARRAY_MAX: usize = 65_536;
/// Digits of a JSON number; with sign, point and exponent it stays below twice that many bytes.
pub const JSON_DIGITS_MAX: usize = 38;

/// Segments of one HL7 message.
pub const HL7_SEGMENTS_MAX: usize = 10_000;
/// Fields of one HL7 segment.
pub const HL7_FIELDS_MAX: usize = 1_024;
/// Repetitions of one HL7 field.
pub const HL7_REPETITIONS_MAX: usize = 1_024;
/// Bytes of a field that is read; a longer one counts as narrative where it is a value, and refuses the message where
/// it should be a code or a number.
pub const HL7_FIELD_BYTES_MAX: usize = 64 * 1024;
/// Characters of MSH-10 that an answer repeats.
pub const HL7_CONTROL_ID_MAX: usize = 199;

/// Characters of a sending application or facility.
pub const APPLICATION_CHARS_MAX: usize = 96;
/// Characters of a message trigger such as `ORU^R01`.
pub const TRIGGER_CHARS_MAX: usize = 32;
/// Characters of a site, a department or a location.
pub const PLACE_CHARS_MAX: usize = 64;
/// Characters of a result's sub-identifier and of a unit.
pub const SUB_CHARS_MAX: usize = 32;
/// Characters of a short result word.
pub const WORD_CHARS_MAX: usize = 32;
/// Characters of an attribute's text.
pub const ATTRIBUTE_CHARS_MAX: usize = 64;

/// The year before which no time of a report is believed.
pub const YEAR_MIN: i64 = 1990;
/// Hours a time may lie ahead of the log's time before it is dropped.
pub const FUTURE_HOURS_MAX: i64 = 24;
