//! Tests: are statements answered from one snapshot, and is everything else refused?

use std::{sync::Arc, time::Duration};

use arrow::array::{AsArray as _, RecordBatch};
use datafusion::{common::ParamValues, scalar::ScalarValue};
use wardline_tables::{
    archive::Archive,
    frame::Commit,
    place::Folder,
    row::{Cell, Row, Table},
    time::Timestamp,
};

use crate::{
    access::{Asker, Role},
    codes::Code,
    error::Error,
    functions,
    render::{Format, Rendering, type_name},
    session::{Answer, Sql},
    snapshot::{Newest, Snapshot},
    times::Find,
};

mod golden;
mod slices;

/// 2026-01-14T09:00:30.5Z
const NINE: i64 = 1_768_381_230_500_000;

async fn whole(answer: Answer, format: Format, limit: Option<usize>) -> Result<(Vec<u8>, bool), Error> {
    let mut rendering = Rendering::new(answer, format, limit)?;
    let mut body = Vec::new();
    while !rendering.is_over() {
        body.extend(rendering.next(1_000).await?);
    }
    Ok((body, rendering.is_limited()))
}

fn as_role(role: Role) -> Asker {
    Asker::new("ana", role, "http")
}

struct Place {
    archive: Archive<Folder>,
    newest: Newest,
    sql: Arc<Sql>,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spill = folder.path().join("spill");
        std::fs::create_dir(&spill).unwrap();
        let (files, audit) = (folder.path().join("archive"), folder.path().join("audit"));
        let archive = Archive::open(Folder::open(&files).unwrap()).unwrap();
        let newest = Newest::default();
        let ways: (Find, _) = (Arc::new(|_| Some(golden::times())), tokio::runtime::Handle::current());
        let sql = Arc::new(Sql::open((&files, &spill, Some(&audit)), newest.clone(), ways).await.unwrap());
        Self { archive, newest, sql, _folder: folder }
    }

    /// Takes rows, and shows them.
    fn take(&mut self, epoch: u64, rows: &[Row]) {
        self.archive.append(epoch, rows).unwrap();
        self.archive.freeze().unwrap();
        self.show();
    }

    fn flush(&mut self) {
        self.archive.flush(NINE).unwrap();
        self.show();
    }

    fn show(&self) {
        let ward = Some("w".to_owned());
        let commit = Commit { epoch: self.archive.epoch(), at: NINE, ward, ..Commit::default() };
        let manifest = Arc::new(self.archive.manifest().clone());
        self.newest.publish(Snapshot::new(commit, manifest, Arc::new(self.archive.hot().clone())));
    }

    /// The whole answer and whether less was given than there is.
    async fn render(&self, text: &str, format: Format, limit: Option<usize>) -> Result<(Vec<u8>, bool), Error> {
        let planned = self.sql.plan(text, &as_role(Role::Phi)).await?;
        let answer = self.sql.run(&planned, None, None).await?;
        whole(answer, format, limit).await
    }

    async fn ask_as(&self, role: Role, text: &str) -> Result<String, Error> {
        let planned = self.sql.plan(text, &as_role(role)).await?;
        let answer = self.sql.run(&planned, None, None).await?;
        let text = String::from_utf8(whole(answer, Format::Csv, None).await?.0).unwrap();
        Ok(text.lines().skip(1).collect::<Vec<_>>().join(" "))
    }

    async fn ask(&self, text: &str) -> String {
        self.ask_as(Role::Phi, text).await.unwrap()
    }

    async fn code(&self, text: &str) -> Option<Code> {
        self.ask_as(Role::Analyst, text).await.err().map(|error| error.code)
    }
}

/// A clock of a report, in a state.
fn clock(id: &str, state: &'static str, at: i64) -> Row {
    let mut cells = vec![Cell::Null; 18];
    let at = Cell::time(Timestamp::from_micros(at));
    cells[0] = Cell::text(id);
    cells[1] = Cell::text("r");
    cells[2] = Cell::word("sla/Lab");
    cells[3] = Cell::Int(0);
    cells[4] = Cell::word(state);
    cells[5] = at;
    cells[15] = Cell::word("stat");
    Row { table: Table::Clocks, cells }
}

fn ward(name: &str, by: &str) -> Row {
    let at = Cell::time(Timestamp::from_micros(NINE));
    Row { table: Table::Wards, cells: vec![Cell::text(name), Cell::text(name), at, Cell::text(by)] }
}

const STATES: &str = "SELECT clock_id, state FROM clocks ORDER BY clock_id";

