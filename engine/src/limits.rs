//! Limits: how much will the shell take, hold or wait for?
//!
//! Each bound with its arithmetic and what happens at it. Those of events stand in `wardline_rules::limits`, those of
//! state in `wardline_core::limits`, those of the disk in `wardline_store::limits`.

use core::time::Duration;

use wardline_rules::time::Span;

/// Bytes of one request body: one message of any feed, a quarter of a log segment. Beyond it: 413.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Bytes of a body that its connection has for itself; what goes beyond comes out of [`BODIES_BYTES_MAX`].
pub const BODY_OWN_BYTES: usize = 64 << 10;
/// Bytes of all open bodies together, beyond what each has of its own. Beyond it: 503, to be sent again.
pub const BODIES_BYTES_MAX: usize = 256 << 20;
/// Lines of one NDJSON request, and elements of one JSON array. Beyond it: 413.
pub const LINES_PER_REQUEST_MAX: usize = 65_536;
/// Bytes of one NDJSON line. A longer one becomes a dead letter; the lines around it are read.
pub const LINE_BYTES_MAX: usize = wardline_rules::limits::LINE_BYTES_MAX;
/// Bytes of a ward sent for activation. Beyond it: 413.
pub const WARD_BYTES_MAX: usize = 64 << 20;
/// Files of a ward folder. Beyond it the ward is refused.
pub const WARD_FILES_MAX: usize = 4_096;
/// Bytes of `wardline.toml`, `site.toml` and `directory.csv`, each. Beyond it the file is refused.
pub const CONFIG_BYTES_MAX: u64 = 16 << 20;
/// Rows of `directory.csv`: every clinician of a large hospital on six channels. Beyond it the file is refused.
pub const DIRECTORY_ROWS_MAX: usize = 262_144;

/// Connections of one listener. Beyond it a new one is closed at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Connections from one address. Beyond it a new one is closed at once.
pub const CONNECTIONS_PER_PEER_MAX: usize = 64;
/// Headers of one request. Beyond it: 431 and closed.
pub const HEADERS_MAX: usize = 100;
/// Bytes of all headers with the request line: 16 KiB and a URL of 8 KiB. Beyond it: 431 and closed.
pub const HEADER_BYTES_MAX: usize = 24 << 10;
/// Bytes of a URL. Beyond it: 414.
pub const URL_BYTES_MAX: usize = 8 << 10;
/// How long the headers of one request may take, the wait of an idle connection included. Then it is closed.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one request may take from its headers to the end of its answer. Then it is closed.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a body may stand still: at 1 KiB a second a chunk of 8 KiB takes eight. Then 408 and closed.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(8);
/// Slowest body, in bytes a second, once the first eight seconds have passed. Below it: 408 and closed.
pub const BODY_BYTES_PER_SECOND_MIN: u64 = 1_024;
/// How long a connection may live at most, however busy: then it is asked to end after the request it has.
pub const CONNECTION_LIFE_MAX: Duration = Duration::from_secs(3_600);
/// How long open requests may go on after a stop was asked for.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Wrong codes from one address in one hour. Beyond it: 429, right or wrong.
pub const WRONG_CODES_PER_HOUR_MAX: u32 = 20;
/// Addresses whose wrong codes are counted. Beyond it the oldest is forgotten.
pub const PEERS_WATCHED_MAX: usize = 16_384;
/// Alerts in one page of `GET /v1/alerts`.
pub const ALERTS_PER_PAGE_MAX: usize = 1_000;
/// Connections that watch the worklist: one for each desk of a large hospital. Beyond it 429.
pub const WATCHERS_MAX: usize = 256;
/// Looks at the worklist without a change, one each `WATCH_EVERY`, after which its watchers hear that they are still connected.
pub const WATCHERS_QUIET_MAX: u32 = 15;
/// How long a silence may last [MUTE-5].
pub const SILENCE_HOURS_MAX: i64 = 24;
/// Characters of a person's name or a reason given with a silence or an activation.
pub const REASON_CHARS_MAX: usize = 200;

