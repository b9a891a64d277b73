#!/usr/bin/env python3
"""SQL beside DuckDB: how long do an analyst's statements take here, and how long in DuckDB on the same files?

    just slices-year DATA/archive; cargo run --release -p wardline-tables --example raw_reports -- RAW/archive
    WARDLINE_BIN=… python3 benches/peers/duckdb/sql.py --year DATA --raw RAW

Wardline is asked through its Postgres wire, DuckDB in this process on the Parquet files that `wardline export --list` names,
with two threads both. Rounds go Wardline, DuckDB, Wardline, …: eleven after two that do not count; median and range are
shown. Answers are compared before times are: exact figures must be equal, quantiles within one in a hundred. A statement
whose answers differ fails the run, however fast it was.
"""
import os, statistics, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tests", "e2e"))
from _shared import Engine, free_port, in_venv, options, run, until, wardline

in_venv("psycopg[binary]==3.3.9", "sqlalchemy==2.1.9", "adbc-driver-postgresql==1.13.0", "pyarrow==26.0.1", "pandas==3.1.1", "duckdb==2.0.0")
import duckdb, psycopg, pyarrow.ipc

OPTIONS = options(__doc__, year="", raw="", rounds=11)
WARM = 2
NEWEST = "QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY epoch DESC, seq DESC) = 1"


class Served:
    """A query process over an archive, and DuckDB over its files."""

    def __init__(self, folder):
        self.http, self.postgres = free_port(), free_port()
        self.engine = Engine('\n[sql]\nlisten = "127.0.0.1:%d"\npostgres = "127.0.0.1:%d"\n' % (self.http, self.postgres), listens=[self.http])
        os.symlink(os.path.abspath(folder), self.engine.path("data"))
        self.engine.start()
        self.wire = None
        until(self.is_there, 60)
        self.duck = duckdb.connect(config={"threads": 2})

    def is_there(self):
        try:
            self.wire = psycopg.connect("host=127.0.0.1 port=%d user=any dbname=wardline sslmode=disable" % self.postgres, autocommit=True)
            return self.wire.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def files(self, table):
        return "read_parquet([%s], hive_partitioning = false)" % ", ".join("'%s'" % line for line in wardline("export", "--data", self.engine.path("data"), "--list", table)[1].split())


def timed(ask):
    began = time.perf_counter()
    rows = ask()
    return (time.perf_counter() - began) * 1000, rows


def same(ours, theirs):
    if len(ours) != len(theirs):
        return False
    near = lambda a, b: a == b or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a - b) <= 0.01 * max(abs(a), abs(b)) + 1)
    return all(len(a) == len(b) and all(map(near, a, b)) for a, b in zip(ours, theirs))


def compare(check, served, name, ours, theirs, bar):
    """One line of the table."""
    a, b = [], []
    for round in range(WARM + OPTIONS.rounds):
        took, found = timed(lambda: served.wire.execute(ours).fetchall())
        took_duck, expected = timed(lambda: served.duck.execute(theirs).fetchall())
        if round == 0:
            check.true("%s: the same answer" % name, same(found, expected), (found[:3], expected[:3]))
        if round >= WARM:
            a.append(took)
            b.append(took_duck)
    show = lambda times: "%.0f (%.0f to %.0f)" % (statistics.median(times), min(times), max(times))
    ratio = statistics.median(x / y for x, y in zip(a, b))
    print("| %s | %d rows | %s | %s | %.1f | %s |" % (name, len(found), show(a), show(b), ratio, bar), flush=True)