#[tokio::test]
async fn a_keyed_table_shows_the_newest_row_of_each_key_wherever_it_lies() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE), clock("b", "running", NINE)]);
    place.take(2, &[clock("a", "overdue", NINE)]);
    assert_eq!(place.ask(STATES).await, "a,overdue b,running", "hot");
    place.flush();
    assert_eq!(place.ask(STATES).await, "a,overdue b,running", "in files");
    place.take(5, &[clock("a", "breached", NINE), clock("c", "running", NINE)]);
    assert_eq!(place.ask(STATES).await, "a,breached b,running c,running", "both");
    place.flush();
    assert_eq!(place.ask(STATES).await, "a,breached b,running c,running", "in two files");
    assert_eq!(place.ask("SELECT count(*) FROM clocks").await, "3");
    assert_eq!(place.ask("SELECT epoch FROM clocks WHERE clock_id = 'a'").await, "5");
}

/// The smaller side of a join is read first, whichever was named first.
#[tokio::test]
async fn tables_join_whichever_of_them_is_the_larger() {
    let mut place = Place::new().await;
    let clocks: Vec<Row> = (0..500).map(|n| clock(&format!("c{n:03}"), "running", NINE)).collect();
    place.take(1, &clocks);
    place.take(2, &[ward("w1", "Ana")]);
    for stage in ["hot", "in files"] {
        for (one, other) in [
            ("clocks", "(SELECT max(active_from) AS at FROM wards)"),
            ("(SELECT max(active_from) AS at FROM wards)", "clocks"),
        ] {
            let text = format!(
                "SELECT state, count(*) FROM {one} a CROSS JOIN {other} b WHERE state = 'running' GROUP BY CASE WHEN started_at < at THEN 1 ELSE 2 END, state"
            );
            assert_eq!(place.ask(&text).await, "running,500", "{stage}: {text}");
        }
        place.flush();
    }
}

#[tokio::test]
async fn a_statement_reads_the_snapshot_it_is_given_and_now_is_its_log_time() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    let old = place.sql.snapshot().unwrap();
    place.take(2, &[clock("b", "running", NINE)]);
    place.flush();
    let planned = place.sql.plan("SELECT count(*) FROM clocks", &as_role(Role::Phi)).await.unwrap();
    let mut answer = place.sql.run(&planned, None, Some(old)).await.unwrap();
    let batch = answer.next().await.unwrap().unwrap();
    assert_eq!(batch.column(0).as_primitive::<arrow::datatypes::Int64Type>().value(0), 1, "files came later");
    assert_eq!(answer.snapshot.commit.epoch, 1);
    assert_eq!(place.ask("SELECT now() = to_timestamp_micros(1768381230500000)").await, "true");
}

/// The value of a figure without labels.
fn figure(place: &Place, name: &str) -> f64 {
    let text = place.sql.metrics();
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_else(|| panic!("{name}"));
    line.parse().unwrap()
}

#[tokio::test]
async fn a_snapshot_that_somebody_keeps_is_counted_once_a_newer_one_is_there() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    assert_eq!(figure(&place, "wardline_snapshot_timestamp_seconds"), 1_768_381_230.5);
    let planned = place.sql.plan("SELECT * FROM clocks", &as_role(Role::Phi)).await.unwrap();
    let answer = place.sql.run(&planned, None, None).await.unwrap();
    assert_eq!(figure(&place, "wardline_snapshots_pinned"), 0.0, "it is the newest");
    assert_eq!(figure(&place, "wardline_queries_running"), 1.0);
    place.take(2, &[clock("b", "running", NINE)]);
    place.take(3, &[clock("c", "running", NINE)]);
    assert_eq!(figure(&place, "wardline_snapshots_pinned"), 1.0, "the one between is kept by nobody");
    drop(answer);
    while figure(&place, "wardline_snapshots_pinned") > 0.0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(figure(&place, "wardline_queries_running"), 0.0);
}

#[tokio::test]
async fn nothing_is_answered_before_there_is_a_snapshot() {
    let place = Place::new().await;
    assert_eq!(place.code("SELECT 1").await, Some(Code::Behind));
    assert!(tokio::time::timeout(Duration::from_millis(20), place.sql.wait_for(7)).await.is_err(), "it waits");
}

