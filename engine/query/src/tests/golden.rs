//! Golden: does every function and view give what was worked out by hand?

use std::collections::BTreeMap;

use wardline_tables::{
    Calendar, Opening,
    row::{Cell, Row, Table},
    schema::Definition,
    time::{Timestamp, zone},
};

use super::{NINE, Place};
use crate::{access::Role, codes::Code, functions, times::Times};

/// A ward in Chicago with a site in Phoenix, and a calendar that is always open.
pub(super) fn times() -> Times {
    let chicago = zone("America/Chicago").unwrap();
    let calendar = Calendar {
        name: "lab hours".into(),
        zone: chicago.clone(),
        open: Opening::Always,
        closed: Vec::new(),
        extra: Vec::new(),
    };
    let sites = BTreeMap::from([("West".to_owned(), zone("America/Phoenix").unwrap())]);
    Times { zone: chicago, sites, calendars: vec![calendar] }
}

/// Statement and what it gives as CSV without its header.
const VALUES: &[(&str, &str)] = &[
    // Up to 64 values the sketch is the list of them.
    (
        "SELECT tat_quantile(tat_sketch(v), 0.5), tat_quantile(tat_sketch(v), 0.9) FROM (VALUES (60), (300), (1000), (5000)) t(v)",
        "300,5000",
    ),
    (
        "SELECT tat_quantile(s, 0), tat_quantile(s, 1), tat_min(s), tat_max(s), tat_count(s), tat_exact(s) FROM (SELECT tat_sketch(v) AS s FROM (VALUES (60), (300), (1000)) t(v))",
        "60,1000,60,1000,3,true",
    ),
    ("SELECT tat_quantile(tat_sketch(v), 0.5) FROM (VALUES (1)) t(v) WHERE v > 1", ""),
    ("SELECT tat_sketch(v) IS NULL FROM (VALUES (1)) t(v) WHERE v > 1", "true"),
    // 1..=1000: rank 500 is 500, in the cell of 500 and 501; its middle is 500.
    (
        "SELECT tat_quantile(s, 0.5), tat_quantile_lo(s, 0.5), tat_quantile_hi(s, 0.5), tat_exact(s) FROM (SELECT tat_sketch(CAST(value AS INT)) AS s FROM generate_series(1, 1000))",
        "500,500,501,false",
    ),
    (
        "SELECT tat_quantile(s, 0.9), tat_quantile_lo(s, 0.9), tat_quantile_hi(s, 0.9) FROM (SELECT tat_sketch(CAST(value AS INT)) AS s FROM generate_series(1, 1000))",
        "901,900,903",
    ),
    // Joining parts gives the sketch of the whole.
    (
        "WITH v AS (SELECT CAST(value AS INT) AS v FROM generate_series(1, 1000)), p AS (SELECT v % 7 AS g, tat_sketch(v) AS s FROM v GROUP BY 1) SELECT (SELECT tat_merge(s) FROM p) = (SELECT tat_sketch(v) FROM v)",
        "true",
    ),
    ("SELECT tat_fraction_within(tat_sketch(v), 1000) FROM (VALUES (60), (300), (1000), (5000)) t(v)", "0.75"),
    (
        "SELECT b['lo_s'], b['hi_s'], b['n'] FROM (SELECT unnest(tat_buckets(tat_sketch(v))) AS b FROM (VALUES (60), (60), (1000)) t(v)) ORDER BY 1",
        "60,60,2 1000,1000,1",
    ),
    ("SELECT tat_max(tat_sketch(CAST(value + 4000000 AS INT))) FROM generate_series(1, 65)", "2147483647"),
    ("SELECT attainment(9, 1), attainment(0, 0), attainment(NULL, 1)", "0.9,,"),
    // Wilson, 8 of 10, from any textbook: 0.490 to 0.943.
    ("SELECT round(wilson_lo(8, 10), 4), round(wilson_hi(8, 10), 4), wilson_lo(0, 0)", "0.4902,0.9433,"),
    ("SELECT time_bucket('5 minutes', TIMESTAMPTZ '2026-01-14T09:07:30Z')", "2026-01-14T09:05:00Z"),
    ("SELECT time_bucket('300.000s', TIMESTAMPTZ '2026-01-14T09:07:30Z')", "2026-01-14T09:05:00Z"),
    ("SELECT time_bucket(INTERVAL '7 days', TIMESTAMPTZ '2026-01-14T09:07:30Z')", "2026-01-12T00:00:00Z"),
    (
        "SELECT time_bucket(INTERVAL '1 day', TIMESTAMPTZ '2026-01-14T03:00:00Z', 'America/Chicago')",
        "2026-01-13T06:00:00Z",
    ),
    (
        "SELECT site_time(TIMESTAMPTZ '2026-07-14T09:00:00Z', 'West'), site_time(TIMESTAMPTZ '2026-07-14T09:00:00Z', 'elsewhere')",
        "2026-07-14T02:00:00,2026-07-14T04:00:00",
    ),
    // The night of the change has 25 hours; work time is real time.
    (
        "SELECT working_seconds('lab hours', TIMESTAMPTZ '2026-11-01T05:00:00Z', TIMESTAMPTZ '2026-11-02T06:00:00Z')",
        "90000",
    ),
    (
        "SELECT working_seconds('lab hours', TIMESTAMPTZ '2026-01-02T00:00:00Z', TIMESTAMPTZ '2026-01-01T00:00:00Z')",
        "-86400",
    ),
    ("SELECT working_add('lab hours', TIMESTAMPTZ '2026-01-01T00:00:00Z', 3600)", "2026-01-01T01:00:00Z"),
    ("SELECT is_open_at('lab hours', now()), is_open_at('lab hours', NULL)", "true,"),
    ("SELECT duration_text(3720), duration_text(59), duration_text(NULL)", "1 h 02 min,59 s,"),
    ("SELECT snapshot_epoch(), now(), current_timestamp = now()", "1,2026-01-14T09:00:30.500Z,true"),
    ("SELECT clock_timestamp() > now()", "true"),
    (
        "SELECT count(*), min(value), max(value) FROM generate_series(now() - INTERVAL '2 hours', now(), INTERVAL '30 minutes')",
        "5,2026-01-14T07:00:30.500Z,2026-01-14T09:00:30.500Z",
    ),
    (
        "SELECT g.hour_at FROM generate_series(date_trunc('hour', now()) - INTERVAL '1 hour', date_trunc('hour', now()), INTERVAL '1 hour') AS g(hour_at) ORDER BY 1",
        "2026-01-14T08:00:00Z 2026-01-14T09:00:00Z",
    ),
    ("SELECT arrow_typeof(now())", "\"Timestamp(µs, \"\"UTC\"\")\""),
];

