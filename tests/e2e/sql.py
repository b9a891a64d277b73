#!/usr/bin/env python3
"""SQL: do psql, psycopg and HTTP give the rows that the events say, from a real engine, before and after restarts?

Two hundred reports with known times are posted; what every question must give is worked out here, from the events, by
arithmetic that shares nothing with the engine. Then the same answers are asked over HTTP, psql and psycopg, after a clean
restart (files), after SIGKILL of the query process, and after SIGKILL of the engine (replay).
"""
import csv, hashlib, http.client, io, json, os, re, signal, statistics, subprocess, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, ask, free_port, in_venv, run, until, wardline

in_venv("psycopg[binary]==3.3.9")
import psycopg

REPORTS = 200
DAY = 20_000 * 86_400  # 2024-10-04, far in the past: nothing is due while the test runs

WARD = '''ward "SQL" edition 1
  zone      America/Chicago
  uses      pack "starter"

sla "Lab hour"
  policy    "S-1", owner "Tests", review by 2099-12-31
  covers    lab reports
  starts    when the specimen is received
  stops     when the report is finalised
  target    60 minutes
  breach    tell desk "Operations" by phone, severity orange
'''

CONFIG = '''
[sql]
listen = "127.0.0.1:{http}"
postgres = "127.0.0.1:{postgres}"
[[key]]
name = "feeder"
sha256 = "{feeder}"
roles = ["ingest"]
feeds = ["*"]
[[key]]
name = "ana"
sha256 = "{ana}"
roles = ["analyst"]
scram = "{ana_scram}"
[[key]]
name = "dr_phi"
sha256 = "{phi}"
roles = ["phi"]
scram = "{phi_scram}"
'''


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def life(n):
    """Report n: when it was received and, unless it is still open, when it was final."""
    received = DAY + n * 61
    final = None if n % 10 == 9 else received + 600 + (n * 37) % 5400
    return received, final, ("stat" if n % 4 == 0 else "routine"), "SITE%d" % (n % 3)


def events():
    for n in range(REPORTS):
        received, final, priority, site = life(n)
        base = {"v": 1, "source": "lis", "report": {"filler": "F%d" % n, "placer": "P%d" % n}, "kind": "lab", "test": "2823-3", "priority": priority, "site": site}
        yield dict(base, event_id="r%d" % n, step="received", occurred_at=iso(received))
        if final:
            yield dict(base, event_id="f%d" % n, step="final", occurred_at=iso(final))