#[tokio::test]
async fn what_a_role_may_not_see_does_not_exist_for_it() {
    let mut place = Place::new().await;
    place.take(1, &[ward("w1", "Ana"), clock("a", "running", NINE)]);
    assert_eq!(place.ask("SELECT activated_by FROM wards").await, "Ana");
    assert_eq!(place.code("SELECT activated_by FROM wards").await, Some(Code::Plan));
    let star = place.ask_as(Role::Analyst, "SELECT * FROM wards").await.unwrap();
    assert_eq!(star, "w1,w1,2026-01-14T09:00:00Z,1,0", "an analyst's instants stop at the minute");
    let star = place.ask_as(Role::Phi, "SELECT * FROM wards").await.unwrap();
    assert_eq!(star, "w1,w1,2026-01-14T09:00:30.500Z,Ana,1,0");
}

#[tokio::test]
async fn parameters_are_values_and_never_text() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE), clock("b", "overdue", NINE)]);
    let planned = place.sql.plan("SELECT clock_id FROM clocks WHERE state = $1", &as_role(Role::Phi)).await.unwrap();
    for (value, rows) in [("overdue", 1), ("x' OR 'a' = 'a", 0)] {
        let parameters = ParamValues::from(vec![ScalarValue::from(value)]);
        let mut answer = place.sql.run(&planned, Some(parameters), None).await.unwrap();
        let mut count = 0;
        while let Some(batch) = answer.next().await {
            count += batch.unwrap().num_rows();
        }
        assert_eq!(count, rows, "{value}");
    }
}

/// [S1-10] [S1-11]
#[tokio::test]
async fn only_one_statement_that_reads_is_answered() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    let refused = [
        "DROP TABLE clocks",
        "INSERT INTO clocks VALUES (1)",
        "UPDATE clocks SET state = 'met'",
        "DELETE FROM clocks",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "SELECT * INTO x FROM clocks",
        "COPY clocks TO '/tmp/x.parquet'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN DROP TABLE clocks",
        "WITH d AS (DELETE FROM clocks RETURNING *) SELECT * FROM d",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
    ];
    for text in refused {
        assert_eq!(place.code(text).await, Some(Code::Refused), "{text}");
    }
    let unknown = [
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM \"file:///etc/passwd\"",
        "SELECT * FROM all_rows",
        "SELECT * FROM range(1, 9876543210)",
        "SELECT repeat('x', 1000000000)",
        "SELECT rpad('x', 1000000000)",
        "SELECT array_repeat(1, 1000000000)",
        "SELECT nothing FROM clocks",
    ];
    for text in unknown {
        assert_eq!(place.code(text).await, Some(Code::Plan), "{text}");
    }
    for text in
        ["SELECT 1", "VALUES (1), (2)", "WITH x AS (SELECT 1 AS a) SELECT a FROM x", "EXPLAIN SELECT 1", "SHOW TABLES"]
    {
        assert_eq!(place.code(text).await, None, "{text}");
    }
}

#[tokio::test]
async fn long_and_deep_texts_are_refused_before_they_are_parsed() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    let texts = [
        format!("SELECT {}", vec!["1"; 2_000].join(" + ")),
        format!("SELECT 1 WHERE {}", vec!["1 = 1"; 10_000].join(" OR ")),
        format!("SELECT {}1{}", "(".repeat(65), ")".repeat(65)),
        format!("SELECT {}1{}", "(".repeat(30_000), ")".repeat(30_000)),
        format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(70), " END".repeat(70)),
        format!("SELECT '{}'", "x".repeat(70_000)),
        format!("SELECT 1 WHERE 1 IN ({})", vec!["1"; 5_002].join(",")),
        format!("SELECT count(*) FROM clocks a{}", " CROSS JOIN clocks".repeat(17)),
        "SELECT count(*) FROM clocks a, clocks b, clocks c".to_owned(),
    ];
    for text in texts {
        assert_eq!(place.code(&text).await, Some(Code::Refused), "{}", &text[..48]);
    }
    let fits = format!("SELECT {}1{}", "(".repeat(12), ")".repeat(12));
    assert_eq!(place.ask(&fits).await, "1");
}