const ERRORS: &[(&str, Code)] = &[
    ("SELECT tat_sketch(v) FROM (VALUES (-1)) t(v)", Code::Duration),
    ("SELECT tat_quantile('x', 0.5)", Code::Sketch),
    ("SELECT tat_merge(v) FROM (VALUES (1)) t(v)", Code::Sketch),
    ("SELECT tat_quantile(tat_sketch(v), 1.5) FROM (VALUES (1)) t(v)", Code::Range),
    ("SELECT wilson_lo(3, 2)", Code::Range),
    ("SELECT time_bucket('1 month', now())", Code::Width),
    ("SELECT time_bucket(INTERVAL '1 month', now())", Code::Width),
    ("SELECT time_bucket('1 hour', now(), 'Mars/Olympus')", Code::Zone),
    ("SELECT working_seconds('night shift', now(), now())", Code::Calendar),
    ("SELECT * FROM generate_series(1, 9876543210)", Code::Series),
    ("SELECT * FROM generate_series(now() - INTERVAL '100 days', now(), INTERVAL '1 second')", Code::Series),
    ("SELECT count(*) FROM clocks WHERE now() - started_at > INTERVAL '1 day'", Code::Interval),
    ("SELECT count(*) FROM clocks WHERE INTERVAL '1 day' <= (due_at - started_at)", Code::Interval),
];