class Sql(Engine):
    """An engine that answers SQL, and those who ask it."""

    def __init__(self):
        self.http, self.postgres = free_port(), free_port()
        keys = {name: hashlib.sha256(("%s-key" % name).encode()).hexdigest() for name in ("feeder", "ana", "phi")}
        for name in ("ana", "phi"):
            code, out, err = wardline("sql", "--verifier", input="%s-key\n" % name)
            assert code == 0, err
            keys[name + "_scram"] = out.strip()
        config = CONFIG.format(http=self.http, postgres=self.postgres, **keys)
        super().__init__(config, ward=WARD, files=[("ana.key", "ana-key\n")], listens=[self.http])

    def query_pid(self):
        """The query process: a child of the engine; `None` while there is none."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as stat, open("/proc/%s/cmdline" % pid) as command:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
                    if parent == self.process.pid and "query" in command.read().split("\0"):
                        return int(pid)
            except OSError:
                pass  # It ended meanwhile.
        return None

    def send(self, lines):
        status, body = self.post("/v1/events", "\n".join(map(json.dumps, lines)), "application/x-ndjson", authorization="Bearer feeder-key")
        assert status == 200, body

    def sql(self, text, key="ana-key", expect=200, **more):
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = "Bearer " + key
        status, body, self.headers = ask(self.http, "POST", "/v1/sql", json.dumps(dict(more, sql=text)), headers, timeout=60)
        if status != expect:
            return "status %d: %s" % (status, body[:300])
        if expect != 200:
            return json.loads(body)["code"]
        return json.loads(body)["rows"] if more.get("format", "json") == "json" else body

    def counts(self, reports):
        """Whether it answers, and that there are so many reports."""
        try:
            return self.sql("SELECT count(*) FROM reports") == [[reports]]
        except (OSError, http.client.HTTPException):
            return False

    def psql(self, text, user="ana", password="ana-key", options=("-At", "-F", "|")):
        environment = dict(os.environ, PGPASSWORD=password, PGSSLMODE="disable", PGCONNECT_TIMEOUT="10", PSQLRC="/dev/null")
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.postgres), "-U", user, "-d", "wardline", *options, "-c", text]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=90)
        return done.stdout.strip() if done.returncode == 0 else "psql: " + done.stderr.strip()


def questions():
    """Each question with its answer, worked out from the lives."""
    lives = [life(n) for n in range(REPORTS)]
    final = [(r, f, p, s) for r, f, p, s in lives if f]
    tat = sorted(f - r for r, f, _, _ in final)
    met = sum(1 for r, f, _, _ in final if f - r <= 3600)
    breached = sum(1 for r, f, _, _ in lives if f is None or f - r > 3600)
    sites = sorted({s for *_, s in lives})
    yield "count", "SELECT count(*) FROM reports", [[REPORTS]]
    yield "open", "SELECT count(*) FROM reports WHERE is_open", [[REPORTS - len(final)]]
    yield "by site", "SELECT site, count(*) FROM reports GROUP BY site ORDER BY site", [[s, sum(1 for l in lives if l[3] == s)] for s in sites]
    yield "milestones", "SELECT step, count(*) FROM milestones WHERE event_at IS NOT NULL GROUP BY step ORDER BY step", [["final", len(final)], ["received", REPORTS]]
    yield "turnaround", "SELECT min(duration_s), max(duration_s), sum(duration_s), count(*) FROM intervals WHERE interval_name = 'receive_to_final' AND state = 'complete'", [[tat[0], tat[-1], sum(tat), len(tat)]]
    yield "median", "SELECT median(duration_s) FROM intervals WHERE interval_name = 'receive_to_final' AND state = 'complete'", [[statistics.median(tat)]]
    yield "outcomes", "SELECT outcome, count(*) FROM clocks GROUP BY outcome ORDER BY outcome", [["breached", breached], ["met", met]]
    yield "attainment", "SELECT sum(CASE WHEN outcome = 'met' THEN 1 ELSE 0 END), count(*) FROM clocks WHERE outcome IS NOT NULL", [[met, REPORTS]]
    yield "stat", "SELECT priority, count(*) FROM clocks WHERE state = 'breached' GROUP BY 1 ORDER BY 1", [[p, sum(1 for r, f, q, _ in final if q == p and f - r > 3600)] for p in ("routine", "stat")]
    yield "join", "SELECT count(*) FROM reports r JOIN clocks c ON c.report_id = r.report_id AND c.site = r.site WHERE c.outcome = 'met'", [[met]]
    # A clock counts when it stops in time or passes its due time; one that nobody stopped is still overdue.
    counted = [[len(final), sum(tat), met, breached, REPORTS - len(final)]]
    for grain in ("1m", "1h", "1d"):
        slices = "FROM turnaround_%s WHERE interval_name = 'receive_to_final'" % grain
        yield "slices " + grain, "SELECT sum(n), sum(sum_s), sum(n_met), sum(n_breached), sum(n_open_overdue) " + slices, counted
    by_site = [[s, sum(1 for r, f, p, q in final if q == s)] for s in sites]
    yield "slices by site", "SELECT site, sum(n) FROM turnaround_1h WHERE interval_name = 'receive_to_final' GROUP BY site ORDER BY site", by_site
    yield "ward", "SELECT count(*) FROM wards", [[1]]


def ask_everything(check, engine, when):
    for name, text, expected in questions():
        check.equal("%s: HTTP: %s" % (when, name), engine.sql(text), expected)
        shown = "\n".join("|".join(str(cell) for cell in row) for row in expected)
        got = engine.psql(text)
        check.equal("%s: psql: %s" % (when, name), re.sub(r"(\d)\.0+\b", r"\1", got), re.sub(r"(\d)\.0+\b", r"\1", shown))


def refused(check, engine):
    """What must not be answered, by code, and that the process lives on."""
    hostile = [
        ("DROP TABLE reports", "WL1503"), ("INSERT INTO reports VALUES (1)", "WL1503"), ("DELETE FROM reports", "WL1503"),
        ("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc/passwd'", ("WL1501", "WL1503")),
        ("CREATE TABLE x AS SELECT 1", "WL1503"), ("COPY reports TO '/tmp/x.csv'", "WL1503"),
        ("COPY (SELECT * FROM reports) TO '/tmp/x.parquet'", "WL1503"), ("SELECT 1; SELECT 2", "WL1503"),
        ("SET datafusion.execution.batch_size = 1", "WL1503"), ("SELECT * INTO x FROM reports", "WL1503"),
        ("SELECT * FROM '/etc/passwd'", ("WL1501", "WL1502")), ('SELECT * FROM "/etc/passwd"', "WL1502"),
        ('SELECT * FROM "file:///etc/passwd"', "WL1502"), ("SELECT * FROM read_parquet('/etc/passwd')", ("WL1502", "WL1503")),
        ("SELECT * FROM generate_series(1, 9876543210)", "WL1502"), ("SELECT repeat('x', 1000000000)", "WL1502"),
        ("SELECT lpad('x', 1000000000)", "WL1502"), ("SELECT array_repeat(1, 1000000000)", "WL1502"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "WL1503"),
        ("SELECT " + "+".join(["1"] * 2000), "WL1503"), ("SELECT 1 WHERE " + " OR ".join(["1=1"] * 10000), "WL1503"),
        ("SELECT " + "(" * 100 + "1" + ")" * 100, "WL1503"), ("SELECT '" + "x" * 70000 + "'", "WL1503"),
        ("SELECT patient_token FROM reports", "WL1502"), ("SELECT nothing FROM reports", "WL1502"), ("SELEC 1", ("WL1501", "WL1503")),
        ("SELECT count(*) FROM milestones a, milestones b, milestones c, milestones d, milestones e, milestones f", "WL1503"),
        # One that never pauses: its caller hears in time, and the process is started again.
        ("SELECT count(*) FROM (SELECT a.step FROM milestones a JOIN milestones b ON a.event_at <= b.event_at JOIN milestones c ON a.event_at <= c.event_at JOIN milestones d ON a.event_at <= d.event_at ORDER BY 1)", ("WL1510", "WL1512")),
    ]
    for text, codes in hostile:
        codes = codes if isinstance(codes, tuple) else (codes,)
        before, began = engine.query_pid(), time.time()
        try:
            status, answer, _ = ask(engine.http, "POST", "/v1/sql", json.dumps({"sql": text}), {"authorization": "Bearer ana-key"}, timeout=60)
        except (OSError, http.client.HTTPException) as error:
            check.true("answered at all: " + text[:60], False, repr(error))
            until(lambda: engine.counts(REPORTS))
            continue
        answer = json.loads(answer)
        check.true("refused: " + text[:60], answer.get("code") in codes, (status, answer))
        check.true("in time: " + text[:60], time.time() - began < 40)
    # The last one may cost the process its life a few seconds later: it is waited for before its return is.
    until(lambda: engine.query_pid() != before, 10)
    check.true("lives on", until(lambda: engine.counts(REPORTS)))


def delays(check, engine, count=60):
    """From the acknowledgement of an event to its row over the Postgres wire, in one open session."""
    found = []
    with psycopg.connect("host=127.0.0.1 port=%d user=ana password=ana-key dbname=wardline sslmode=disable" % engine.postgres, autocommit=True) as session:
        for n in range(count):
            engine.send([{"v": 1, "event_id": "d%d" % n, "source": "lis", "report": {"filler": "D%d" % n}, "kind": "imaging", "step": "ordered", "occurred_at": iso(time.time())}])
            began = time.time()
            while session.execute("SELECT count(*) FROM reports WHERE kind = 'imaging'").fetchone()[0] < n + 1:
                assert time.time() - began < 60, "not visible in a minute"
            found.append((time.time() - began) * 1000)
    found.sort()
    print("acknowledged to visible over the Postgres wire, ms: p50 %.1f  p99 %.1f  max %.1f  (n %d)" % (found[len(found) // 2], found[int(len(found) * 0.99) - 1], found[-1], count))
    check.equal("every event became visible", len(found), count)


def drivers(check, engine):
    where = "host=127.0.0.1 port=%d user=dr_phi password=phi-key dbname=wardline sslmode=disable" % engine.postgres
    with psycopg.connect(where, autocommit=True) as session:
        cursor = session.execute("SELECT order_ref, is_open, version_number, received_at FROM reports WHERE order_ref = %s", ("P7",))
        row = cursor.fetchone()
        check.equal("psycopg: text parameter", (row[0], row[1], row[2], int(row[3].timestamp())), ("P7", False, 1, life(7)[0]))
        cursor = session.cursor(binary=True)
        cursor.execute("SELECT order_ref, is_open, version_number, received_at, n_corrections FROM reports WHERE order_ref = %s", ("P8",))
        row = cursor.fetchone()
        check.equal("psycopg: binary", (row[0], row[1], row[2], int(row[3].timestamp()), row[4]), ("P8", False, 1, life(8)[0], 0))
        for _ in range(8):  # beyond the threshold at which psycopg prepares
            row = session.execute("SELECT count(*) FROM intervals WHERE duration_s > %s AND interval_name = 'receive_to_final'", (3600,)).fetchone()
        expected = sum(1 for n in range(REPORTS) if life(n)[1] and life(n)[1] - life(n)[0] > 3600)
        check.equal("psycopg: prepared", row[0], expected)
        try:
            session.execute("SELECT nothing FROM reports")
            check.equal("psycopg: an error", "none", "42703")
        except psycopg.Error as error:
            check.equal("psycopg: an error", error.sqlstate, "42703")
    with psycopg.connect(where) as session:
        first = session.execute("SELECT count(*) FROM reports").fetchone()[0]
        engine.send([{"v": 1, "event_id": "tx", "source": "lis", "report": {"filler": "TX"}, "kind": "imaging", "step": "ordered", "occurred_at": iso(time.time())}])
        # Another session sees it, so this one could.
        check.true("psycopg: a row beside a transaction", until(lambda: engine.counts(first + 1)))
        again = session.execute("SELECT count(*) FROM reports").fetchone()[0]
        session.commit()
        after = session.execute("SELECT count(*) FROM reports").fetchone()[0]
        check.equal("psycopg: a transaction keeps its snapshot", (again - first, after - first), (0, 1))


def access(check, engine):
    check.equal("no key", engine.sql("SELECT 1", key=None, expect=401), "WL1505")
    check.equal("wrong key", engine.sql("SELECT 1", key="guess", expect=401), "WL1505")
    check.equal("no role", engine.sql("SELECT 1", key="feeder-key", expect=403), "WL1509")
    check.equal("phi sees", engine.sql("SELECT order_ref FROM reports WHERE order_ref = 'P3'", key="phi-key"), [["P3"]])
    minutes = engine.sql("SELECT count(*) FROM reports WHERE date_trunc('minute', received_at) <> received_at")
    check.equal("an analyst's times stop at the minute", minutes, [[0]])
    wrong = engine.psql("SELECT 1", password="guess")
    check.equal("psql: wrong password", "no such user, or a wrong password" in wrong, True)
    check.equal("psql: unknown user", "no such user, or a wrong password" in engine.psql("SELECT 1", user="mallory"), True)


def formats(check, engine):
    text = "SELECT site, count(*) AS n FROM reports WHERE kind = 'lab' GROUP BY site ORDER BY site"
    expected = [[s, sum(1 for n in range(REPORTS) if life(n)[3] == s)] for s in ("SITE0", "SITE1", "SITE2")]
    got = list(csv.reader(io.StringIO(engine.sql(text, format="csv").decode(), newline="")))
    check.equal("csv", got, [["site", "n"]] + [[s, str(n)] for s, n in expected])
    check.equal("csv: epoch", int(engine.headers["x-wardline-epoch"]) > 0, True)
    got = [json.loads(line) for line in engine.sql(text, format="jsonl").decode().splitlines()]
    check.equal("jsonl", got, [{"site": s, "n": n} for s, n in expected])
    check.equal("arrow", engine.sql(text, format="arrow")[:4], b"\xff\xff\xff\xff")
    check.equal("parameters", engine.sql("SELECT count(*) FROM reports WHERE site = $1", params=["SITE1"]), [[expected[1][1]]])
    check.equal("limit", len(engine.sql("SELECT report_id FROM reports", limit=5)), 5)
    check.equal("limit: said", engine.headers.get("x-wardline-limited"), "true")
    code, out, err = wardline("sql", "--url", "http://127.0.0.1:%d" % engine.http, "--key-file", "ana.key", "-c", text, cwd=engine.folder)
    check.equal("wardline sql", [line.split() for line in out.splitlines()[2:5]], [[s, str(n)] for s, n in expected])


def main(check):
    engine = Sql().start()
    lines = list(events())
    for first in range(0, len(lines), 50):
        engine.send(lines[first:first + 50])
    until(lambda: engine.sql("SELECT count(*) FROM milestones WHERE event_at IS NOT NULL") == [[len(lines)]])
    ask_everything(check, engine, "hot")
    formats(check, engine)
    access(check, engine)
    check.equal("a clean stop", engine.stop(), 0)
    engine.start()
    ask_everything(check, engine, "files")
    pid = engine.query_pid()
    os.kill(pid, signal.SIGKILL)
    check.true("the query process comes back", until(lambda: engine.query_pid() not in (None, pid)) and until(lambda: engine.counts(REPORTS)))
    ask_everything(check, engine, "query process killed")
    refused(check, engine)
    engine.kill()
    engine.start()
    until(lambda: engine.counts(REPORTS))
    ask_everything(check, engine, "engine killed")
    delays(check, engine)
    drivers(check, engine)
    check.equal("a clean stop at the end", engine.stop(), 0)
    check.equal("verify", engine.verify()[0], 0)


if __name__ == "__main__":
    run(main, minutes=15)