#[tokio::test]
async fn every_function_that_can_be_called_is_in_the_list_or_belongs_to_the_catalog() {
    let mut place = Place::new().await;
    place.take(1, &[]);
    let planned = place.sql.functions(Role::Analyst);
    let known = |name: &String| {
        let name = name.as_str();
        let ours = functions::OURS.iter().any(|one| one.name == name);
        ours || functions::SCALAR.contains(&name)
            || functions::AGGREGATE.contains(&name)
            || functions::WINDOW.contains(&name)
    };
    let others: Vec<String> = planned.into_iter().filter(|name| !known(name)).collect();
    let of_catalog = |name: &&String| {
        let begins = [
            "pg_",
            "has_",
            "array_lower",
            "array_upper",
            "current_",
            "format_type",
            "quote_ident",
            "parse_ident",
            "session_user",
            "obj_description",
            "col_description",
            "shobj_description",
            "to_regtype",
            "version",
        ];
        begins.iter().any(|begin| name.starts_with(begin))
    };
    let strange: Vec<&String> = others.iter().filter(|name| !of_catalog(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[tokio::test]
async fn answers_are_whole_or_an_error_unless_less_was_asked_for() {
    let mut place = Place::new().await;
    let rows: Vec<Row> = (0..50).map(|n| clock(&format!("c{n:02}"), "running", NINE)).collect();
    place.take(1, &rows);
    let asked = place.render("SELECT clock_id FROM clocks ORDER BY 1", Format::Jsonl, Some(3)).await;
    let (body, is_limited) = asked.unwrap();
    assert!(is_limited);
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "{\"clock_id\":\"c00\"}\n{\"clock_id\":\"c01\"}\n{\"clock_id\":\"c02\"}\n"
    );
    let all = place.code("WITH t AS (SELECT a.clock_id FROM clocks a, clocks b) SELECT t.clock_id FROM t JOIN (SELECT x.clock_id FROM clocks x JOIN clocks y ON x.state = y.state) u ON t.clock_id <> u.clock_id").await;
    assert_eq!(all, Some(Code::Rows));
}

#[tokio::test]
async fn a_fifth_statement_waits_for_its_turn() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    // More batches than an unread answer holds: it runs until somebody reads it.
    let text = ["SELECT 1"; 8].join(" UNION ALL ");
    let planned = place.sql.plan(&text, &as_role(Role::Phi)).await.unwrap();
    let mut running = Vec::new();
    for _ in 0..4 {
        running.push(place.sql.run(&planned, None, None).await.unwrap());
    }
    let fifth = tokio::time::timeout(Duration::from_millis(50), place.sql.run(&planned, None, None)).await;
    assert!(fifth.is_err(), "it waits");
    running.pop();
    let fifth = tokio::time::timeout(Duration::from_secs(1), place.sql.run(&planned, None, None)).await;
    assert!(fifth.unwrap().is_ok(), "its turn came");
}

#[tokio::test]
async fn numbers_that_scripts_would_round_are_texts() {
    let mut place = Place::new().await;
    place.take(1, &[]);
    let text = "SELECT 9007199254740993 AS big, 7 AS small, true AS yes, 0.5 AS half";
    let (body, _) = place.render(text, Format::Json, None).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["rows"][0].to_string(), "[\"9007199254740993\",7,true,0.5]");
    assert_eq!((json["epoch"].as_u64(), json["at"].as_str()), (Some(1), Some("2026-01-14T09:00:30.500Z")));
}

/// A reader that sleeps must not be taken for a statement that cannot be ended: that would end the process for everybody.
#[tokio::test]
async fn a_reader_that_stops_reading_harms_its_own_statement_alone() {
    let mut place = Place::new().await;
    place.take(1, &[clock("a", "running", NINE)]);
    Arc::get_mut(&mut place.sql).unwrap().time = Duration::from_millis(300);
    let planned = place.sql.plan(&["SELECT 1"; 8].join(" UNION ALL "), &as_role(Role::Phi)).await.unwrap();
    let mut asleep = Vec::new();
    for _ in 0..4 {
        asleep.push(place.sql.run(&planned, None, None).await.unwrap());
    }
    let alive = place.sql.alive();
    let all_rest = async {
        while alive.left(Duration::from_nanos(1)).is_none() {
            tokio::task::yield_now().await;
        }
    };
    let rest = tokio::time::timeout(Duration::from_secs(5), all_rest).await;
    assert!(rest.is_ok(), "nothing runs that the process would have to end for");
    assert_eq!(place.ask("SELECT 1").await, "1", "their turns are free when their time is over");
    let mut last = None;
    while let Some(part) = asleep[0].next().await {
        last = Some(part);
        if last.as_ref().is_some_and(Result::is_err) {
            break;
        }
    }
    assert_eq!(last.and_then(Result::err).map(|error| error.code), Some(Code::Time), "and never looks whole");
}