#[tokio::test]
async fn every_function_gives_what_was_worked_out_by_hand() {
    let mut place = Place::new().await;
    place.take(1, &[]);
    for (text, expected) in VALUES {
        assert_eq!(place.ask_as(Role::Analyst, text).await.as_deref(), Ok(*expected), "{text}");
    }
    for (text, code) in ERRORS {
        assert_eq!(place.code(text).await, Some(*code), "{text}");
    }
    for one in functions::OURS {
        let is_asked = VALUES.iter().any(|(text, _)| text.contains(&format!("{}(", one.name)));
        assert!(is_asked, "{} has no golden value", one.name);
    }
}

/// `BLESS=1` writes the page.
#[tokio::test]
async fn the_page_about_functions_says_what_can_be_called() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/functions.md");
    let page = functions::page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "make it again with BLESS=1");
    let place = Place::new().await;
    let callable = place.sql.functions(Role::Analyst);
    let listed = functions::OURS.iter().map(|one| one.name).filter(|name| *name != "generate_series");
    for name in listed.chain(functions::SCALAR.iter().copied()).chain(functions::AGGREGATE.iter().copied()) {
        // Told of a snapshot, so each statement has its own.
        let is_there = name == "snapshot_epoch" || callable.iter().any(|known| known == name);
        assert!(is_there, "`{name}` is listed and cannot be called");
    }
}

/// A row of a table, NULL but for these columns.
fn row(table: Table, cells: &[(&str, Cell)]) -> Row {
    let columns = Definition::of(table).columns.iter();
    let cell = |name: &str| cells.iter().find(|(known, _)| *known == name).map_or(Cell::Null, |(_, cell)| cell.clone());
    Row { table, cells: columns.map(|column| cell(column.name)).collect() }
}

fn at(seconds: i64) -> Cell {
    Cell::time(Timestamp::from_micros(NINE + seconds * 1_000_000))
}

fn report(id: &str, [is_open, is_critical]: [bool; 2]) -> Row {
    row(
        Table::Reports,
        &[
            ("report_id", Cell::text(id)),
            ("version_number", Cell::Int(1)),
            ("kind", Cell::word("lab")),
            ("priority", Cell::word("stat")),
            ("is_open", Cell::Bool(is_open)),
            ("is_critical", Cell::Bool(is_critical)),
            ("n_corrections", Cell::Int(0)),
            ("opened_at", at(-90)),
            ("changed_at", at(-90)),
            ("order_ref", Cell::text("P1")),
        ],
    )
}

fn alert(id: &str, report: &str, cause: i64, answered: Option<i64>) -> Row {
    row(
        Table::Alerts,
        &[
            ("alert_id", Cell::text(id)),
            ("rule", Cell::text("alert/Critical")),
            ("severity", Cell::word("red")),
            ("subject", Cell::word("report")),
            ("report_id", Cell::text(report)),
            ("state", Cell::word("raised")),
            ("raised_at", at(cause)),
            ("cause_at", at(cause)),
            ("answered_at", answered.map_or(Cell::Null, at)),
            ("steps_reached", Cell::Int(1)),
            ("n_notices", Cell::Int(1)),
        ],
    )
}