def year(check):
    served = Served(OPTIONS.year)
    day, hour = served.files("turnaround_1d"), served.files("turnaround_1h")
    duck = lambda source, columns, where, rest: "SELECT %s FROM %s WHERE %s %s" % (columns, source, where, rest)
    last = served.duck.execute("SELECT max(day_at) FROM " + day).fetchone()[0]
    since = lambda days: "TIMESTAMPTZ '%s' - INTERVAL '%d days'" % (last.isoformat(), days)
    # DuckDB has no sketches: the same counts for the comparison of sums, and its own quantiles of raw values below.
    for name, table, source, at, days, groups, bar in (
        ("sums: a year of days by kind and department", "turnaround_1d", day, "day_at", 400, "kind, department", "none"),
        ("sums: 28 days by kind and department", "turnaround_1d", day, "day_at", 28, "kind, department", "none"),
        ("sums: 24 hours by kind, priority, site, department", "turnaround_1h", hour, "hour_at", 1, "kind, priority, site, department", "none"),
    ):
        columns = groups + ", CAST(sum(n) AS BIGINT), CAST(sum(n_met) AS BIGINT), CAST(sum(sum_s) AS BIGINT)"
        rest = "GROUP BY %s ORDER BY %s" % (groups, groups)
        where = "interval_name = 'receive_to_final' AND %s > %s" % (at, since(days))
        compare(check, served, name, duck(table, columns, where, rest), duck(source, columns, where, rest), bar)
    unnested = "(SELECT kind, department, c.s AS s, c.n AS n FROM (SELECT kind, department, unnest(tat.cells) AS c FROM %s WHERE interval_name = 'receive_to_final' AND %s))"
    for name, table, source, at, days, bar in (
        ("P13, A6: p50 and p90, a year of days by kind and department", "turnaround_1d", day, "day_at", 400, "P13 200 ms, goal 50; A6 150 ms"),
        ("A6: the same, 28 days", "turnaround_1d", day, "day_at", 28, "60 ms"),
        ("p50 and p90, a year of hours by kind and department", "turnaround_1h", hour, "hour_at", 400, "none"),
        ("A5: p50 and p90, 24 hours by kind and department", "turnaround_1h", hour, "hour_at", 1, "p99 20 ms"),
    ):
        where = "%s > %s" % (at, since(days))
        ours = "SELECT kind, department, tat_count(t), tat_quantile(t, 0.5), tat_quantile(t, 0.9) FROM (SELECT kind, department, tat_merge(tat) AS t FROM %s WHERE interval_name = 'receive_to_final' AND %s GROUP BY 1, 2) ORDER BY 1, 2" % (table, where)
        # The rank in the cells themselves, which is what a sketch holds, by DuckDB's own means.
        cells = "SELECT kind, department, s, sum(n) AS n FROM %s GROUP BY ALL" % (unnested % (source, where))
        ranked = "SELECT *, sum(n) OVER w AS upto, sum(n) OVER (PARTITION BY kind, department) AS total FROM (%s) WINDOW w AS (PARTITION BY kind, department ORDER BY s)" % cells
        theirs = "SELECT kind, department, CAST(max(total) AS BIGINT), min(s) FILTER (WHERE upto >= ceil(total * 0.5)), min(s) FILTER (WHERE upto >= ceil(total * 0.9)) FROM (%s) GROUP BY 1, 2 ORDER BY 1, 2" % ranked
        compare(check, served, name, ours, theirs, bar)
    times = sorted(timed(lambda: served.wire.execute("SELECT kind, priority, site, department, tat_quantile(tat_merge(tat), 0.5), tat_quantile(tat_merge(tat), 0.9) FROM turnaround_1h WHERE hour_at > %s GROUP BY 1, 2, 3, 4" % since(1)).fetchall())[0] for _ in range(100))
    print("\nA5 through the wire, 100 times, ms: p50 %.0f, p99 %.0f\n" % (times[50], times[98]))
    check.equal("a clean stop", served.engine.stop(), 0)


def raw(check):
    served = Served(OPTIONS.raw)
    reports, intervals = served.files("reports"), served.files("intervals")
    newest = lambda source, key: "(SELECT * FROM %s %s)" % (source, NEWEST.format(key=key))
    of_intervals = newest(intervals, "report_id, version_number, interval_name")
    served.duck.execute("CREATE TABLE newest AS SELECT status FROM %s" % newest(reports, "report_id"))
    some = served.duck.execute("SELECT report_id FROM %s LIMIT 1 OFFSET 12345" % reports).fetchone()[0]
    compare(check, served, "A1: p50 and p90 by kind and department, raw intervals, each the newest of its key",
            "SELECT kind, department, count(*), approx_percentile_cont(duration_s, 0.5), approx_percentile_cont(duration_s, 0.9) FROM intervals GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT kind, department, count(*), approx_quantile(duration_s, 0.5), approx_quantile(duration_s, 0.9) FROM %s GROUP BY 1, 2 ORDER BY 1, 2" % of_intervals, "1.5 x DuckDB")
    compare(check, served, "A2: count by status, DuckDB on rows that are the newest already", "SELECT status, count(*) FROM reports GROUP BY 1 ORDER BY 1", "SELECT status, count(*) FROM newest GROUP BY 1 ORDER BY 1", "3 x DuckDB, 25 ms")
    day = "from_at >= TIMESTAMPTZ '2026-01-10T00:00:00Z' AND from_at < TIMESTAMPTZ '2026-01-11T00:00:00Z'"
    compare(check, served, "A3: one day", "SELECT kind, count(*), CAST(sum(duration_s) AS BIGINT) FROM intervals WHERE %s GROUP BY 1 ORDER BY 1" % day, "SELECT kind, count(*), CAST(sum(duration_s) AS BIGINT) FROM %s WHERE %s GROUP BY 1 ORDER BY 1" % (of_intervals, day), "2 x DuckDB")
    compare(check, served, "A4: one report by its id", "SELECT status, kind, site FROM reports WHERE report_id = '%s'" % some, "SELECT status, kind, site FROM %s WHERE report_id = '%s'" % (newest(reports, "report_id"), some), "30 ms")
    count = 0
    began = time.perf_counter()
    with served.wire.cursor().copy("COPY (SELECT report_id, kind, department, duration_s, to_at FROM intervals LIMIT 2000000) TO STDOUT (FORMAT binary)") as copy:
        count = sum(len(part) for part in copy)
    took = time.perf_counter() - began
    print("\nA8: binary COPY of 2,000,000 rows: %.2f M rows/s, %.0f MB" % (2 / took, count / 1e6))
    check.equal("a clean stop", served.engine.stop(), 0)


def main(check):
    print("| statement | answer | Wardline, ms | DuckDB, ms | ratio | bar |\n|---|---|---|---|---|---|")
    if OPTIONS.year:
        year(check)
    if OPTIONS.raw:
        raw(check)


if __name__ == "__main__":
    run(main, minutes=30)
