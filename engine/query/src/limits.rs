//! Limits: how much may one statement, one caller and all of them take?

use core::time::Duration;

/// Bytes of one statement. Beyond it: WL1503.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Tokens of one statement. Beyond it: WL1503.
pub const TOKENS_MAX: usize = 20_000;
/// Depth of brackets. Beyond it: WL1503.
pub const DEPTH_MAX: usize = 64;
/// Operators of one statement, which the planner turns into a tree as deep. Beyond it: WL1503.
pub const OPERATORS_MAX: usize = 1_000;
/// Joins of one statement, commas between tables included. Beyond it: WL1503.
pub const JOINS_MAX: usize = 16;
/// Joins without any condition: the memory of the second one is not counted by anybody. Beyond it: WL1503.
pub const CROSS_JOINS_MAX: usize = 1;
/// Commas of one statement, which bounds lists such as `IN (…)`. Beyond it: WL1503.
pub const COMMAS_MAX: usize = 5_000;
/// Rows that `generate_series` makes. Beyond it: WL1528.
pub const SERIES_ROWS_MAX: usize = 1_000_000;
/// Statements that `system_queries` shows; the files keep all.
pub const AUDIT_SHOWN_MAX: usize = 10_000;
/// Stack of the threads that parse and plan.
pub const STACK_BYTES: usize = 16 << 20;
/// Bytes of memory that all statements share. Beyond it a statement ends: WL1512.
pub const POOL_BYTES: usize = 512 << 20;
/// Bytes on disk that sorts and joins may use. Beyond it a statement ends: WL1512.
pub const SPILL_BYTES: u64 = 2 << 30;
/// Data of the whole process: the pool and what is outside it. Beyond it the process ends and is started again.
pub const PROCESS_BYTES: u64 = (POOL_BYTES as u64) + (1536 << 20);
/// Open files of the process.
pub const FILES_MAX: u64 = 1_024;
/// Time of one statement, over its whole stream. Beyond it: WL1510.
pub const STATEMENT_TIME: Duration = Duration::from_secs(30);
/// Beyond its time by so much, a statement that cannot be ended takes the process with it.
pub const OVERRUN_MAX: Duration = Duration::from_secs(5);
/// Rows of one answer. Beyond it: WL1511.
pub const ROWS_MAX: usize = 1_000_000;
/// Rows of one answer by `COPY`, or as Arrow or Parquet, which nobody here keeps. Beyond it: WL1511.
pub const COPY_ROWS_MAX: usize = 20_000_000;
/// Cursors that one session has open. Beyond it: WL1513.
pub const CURSORS_MAX: usize = 2;
/// Bytes of one answer over HTTP, as JSON or CSV. Beyond it: WL1511.
pub const TEXT_ANSWER_BYTES_MAX: usize = 64 << 20;
/// Bytes of one answer over HTTP, as Arrow or Parquet: nobody here keeps them. Beyond it: WL1511.
pub const COLUMNS_ANSWER_BYTES_MAX: usize = 2 << 30;
/// Bytes of an answer that are kept until it is whole, so that an error can still be told as one.
pub const WHOLE_ANSWER_BYTES: usize = 1 << 20;
/// Bytes of a piece of an answer that is longer.
pub const PIECE_BYTES: usize = 256 << 10;
/// Rows of one row group of an answer in Parquet: what is held until it can be given out.
pub const PARQUET_GROUP_ROWS: usize = 131_072;
/// Statements that run at once.
pub const RUNNING_MAX: usize = 4;
/// Statements that wait for their turn. Beyond it: WL1513.
pub const WAITING_MAX: usize = 16;
/// How long a statement waits for its turn. Beyond it: WL1513.
pub const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long `min_epoch` is waited for. Beyond it: WL1506.
pub const MIN_EPOCH_WAIT: Duration = Duration::from_secs(2);
/// Sessions of the Postgres wire.
pub const SESSIONS_MAX: usize = 64;
/// Pause before the follower connects again, on a thread that does nothing else: a refused connection fails at once, and an
/// engine that starts again is back within this time of its socket.
pub const RECONNECT_AFTER: Duration = Duration::from_millis(200);
/// How long the rows may stand still before this process says that it is not ready.
pub const UNHEARD_MAX: Duration = Duration::from_secs(60);
/// How long a session of the Postgres wire may take to agree upon TLS.
pub const TLS_TIMEOUT: Duration = Duration::from_secs(5);
/// Wrong passwords from one address in a minute. Beyond it the address waits.
pub const WRONG_PASSWORDS_MAX: u32 = 5;