/// Submissions waiting for the log thread. Beyond it events are refused with 429; control inputs wait.
pub const LOG_QUEUE_MAX: usize = 65_536;
/// Bytes waiting for the log thread. Beyond it events are refused with 429.
pub const LOG_QUEUE_BYTES_MAX: usize = 64 << 20;
/// Share of the bytes above that must be free again before routine events are taken again, in percent.
pub const READMIT_PERCENT: usize = 70;
/// Flushed batches and questions waiting for the core. Beyond it the log thread waits, and with it the feeds.
pub const CORE_QUEUE_MAX: usize = 16;
/// A batch closes this long after its first input.
pub const COMMIT_WINDOW: Duration = Duration::from_millis(1);
/// A batch closes at this many bytes.
pub const COMMIT_BYTES: usize = 1 << 20;
/// Inputs of one batch: a count that keeps one `step` below a tenth of a second.
pub const COMMIT_INPUTS_MAX: usize = 65_536;
/// The log thread never sleeps longer, because the boot clock moves in suspend and its sleep does not.
pub const LOG_SLEEP_MAX: Duration = Duration::from_millis(250);
/// At least one batch is written in this time.
pub const TICK_EVERY: Duration = Duration::from_secs(1);
/// A checkpoint is due after so many bytes of log.
pub const CHECKPOINT_BYTES: u64 = 512 << 20;
/// A checkpoint is due after so long, if anything came in.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(15 * 60);
/// Shortest time for which the log is kept, in hours.
pub const LOG_KEPT_HOURS_MIN: i64 = 72;
/// How long dead letters are kept behind the log, in days.
pub const LETTERS_KEPT_DAYS: i64 = 90;
/// How often the monitor hears from us.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// How often the room on the volume is looked at, and a segment tried again that had no room.
pub const ROOM_EVERY: Duration = Duration::from_secs(1);
/// A batch closes this long after its first input while the volume is full: the reserve lasts longer.
pub const COMMIT_WINDOW_FULL: Duration = Duration::from_millis(50);
/// The timer path counts as stopped when it has not turned for this long.
pub const LIVE_WITHIN: Duration = Duration::from_secs(15);
/// Differences of wall and log time up to this are slewed away; beyond it the wall is in doubt.
pub const WALL_TOLERANCE: Duration = Duration::from_millis(250);
/// Slewing moves the anchor by at most this part of the time that passed, in millionths.
pub const SLEW_PER_MILLION: i64 = 500;
/// A doubt no larger than [`DOUBT_ACCEPTED_MAX`] ends after this long.
pub const DOUBT_WAIT: Duration = Duration::from_secs(5 * 60);
/// A jump larger than this is never accepted by waiting alone.
pub const DOUBT_ACCEPTED_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Attempts in flight.
pub const IN_FLIGHT_MAX: usize = wardline_core::limits::IN_FLIGHT_MAX;
/// Of these, kept for red notices.
pub const IN_FLIGHT_RED_RESERVE: usize = wardline_core::limits::IN_FLIGHT_RED_RESERVE;
/// Attempts in flight on one channel.
pub const IN_FLIGHT_PER_CHANNEL_MAX: usize = 8;
/// Of these, kept for red notices.
pub const IN_FLIGHT_PER_CHANNEL_RED_RESERVE: usize = 2;
/// How long one attempt may take in all; then its outcome is unknown, or it was never sent.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a receiver that can be asked is asked whether it has a notice, before that is sent again.
pub const ASK_MAX: Duration = Duration::from_secs(5);
/// Pause between two such questions.
pub const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often operations hear that a channel's receiver does not know us.
pub const COMPLAIN_EVERY: Span = Span::from_minutes(60);
/// How long a connection must have lasted for its end to be news: others come for one message and go.
pub const CONNECTION_KEPT_AFTER: Span = Span::from_seconds(60);
/// How long a feed is without connection before the core hears of it.
pub const FEED_LOST_AFTER: Span = Span::from_seconds(30);
/// Lines of the story of one report. Beyond it the rest is left out, and the story says so.
pub const STORY_LINES_MAX: usize = 10_000;
/// Dead letters in one page of `GET /v1/dead`.
pub const LETTERS_PER_PAGE_MAX: usize = 1_000;
/// Lines of one request of `wardline import`: each is one group of the bulk lane.
pub const IMPORT_LINES_PER_REQUEST: usize = 1_000;
/// Pause after a connection of a follower that could not be taken for want of the machine's means.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long `wardline import` leaves an engine alone that is busy and does not say for how long.
pub const IMPORT_BUSY_WAIT: Duration = Duration::from_secs(1);
/// How long the engine may be busy with one piece before `wardline import` gives up.
pub const IMPORT_BUSY_MAX: Duration = Duration::from_secs(300);
/// Bytes of a reply to a verb: a statement's answer as text at its longest. Beyond it the verb fails.
pub const REPLY_BYTES_MAX: usize = 65 << 20;
/// How long a verb waits for the whole reply: two statements' time.
pub const REMOTE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an answer to a sender of events waits for what the core makes of them, once they are durable. Beyond it the
/// receipt says `stored`.
pub const OUTCOME_WAIT: Duration = Duration::from_secs(2);
/// How long health and metrics wait for the core's side of the books. Beyond it they go without.
pub const LEDGER_WAIT: Duration = Duration::from_secs(1);
/// Unreadable messages whose arrivals are counted. Beyond it the one counted first is forgotten, and three more are needed.
pub const ARRIVALS_MAX: usize = 16_384;
/// How long a page to operations about the engine itself may take on all channels; the process may end behind it.
pub const OPERATIONS_TIMEOUT: Duration = Duration::from_secs(5);
/// How often is looked for tasks that their desks have not heard of.
pub const TASKS_EVERY: Duration = Duration::from_secs(2);
/// Tasks that are told at the same time.
pub const TASKS_TOLD_AT_ONCE: usize = 16;
/// Pause before operations are paged again about an input that is left out, when no channel took the page.
pub const OPERATIONS_AGAIN: Duration = Duration::from_secs(60);
/// Pages that the built-in phone keeps; the oldest leave.
pub const PHONE_PAGES_MAX: usize = 1_000;