#[tokio::test]
async fn text_is_bounded_and_columns_leave_in_pieces() {
    let mut place = Place::new().await;
    let long = "x".repeat(1 << 20);
    for epoch in 1..=11 {
        let rows: Vec<Row> = (0..6).map(|n| ward(&format!("w{epoch}-{n}"), &long)).collect();
        place.take(epoch, &rows);
    }
    let text = "SELECT ward, activated_by || 'y' AS text FROM wards";
    for (format, limit, code) in [
        (Format::Json, None, Some(Code::Rows)),
        (Format::Csv, None, Some(Code::Rows)),
        (Format::Csv, Some(1), None),
        (Format::Arrow, None, None),
        (Format::Parquet, None, None),
    ] {
        let rendered = place.render(text, format, limit).await;
        assert_eq!(rendered.err().map(|error| error.code), code, "{format:?} {limit:?}");
    }
    let planned = place.sql.plan(text, &as_role(Role::Phi)).await.unwrap();
    let mut rendering =
        Rendering::new(place.sql.run(&planned, None, None).await.unwrap(), Format::Arrow, None).unwrap();
    let first = rendering.next(1 << 20).await.unwrap();
    assert!(first.len() >= 1 << 20 && !rendering.is_over(), "more is to come");
}

/// A reader of other makers gets the same rows from the formats of columns.
#[tokio::test]
async fn arrow_and_parquet_hold_the_rows_with_their_types() {
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let mut place = Place::new().await;
    let rows: Vec<Row> = (0..700).map(|n| clock(&format!("c{n:03}"), "running", NINE)).collect();
    place.take(1, &rows);
    let text = "SELECT clock_id, state, started_at, epoch FROM clocks ORDER BY 1";
    let (arrow, _) = place.render(text, Format::Arrow, None).await.unwrap();
    let read = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None).unwrap();
    let of_arrow: Vec<RecordBatch> = read.collect::<Result<_, _>>().unwrap();
    let (parquet, _) = place.render(text, Format::Parquet, None).await.unwrap();
    let read = ParquetRecordBatchReaderBuilder::try_new(axum::body::Bytes::from(parquet)).unwrap().build().unwrap();
    let of_parquet: Vec<RecordBatch> = read.collect::<Result<_, _>>().unwrap();
    for batches in [of_arrow, of_parquet] {
        let whole = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
        assert_eq!(whole.num_rows(), 700);
        assert_eq!(whole.column(0).as_string::<i32>().value(699), "c699");
        let kinds: Vec<String> = whole.schema().fields().iter().map(|field| type_name(field.data_type())).collect();
        assert_eq!(kinds, ["txt", "sym", "ts", "i64"]);
    }
    let (limited, is_limited) = place.render(text, Format::Parquet, Some(10)).await.unwrap();
    let read = ParquetRecordBatchReaderBuilder::try_new(axum::body::Bytes::from(limited)).unwrap();
    assert!(is_limited && read.metadata().file_metadata().num_rows() == 10);
}

#[tokio::test]
async fn rows_that_stand_still_are_not_called_ready() {
    let mut place = Place::new().await;
    place.take(1, &[]);
    assert!(place.sql.fresh(Duration::ZERO).is_ok());
    place.newest.lose();
    while place.newest.unheard() == Some(Duration::ZERO) {
        std::hint::spin_loop();
    }
    assert_eq!(place.sql.fresh(Duration::ZERO).err().map(|error| error.code), Some(Code::Behind));
    assert!(place.sql.fresh(Duration::from_secs(60)).is_ok());
    place.show();
    assert!(place.sql.fresh(Duration::ZERO).is_ok(), "heard again");
}

/// More different words than the files number by 16 bits, hot and in files.
#[tokio::test]
async fn a_column_may_hold_more_words_than_a_batch_can_number() {
    let mut place = Place::new().await;
    let quality = |n: u32| Row {
        table: Table::DataQuality,
        cells: vec![
            Cell::time(Timestamp::from_micros(NINE)),
            Cell::text(&format!("feed{n}")),
            Cell::word("late"),
            Cell::Null,
            Cell::Null,
            Cell::Int(1),
        ],
    };
    place.take(1, &(0..70_000).map(quality).collect::<Vec<Row>>());
    assert_eq!(place.ask("SELECT count(*) FROM data_quality WHERE feed = 'feed69999'").await, "1");
    place.flush();
    assert_eq!(place.ask("SELECT count(*) FROM data_quality WHERE feed = 'feed69999'").await, "1");
    assert_eq!(place.ask("SELECT max(feed) FROM data_quality").await, "feed9999");
}

#[test]
fn the_smallest_number_is_a_text_too() {
    use arrow::datatypes::DataType;
    let shown = crate::render::value(Some(i64::MIN.to_string()), &DataType::Int64);
    assert_eq!(shown.to_string(), "\"-9223372036854775808\"");
}
