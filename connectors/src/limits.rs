//! Limits: how much of anything may a message hold before we refuse to read it?
//!
//! Bounds of the canonical event itself stand in `wardline_rules::limits`; here are those of the foreign forms.
//! At each of them the message becomes a dead letter with code `WL1204`, unless another is named.

use core::time::Duration;

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

/// Entries of one FHIR bundle.
pub const FHIR_ENTRIES_MAX: usize = 5_000;

/// Connections of one MLLP listener. Beyond it a new one is closed at once.
pub const MLLP_CONNECTIONS_MAX: usize = 1_024;
/// Pause after a connection that could not be taken for want of the machine's means.
pub const MLLP_ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Messages of one MLLP connection that wait for the disk together. Beyond it nothing is read from it.
pub const MLLP_IN_FLIGHT_MAX: usize = 32;
/// Bytes read from an MLLP connection at a time: with every connection open, 16 MiB of buffers.
pub const MLLP_READ_BYTES: usize = 16 << 10;
/// Bytes that each MLLP connection may hold of an open frame by itself; more comes in pieces of this size out of the
/// common budget.
pub const MLLP_BUDGET_CHUNK_BYTES: usize = 64 << 10;
/// Pieces of the common budget: 256 MiB. Beyond it reading waits, at most as long as a frame may take.
pub const MLLP_BUDGET_CHUNKS_MAX: usize = (256 << 20) / MLLP_BUDGET_CHUNK_BYTES;
/// How long an MLLP connection may be silent between messages. Then it is closed.
pub const MLLP_IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a begun frame may take to its end. Then the connection is closed without an answer.
pub const MLLP_FRAME_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a sender may take to read an answer. Then the connection is closed.
pub const MLLP_WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long TLS may take. Then the connection is closed.
pub const MLLP_TLS_TIMEOUT: Duration = Duration::from_secs(5);
/// How long open connections may go on after a stop was asked for.
pub const MLLP_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Messages of one stream that wait for the disk together. Beyond it nothing is handed over.
pub const NATS_IN_FLIGHT_MAX: usize = 1_024;
/// Messages asked for at a time.
pub const NATS_PULL_MESSAGES: usize = 256;
/// Bytes asked for at a time: one message of the largest size, and room for its headers.
pub const NATS_PULL_BYTES: usize = MESSAGE_BYTES_MAX + (1 << 20);
/// After how long without an acknowledgement the server delivers again; longer than any flush and any busy spell's share.
pub const NATS_ACK_WAIT: Duration = Duration::from_secs(30);
/// How long an engine that died still owns its consumer.
pub const NATS_CLAIM_LIFE: Duration = Duration::from_secs(30);
/// How often an engine says that it still owns its consumer.
pub const NATS_CLAIM_RENEW: Duration = Duration::from_secs(8);
/// Shortest pause after a trouble.
pub const NATS_PAUSE_MIN: Duration = Duration::from_millis(250);
/// Longest pause after a trouble.
pub const NATS_PAUSE_MAX: Duration = Duration::from_secs(10);
/// Producers whose own sequence is watched. Beyond it a new one's is not.
pub const NATS_PRODUCERS_MAX: usize = 1_024;

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

/// Rows of one Arrow stream, as many as lines of one request. Beyond it: 413.
pub const ARROW_ROWS_MAX: usize = 65_536;
/// Columns of one Arrow stream, with all that are inside of others: three times what an event has. Beyond it: 413.
pub const ARROW_FIELDS_MAX: usize = 256;
/// Bytes of a column's name. Beyond it: 413.
pub const ARROW_NAME_BYTES_MAX: usize = 64;
/// Bytes that the rows of one Arrow stream may have as text, added up beforehand: two kibibytes for each row. Beyond it: 413.
pub const ARROW_TEXT_BYTES_MAX: u64 = 128 << 20;

/// The year before which no time of a report is believed.
pub const YEAR_MIN: i64 = 1990;
/// Hours a time may lie ahead of the log's time before it is dropped.
pub const FUTURE_HOURS_MAX: i64 = 24;

/// Characters of a notice's text for a receiver that names no bound of its own; the engine writes at most 1,024 bytes.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Bytes of a receiver's reply that are read; the rest does not matter.
pub const REPLY_BYTES_MAX: usize = 64 << 10;
/// How long resolving, connecting and TLS may take together; then nothing was sent.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of a message that Slack shows without cutting it.
pub const SLACK_CHARS_MAX: usize = 4_000;
/// Characters of the summary of an event that PagerDuty takes.
pub const PAGERDUTY_CHARS_MAX: usize = 1_024;
/// Characters of a text message that providers take; the carrier sends it in pieces of 153 or 67.
pub const SMS_CHARS_MAX: usize = 1_600;
/// Characters that a call speaks: said twice, with what the keys mean, its script stays below the 4,000 that providers take.
pub const SPOKEN_CHARS_MAX: usize = 1_024;
/// How long the commands of a mail up to its last line may take together; then nothing was sent.
pub const SMTP_TIMEOUT: Duration = Duration::from_secs(8);