/// Series of an engine with its query process: the caps of all labels, and a little room. A test adds them up.
pub const METRIC_SERIES_MAX: usize = 2_500;
/// Gaps between messages that are kept for each feed and hour of the day: 12 KiB for a feed.
pub const GAPS_KEPT: usize = 64;
/// Below so many gaps nobody can tell what is usual.
pub const GAPS_NEEDED: usize = 20;

/// Bytes read at a time from a file feed or standard input.
pub const SOURCE_CHUNK_BYTES: usize = 256 << 10;
/// Lines of a file feed that travel together: one acknowledgement moves the file's mark by so much.
pub const SOURCE_LINES_PER_SUBMISSION: usize = 1_024;
/// Secrets of one feed that sign its webhooks: the new one and the one before.
pub const FEED_SECRETS_MAX: usize = 2;
/// How far the time of a webhook may be from ours, either way (S1-18).
pub const WEBHOOK_TOLERANCE: Span = Span::from_minutes(5);
/// How long the id of a webhook is remembered (S1-18): longer than one may be old.
pub const WEBHOOK_REMEMBERED: Span = Span::from_minutes(10);
/// Ids of webhooks that are remembered: a hundred a second. Beyond it senders are asked to come again.
pub const WEBHOOK_IDS_MAX: usize = 65_536;
/// Bytes of the id of a webhook.
pub const WEBHOOK_ID_BYTES_MAX: usize = 256;
/// Files of a folder feed that are remembered between two looks, the oldest first. The others wait for their turn.
pub const FOLDER_FILES_SEEN_MAX: usize = 4_096;
/// Looks, one each `WATCH_EVERY`, through which a file must not change before it is claimed.
pub const FOLDER_LOOKS: u32 = 3;
/// Bytes of an HL7 file of a folder feed, some forty thousand messages. Beyond it the file is put aside.
pub const FOLDER_FILE_BYTES_MAX: usize = 64 << 20;
/// Messages of a folder feed that travel together.
pub const FOLDER_MESSAGES_PER_GROUP: usize = 256;
/// Bytes of a file's name with room for what is put behind it; a longer one is replaced by its hash.
pub const FOLDER_NAME_BYTES_MAX: usize = 200;
/// Files of one name that are kept side by side. Beyond it the folder stands still and says so.
pub const FOLDER_SAME_NAME_MAX: u32 = 10_000;
/// How long files that were read are kept, in days, if the feed does not say.
pub const FOLDER_KEPT_DAYS: i64 = 30;
/// How often is looked for files that were kept for long enough.
pub const FOLDER_SWEEP_EVERY: Span = Span::from_minutes(60);
/// Files of a folder among which one is looked for that was renamed while nobody followed it.
pub const RENAMED_SEEN_MAX: usize = 10_000;
/// How often a ward folder and a file feed are looked at for changes.
pub const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How often an engine that no ward decides for says so, and reads the ward again.
pub const WARD_AGAIN: Duration = Duration::from_secs(60);
/// Points of a ward that coverage measures: those of a thousand rules. Beyond it the rest is left out, and the report says so.
pub const COVERAGE_POINTS_MAX: usize = 20_000;
/// Longest pause before a file feed that could not be read is tried again.
pub const SOURCE_RETRY_MAX: Duration = Duration::from_secs(60);
/// Ready notices of each channel looked at after each step: more than may be in flight, some of which are among them.
pub const PROPOSALS_MAX: usize = 128;
/// How long a message of a busy engine waits before its sender hears "not stored"; senders should wait longer.
pub const HOLD_ANSWER_MAX: Span = Span::from_seconds(20);
/// How often a message that found the queue full is offered again.
pub const RETRY_OFFER_EVERY: Duration = Duration::from_millis(50);

/// Batches waiting for the archive thread: a second at a thousand a second. Beyond it the tables stop until a restart.
pub const ARCHIVE_QUEUE_MAX: usize = 1_024;
/// Rows waiting for the archive thread, some 150 MB. Beyond it the tables stop until a restart.
pub const ARCHIVE_QUEUE_ROWS_MAX: usize = 262_144;
/// How long after the first row a batch of a table is frozen and shown.
pub const ARCHIVE_FREEZE_AFTER: Duration = Duration::from_millis(10);
/// How long the archive thread sleeps when nothing comes.
pub const ARCHIVE_IDLE: Duration = Duration::from_secs(1);
/// How often hot rows go to files even if they are few.
pub const ARCHIVE_FLUSH_EVERY: Duration = Duration::from_secs(3_600);
/// How long after a flush that failed the next one is tried.
pub const ARCHIVE_RETRY_AFTER: Duration = Duration::from_secs(60);
/// How long a checkpoint waits for the files that it needs; beyond it is given up, and a later one finds them written.
pub const ARCHIVE_COVER_WAIT: Duration = Duration::from_secs(60);
/// Bytes that one follower may lag behind. Beyond it it is cut off and begins again.
pub const FOLLOWER_BYTES_MAX: usize = 32 << 20;
/// Pauses before the query process is started again: doubling from one second to this.
pub const QUERY_RESTART_MAX: Duration = Duration::from_secs(60);