#[tokio::test]
async fn views_count_from_exact_instants_and_show_an_analyst_the_minute() {
    let mut place = Place::new().await;
    let rows = [
        report("a", [true, true]),
        report("b", [false, true]),
        report("c", [true, false]),
        alert("1", "a", -7_200, None),
        alert("2", "b", -3_610, Some(-20)),
        alert("3", "c", -60, Some(-50)),
    ];
    place.take(1, &rows);
    let open = "SELECT report_id, age_s FROM open_reports ORDER BY 1";
    assert_eq!(place.ask_as(Role::Analyst, open).await.as_deref(), Ok("a,90 c,90"));
    let critical = "SELECT report_id, critical_at, acknowledged_at, state, waited_s FROM critical_results ORDER BY 1";
    let analyst = "a,2026-01-14T07:00:00Z,,running,7200 b,2026-01-14T08:00:00Z,2026-01-14T09:00:00Z,complete,3590";
    assert_eq!(place.ask_as(Role::Analyst, critical).await.as_deref(), Ok(analyst));
    let exact =
        "a,2026-01-14T07:00:30.500Z,,running,7200 b,2026-01-14T08:00:20.500Z,2026-01-14T09:00:10.500Z,complete,3590";
    assert_eq!(place.ask(critical).await, exact);
    let kpi = "SELECT kpi, value, target, unit, n FROM kpi_care ORDER BY kpi";
    let figures = "critical acknowledged within 1 h,0.5,1.0,ratio,2 critical slowest acknowledgement,7200.0,3600.0,s,2";
    assert_eq!(place.ask_as(Role::Analyst, kpi).await.as_deref(), Ok(figures));
    assert_eq!(place.code("SELECT order_ref FROM open_reports").await, Some(Code::Plan), "private here too");
    assert_eq!(place.ask("SELECT count(order_ref) FROM open_reports").await, "2");
}

#[tokio::test]
async fn a_breach_and_a_cancellation_are_exceptions() {
    let mut place = Place::new().await;
    let breach = row(
        Table::Clocks,
        &[
            ("clock_id", Cell::text("x")),
            ("report_id", Cell::text("a")),
            ("clock", Cell::word("sla/Lab")),
            ("cycle", Cell::Int(0)),
            ("state", Cell::word("overdue")),
            ("due_at", at(0)),
            ("outcome", Cell::word("breached")),
            ("priority", Cell::word("stat")),
        ],
    );
    let step = |step: &'static str| {
        row(
            Table::Milestones,
            &[
                ("report_id", Cell::text("b")),
                ("version_number", Cell::Int(1)),
                ("step", Cell::word(step)),
                ("event_at", at(60)),
                ("event_until", at(60)),
                ("precision_s", Cell::Int(0)),
                ("ingested_at", at(60)),
                ("priority", Cell::word("stat")),
            ],
        )
    };
    place.take(1, &[breach, step("cancelled"), step("received")]);
    let text = "SELECT report_id, exception, at FROM exceptions ORDER BY 1";
    let expected = "a,breached,2026-01-14T09:00:00Z b,cancelled,2026-01-14T09:01:00Z";
    assert_eq!(place.ask_as(Role::Analyst, text).await.as_deref(), Ok(expected));
}

/// `\d+` of psql, SQLAlchemy and DBeaver read these.
#[tokio::test]
async fn comments_are_where_clients_look_for_them() {
    let mut place = Place::new().await;
    place.take(1, &[]);
    for role in [Role::Analyst, Role::Phi] {
        for definition in &wardline_tables::schema::DEFINITIONS {
            let name = definition.table.name();
            let of_table = format!(
                "SELECT obj_description(oid, 'pg_class'), relpages, relkind FROM pg_catalog.pg_class WHERE relname = '{name}'"
            );
            let told = place.ask_as(role, &of_table).await.unwrap();
            assert!(told.contains(definition.comment) && told.ends_with(",0,v"), "{told}");
            let of_columns = format!(
                "SELECT count(*), count(d.description), count(col_description(a.attrelid, a.attnum)) FROM pg_catalog.pg_attribute a \
                 JOIN pg_catalog.pg_class c ON c.oid = a.attrelid LEFT JOIN pg_catalog.pg_description d \
                 ON d.objoid = a.attrelid AND d.objsubid = a.attnum WHERE c.relname = '{name}'"
            );
            let told = place.ask_as(role, &of_columns).await.unwrap();
            let counts: Vec<&str> = told.split(',').collect();
            assert!(counts.iter().all(|count| *count == counts[0] && *count != "0"), "{name}: {told}");
        }
    }
    let text = "SELECT description FROM pg_catalog.pg_description d JOIN pg_catalog.pg_class c ON c.oid = d.objoid \
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid \
                WHERE c.relname = 'open_reports' AND a.attname = 'age_s'";
    assert_eq!(place.ask(text).await, "\"seconds since it was ordered, or first heard of\"");
}
