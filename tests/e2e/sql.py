#!/usr/bin/env python3
"""SQL: do psql, psycopg and HTTP give the rows that the events say, from a real engine, before and after restarts?

Two hundred reports with known times are posted; what every question must give is worked out here, from the events, by
arithmetic that shares nothing with the engine. Then the same answers are asked over HTTP, psql and psycopg, after a clean
restart (files), after SIGKILL of the query process, and after SIGKILL of the engine (replay). Clients of other makers
(COPY, cursors, SQLAlchemy, ADBC, DuckDB on the archive, Grafana's macros) must give the same rows, the ten questions of
docs/questions.sql what was worked out by hand, and statements that would harm must be refused while no timer is late.
"""
import bisect, csv, datetime, hashlib, http.client, io, json, math, os, re, signal, socket, ssl, statistics, struct, subprocess, sys, time, zoneinfo

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import ROOT, Engine, ask, free_port, in_venv, run, until, wardline

in_venv("psycopg[binary]==3.3.9", "sqlalchemy==2.1.9", "adbc-driver-postgresql==1.13.0", "pyarrow==26.0.1", "pandas==3.1.1", "duckdb==2.0.0")
import adbc_driver_postgresql.dbapi, duckdb, pandas, psycopg, pyarrow, pyarrow.parquet, sqlalchemy

REPORTS = 200
ZONE = zoneinfo.ZoneInfo("America/Chicago")


def a_friday():
    """A midnight of UTC before a Friday, long enough ago that nothing is due while the test runs, in the middle of a month
    and younger than minutes are kept."""
    day = int(time.time()) // 86_400 - 7
    while (day + 3) % 7 != 4 or not 3 <= time.gmtime(day * 86_400).tm_mday <= 26:
        day -= 1
    return day * 86_400


DAY = a_friday()

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

calendar "Bench"
  open      Monday to Friday 08:00 to 18:00

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"

escalation "Call"
  step 1    page desk "Operations" by phone, wait 60 minutes
  then      task for desk "Operations"
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
[[key]]
name = "audra"
sha256 = "{audra}"
roles = ["auditor"]
scram = "{audra_scram}"
[[key]]
name = "prom"
sha256 = "{prom}"
roles = ["metrics"]
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
        keys = {name: hashlib.sha256(("%s-key" % name).encode()).hexdigest() for name in ("feeder", "ana", "phi", "audra", "prom")}
        for name in ("ana", "phi", "audra"):
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


def ask_stopped(check, engine, when):
    """The same answers from the data directory alone, of which nothing changes."""
    def state():
        return sorted((path, os.stat(os.path.join(path, name)).st_mtime_ns, name, os.stat(os.path.join(path, name)).st_size) for path, _, names in os.walk(engine.path("data")) for name in names)
    before = state()
    for name, text, expected in questions():
        code, out, err = wardline("sql", "--data", engine.path("data"), "--format", "json", "-c", text)
        check.equal("%s: wardline sql --data: %s" % (when, name), json.loads(out)["rows"] if code == 0 else (code, err), expected)
    check.equal("%s: nothing in the directory changed" % when, state() == before, True)
    check.equal("%s: and nothing else can be done to it" % when, wardline("sql", "--data", engine.path("data"), "-c", "DROP TABLE reports")[0], 2)


def certificates(folder):
    """An authority, and a certificate of it for this machine."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder, timeout=30)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Authority", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "sql.key", "-out", "sql.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "sql.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "sql.pem", "-days", "2", "-extfile", "names")
    os.chmod(os.path.join(folder, "sql.key"), 0o600)


def encrypted(check, engine):
    """With a certificate everything is asked through TLS, and nothing is answered without."""
    certificates(engine.folder)
    with open(engine.path("wardline.toml")) as file:
        config = file.read()
    with open(engine.path("wardline.toml"), "w") as file:
        file.write(config.replace("[sql]\n", '[sql]\ntls = { certificate = "sql.pem", key = "file:sql.key" }\n'))
    engine.listens = []
    engine.start()
    authority = engine.path("ca.pem")
    def sql(text, *more):
        code, out, err = wardline("sql", "--url", "https://localhost:%d" % engine.http, "--authority", authority, "--key-file", "ana.key", "--format", "csv", "-c", text, *more, cwd=engine.folder)
        return out.split() if code == 0 else (code, err)
    check.true("TLS: HTTP", until(lambda: sql("SELECT count(*) AS n FROM reports WHERE kind = 'lab'")[0] == "n", 30), sql("SELECT 1"))
    try:
        said = ask(engine.http, "POST", "/v1/sql", json.dumps({"sql": "SELECT 1"}), {"authorization": "Bearer ana-key"}, timeout=10)[0]
    except (OSError, http.client.HTTPException):
        said = None
    check.equal("TLS: plain HTTP is not answered", said, None)
    where = "host=localhost port=%d user=ana password=ana-key dbname=wardline " % engine.postgres
    secure = where + "sslmode=verify-full sslrootcert=" + authority
    with psycopg.connect(secure, autocommit=True) as session:
        check.equal("TLS: psycopg", session.execute("SELECT count(*) FROM reports WHERE kind = 'imaging'").fetchone()[0] > 0, True)
        check.equal("TLS: it is in use", session.pgconn.ssl_in_use, 1)
        session.execute("SELECT 1")
        with session.cursor().copy("COPY (SELECT value FROM generate_series(1, 100000)) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int8"])
            check.equal("TLS: a long COPY", sum(row[0] for row in copy.rows()), 100000 * 100001 // 2)
    for name, wrong, said in (("in the clear", where + "sslmode=disable", "28000"), ("unknown authority", where + "sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt", "certificate"), ("wrong password", secure.replace("ana-key", "guess"), "password")):
        try:
            psycopg.connect(wrong, connect_timeout=10).close()
            check.true("TLS: refused: " + name, False, "connected")
        except psycopg.OperationalError as error:
            refused = str(error) + str(getattr(error, "sqlstate", ""))
            check.true("TLS: refused: " + name, said in refused or "not encrypted" in refused, refused)
    # What somebody in between puts behind the wish for TLS is never read as if it had come through it.
    with socket.create_connection(("localhost", engine.postgres), timeout=10) as raw:
        startup = b"\0\3\0\0user\0dr_phi\0\0"
        raw.sendall(struct.pack("!ii", 8, 80877103) + struct.pack("!i", 4 + len(startup)) + startup)
        answer = raw.recv(1)
        context = ssl.create_default_context(cafile=authority)
        try:
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                tls.settimeout(10)
                check.true("TLS: nothing in the clear is taken for encrypted", tls.recv(1) == b"", answer)
        except (OSError, ssl.SSLError):
            check.equal("TLS: nothing in the clear is taken for encrypted", answer, b"S")
    done = subprocess.run(["psql", secure, "-At", "-c", "SELECT 41 + 1"], capture_output=True, text=True, timeout=60, env=dict(os.environ, PSQLRC="/dev/null"))
    check.equal("TLS: psql", (done.stdout.strip(), done.stderr), ("42", ""))
    check.equal("TLS: a clean stop", engine.stop(), 0)


def dues(engine, seconds):
    """Two reports a second whose clocks become due in the next seconds: timers that can be late."""
    now = time.time()
    engine.send([{"v": 1, "event_id": "t%d-%d" % (now, n), "source": "lis", "report": {"filler": "T%d-%d" % (now, n)}, "kind": "lab", "test": "2823-3", "step": "received", "occurred_at": iso(now - 3600 + 2 + n / 2)} for n in range(2 * seconds)])


def late(before, after):
    """How late timers were between two readings: how many, the share at most 10 ms late, how many more than a second."""
    count, near, far = (now - then for now, then in zip(after, before))
    return int(count), near / max(count, 1), int(far)


def refused(check, engine):
    """What must not be answered, by code, that the process lives on, and that no timer of the engine is late for it."""
    quiet = lateness(engine)
    dues(engine, 20)
    time.sleep(22)
    quiet = late(quiet, lateness(engine))
    reports = engine.sql("SELECT count(*) FROM reports")[0][0]
    hostile = [
        ("DROP TABLE reports", "WL1503"), ("INSERT INTO reports VALUES (1)", "WL1503"), ("DELETE FROM reports", "WL1503"),
        ("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc/passwd'", ("WL1501", "WL1503")),
        ("CREATE TABLE x AS SELECT 1", "WL1503"), ("COPY reports TO '/tmp/x.csv'", "WL1503"),
        ("COPY (SELECT * FROM reports) TO '/tmp/x.parquet'", "WL1503"), ("SELECT 1; SELECT 2", "WL1503"),
        ("SET datafusion.execution.batch_size = 1", "WL1503"), ("SELECT * INTO x FROM reports", "WL1503"),
        ("SELECT * FROM '/etc/passwd'", ("WL1501", "WL1502")), ('SELECT * FROM "/etc/passwd"', "WL1502"),
        ('SELECT * FROM "file:///etc/passwd"', "WL1502"), ("SELECT * FROM read_parquet('/etc/passwd')", ("WL1502", "WL1503")),
        ("SELECT * FROM generate_series(1, 9876543210)", "WL1528"), ("SELECT count(*) FROM generate_series(CAST(1e10 AS BIGINT))", "WL1514"), ("SELECT repeat('x', 1000000000)", "WL1502"),
        ("SELECT lpad('x', 1000000000)", "WL1502"), ("SELECT array_repeat(1, 1000000000)", "WL1502"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "WL1503"),
        ("SELECT " + "+".join(["1"] * 2000), "WL1503"), ("SELECT 1 WHERE " + " OR ".join(["1=1"] * 10000), "WL1503"),
        ("SELECT " + "(" * 100 + "1" + ")" * 100, "WL1503"), ("SELECT '" + "x" * 70000 + "'", "WL1503"),
        ("SELECT patient_token FROM reports", "WL1502"), ("SELECT nothing FROM reports", "WL1502"), ("SELEC 1", ("WL1501", "WL1503")),
        ("SELECT count(*) FROM milestones a, milestones b, milestones c, milestones d, milestones e, milestones f", "WL1503"),
        # One that never pauses: its caller hears in time, and the process is started again. Where memory ends first, DataFusion
        # reads one side of its join anew, which a repartition below does not allow: the statement ends with WL1515, nothing else does.
        ("SELECT count(*) FROM (SELECT a.step FROM milestones a JOIN milestones b ON a.event_at <= b.event_at JOIN milestones c ON a.event_at <= c.event_at JOIN milestones d ON a.event_at <= d.event_at ORDER BY 1)", ("WL1510", "WL1512", "WL1515")),
    ]
    busy = lateness(engine)
    dues(engine, 90)
    reports += 180
    check.true("all are there", until(lambda: engine.counts(reports)))
    for text, codes in hostile:
        codes = codes if isinstance(codes, tuple) else (codes,)
        before, began = engine.query_pid(), time.time()
        try:
            status, answer, _ = ask(engine.http, "POST", "/v1/sql", json.dumps({"sql": text}), {"authorization": "Bearer ana-key"}, timeout=60)
        except (OSError, http.client.HTTPException) as error:
            check.true("answered at all: " + text[:60], False, repr(error))
            until(lambda: engine.counts(reports))
            continue
        answer = json.loads(answer)
        check.true("refused: " + text[:60], answer.get("code") in codes, (status, answer))
        check.true("in time: " + text[:60], time.time() - began < 40)
    # The last one may cost the process its life a few seconds later: it is waited for before its return is.
    until(lambda: engine.query_pid() != before, 10)
    gone = time.time()
    check.true("lives on", until(lambda: engine.counts(reports)))
    print("query process back after %.2f s" % (time.time() - gone))
    check.true("and is back within two seconds of its end", time.time() - gone < 2 + slack(), time.time() - gone)
    busy = late(busy, lateness(engine))
    print("timers of the engine: before %d fired, %.1f %% of them at most 10 ms late, %d more than a second; meanwhile %d, %.1f %%, %d" % (quiet[0], 100 * quiet[1], quiet[2], busy[0], 100 * busy[1], busy[2]))
    check.true("timers fired meanwhile, and none a second late", busy[0] >= 10 and (busy[2] == 0 or quiet[2] > 0 or slack() > 0), (quiet, busy))


def slack():
    """What a busy machine may add: starting a process takes as long as others let it."""
    return 2 * max(0, os.getloadavg()[0] - (os.cpu_count() or 1))


def lateness(engine):
    """How many timers fired, how many at most 10 ms late, and how many more than a second."""
    said = ask(engine.admin, "GET", "/metrics", headers={"authorization": "Bearer prom-key"})[1].decode()
    bounds = {float(bound.replace("+Inf", "inf")): float(value) for bound, value in re.findall(r'wardline_timer_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)', said)}
    assert bounds, said[:200]
    total = bounds.get(math.inf, 0)
    at_most = lambda limit: max((value for bound, value in bounds.items() if bound <= limit), default=0)
    return total, at_most(0.010), total - at_most(1.0)


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
    rows = [{"site": s, "n": n} for s, n in expected]
    check.equal("arrow", pyarrow.ipc.open_stream(engine.sql(text, format="arrow")).read_all().to_pylist(), rows)
    check.equal("parquet", pyarrow.parquet.read_table(io.BytesIO(engine.sql(text, format="parquet"))).to_pylist(), rows)
    check.equal("parquet: a file", engine.headers.get("content-disposition", "").startswith("attachment"), True)
    told = [engine.headers.get("x-wardline-" + name, "") for name in ("epoch", "at", "watermark")]
    check.true("the answer says of which epoch it is, and up to when all was heard", int(told[0]) > 0 and told[1][:2] == "20" and told[2][:2] == "20", told)
    check.equal("parameters", engine.sql("SELECT count(*) FROM reports WHERE site = $1", params=["SITE1"]), [[expected[1][1]]])
    check.equal("limit", len(engine.sql("SELECT report_id FROM reports", limit=5)), 5)
    check.equal("limit: said", engine.headers.get("x-wardline-limited"), "true")
    code, out, err = wardline("sql", "--url", "http://127.0.0.1:%d" % engine.http, "--key-file", "ana.key", "-c", text, cwd=engine.folder)
    check.equal("wardline sql", [line.split() for line in out.splitlines()[2:5]], [[s, str(n)] for s, n in expected])
    typed = "SELECT 1 AS one;\n\\mode jsonl\nSELECT site,\n  count(*) AS n FROM reports\nWHERE kind = 'lab' GROUP BY site ORDER BY site;\n\\d reports\n"
    code, out, err = wardline("sql", "--url", "http://127.0.0.1:%d" % engine.http, "--key-file", "ana.key", "--format", "csv", input=typed, cwd=engine.folder)
    lines = out.splitlines()
    check.equal("wardline sql, typed", (code, lines[:2], [json.loads(line) for line in lines[2:5]]), (0, ["one", "1"], rows))
    check.true("wardline sql: \\d", any("keyed hash; not the accession number" in line for line in lines[5:]), (out, err))


def connect(engine, user="ana", **more):
    return psycopg.connect("host=127.0.0.1 port=%d user=%s password=%s-key dbname=wardline sslmode=disable" % (engine.postgres, user, {"dr_phi": "phi"}.get(user, user)), **more)


def wire(check, engine):
    """COPY in its three forms, cursors, what an answer says of itself."""
    lives = sorted(("P%d" % n, life(n)[0]) for n in range(REPORTS))
    query = "SELECT order_ref, received_at, is_open, first_final_at FROM reports WHERE kind = 'lab' AND order_ref IS NOT NULL ORDER BY order_ref"
    finals = {"P%d" % n: life(n)[1] for n in range(REPORTS)}
    with connect(engine, "dr_phi", autocommit=True) as session:
        def rows(form):
            with session.cursor().copy("COPY (%s) TO STDOUT%s" % (query, form)) as copy:
                if "binary" in form:
                    copy.set_types(["text", "timestamptz", "bool", "timestamptz"])
                    return [(a, int(b.timestamp()), c, d and int(d.timestamp())) for a, b, c, d in copy.rows()]
                return b"".join(bytes(part) for part in copy).decode()
        check.equal("COPY binary", rows(" (FORMAT binary)"), [(name, at, finals[name] is None, finals[name]) for name, at in lives])
        text = [line.split("\t") for line in rows("").splitlines()]
        check.equal("COPY text", [(a, c, d == "\\N") for a, _, c, d in text], [(name, "f" if finals[name] else "t", finals[name] is None) for name, _ in lives])
        found = list(csv.reader(io.StringIO(rows(" WITH (FORMAT csv, HEADER)"))))
        check.equal("COPY csv", (found[0], [row[0] for row in found[1:]], found[1][3] == ""), (["order_ref", "received_at", "is_open", "first_final_at"], [name for name, _ in lives], finals[lives[0][0]] is None))
        with session.cursor().copy("COPY wards (ward, name) TO STDOUT") as copy:
            check.equal("COPY of a table", [len(row) for row in copy.rows()], [2])
        empty = session.cursor()
        with empty.copy("COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)") as copy:
            check.equal("COPY of nothing", list(copy.rows()), [])
        check.equal("COPY says how many", empty.rowcount, 0)
        for refused in ("COPY reports TO '/tmp/x.csv'", "COPY reports FROM STDIN", "COPY (DELETE FROM reports) TO STDOUT", "DECLARE c CURSOR FOR DELETE FROM reports"):
            try:
                session.execute(refused)
                check.equal("refused over the wire: " + refused, "none", "an error")
            except psycopg.Error as error:
                check.true("refused over the wire: " + refused, error.sqlstate in ("42501", "42601"), error)
        session.execute("SELECT 1")
        told = {name: session.info.parameter_status("wardline." + name) for name in ("epoch", "at", "watermark")}
        check.true("the answer says of which epoch it is, and up to when all was heard", int(told["epoch"]) > 0 and told["at"][:4].isdigit() and told["watermark"][:4].isdigit(), told)
    with connect(engine, "dr_phi") as session:
        with session.cursor("parts") as cursor:
            cursor.itersize = 7
            cursor.execute("SELECT order_ref FROM reports WHERE order_ref IS NOT NULL AND kind = %s ORDER BY order_ref", ("lab",))
            check.equal("a cursor on the server", [row[0] for row in cursor], [name for name, _ in lives])
        with session.cursor("more", binary=True) as cursor:
            cursor.execute("SELECT version_number FROM reports")
            check.equal("a cursor in binary", [row[0] for row in cursor.fetchmany(3)], [1, 1, 1])
    long = engine.psql("\\copy (SELECT order_ref FROM reports WHERE order_ref IS NOT NULL ORDER BY 1) TO '%s' CSV HEADER" % engine.path("copied.csv"), user="dr_phi", password="phi-key", options=("-q",))
    with open(engine.path("copied.csv")) as file:
        check.equal("psql: \\copy", (long, file.read().split()), ("", ["order_ref"] + [name for name, _ in lives]))
    parts = engine.psql(query.replace("ORDER", "ORDER"), user="dr_phi", password="phi-key", options=("-At", "-v", "FETCH_COUNT=9"))
    check.equal("psql: FETCH_COUNT", [line.split("|")[0] for line in parts.splitlines()], [name for name, _ in lives])


def long_answers(check, engine):
    """What is longer than a mebibyte leaves in pieces; who goes away ends their statement; too long is an error."""
    hundred = "(SELECT clock_id, ward FROM clocks ORDER BY clock_id LIMIT 100)"
    many = "SELECT a.clock_id, b.ward, c.clock_id AS other FROM %s a JOIN %s b ON a.clock_id <> b.clock_id JOIN %s c ON b.clock_id <> c.clock_id" % (hundred, hundred, hundred)
    table = pyarrow.ipc.open_stream(engine.sql(many, format="arrow")).read_all()
    check.equal("a long answer as Arrow", table.num_rows, 100 * 99 * 99)
    check.equal("leaves in pieces", (engine.headers.get("transfer-encoding"), engine.headers.get("content-length")), ("chunked", None))
    table = pyarrow.parquet.read_table(io.BytesIO(engine.sql(many, format="parquet")))
    check.equal("and as Parquet", table.num_rows, 100 * 99 * 99)
    # What fails when part of it has left, because it is too long or otherwise: no reader takes it for whole.
    for name, text, form in (("is too long", many, "json"), ("fails on its way", "SELECT value, 1 / (value - 900000) AS x FROM generate_series(1, 990000)", "csv")):
        try:
            got = engine.sql(text, format=form)
            check.true("an answer that %s breaks off" % name, False, got[-100:])
        except (http.client.HTTPException, OSError) as error:
            check.true("an answer that %s breaks off" % name, "IncompleteRead" in repr(error), repr(error)[:200])
    check.equal("said at once where nothing has left yet", engine.sql(many, limit=2_000_000, expect=413), "WL1511")
    connection = http.client.HTTPConnection("127.0.0.1", engine.http, timeout=30)
    endless = "SELECT count(*) FROM milestones a JOIN milestones b ON a.event_at <= b.event_at JOIN milestones c ON b.event_at <= c.event_at JOIN milestones d ON c.event_at <= d.event_at"
    before = running(engine)
    connection.request("POST", "/v1/sql", json.dumps({"sql": endless}), {"authorization": "Bearer ana-key"})
    check.true("a statement runs", until(lambda: running(engine) > before, 5))
    connection.close()
    check.true("who goes away ends their statement", until(lambda: running(engine) <= before, 5), running(engine))


def running(engine):
    """How many statements run now."""
    status, body, _ = ask(engine.http, "GET", "/metrics", headers={"authorization": "Bearer prom-key"})
    found = re.search(r"^wardline_queries_running (\d+)", body.decode(), re.M)
    return int(found.group(1)) if status == 200 and found else -1


def comments(check, engine):
    """What tables and columns mean, where psql, SQLAlchemy and the catalog's readers look."""
    shown = engine.psql("\\d+ reports", options=())
    check.true("psql: \\d+ shows columns with what they mean", "keyed hash; not the accession number" in shown and "patient_token" not in shown, shown)
    shown = engine.psql("\\dv+", options=())
    check.true("psql: \\dv+ shows what tables mean", "one report: one order" in shown, shown)
    source = sqlalchemy.create_engine("postgresql+psycopg://ana:ana-key@127.0.0.1:%d/wardline?sslmode=disable" % engine.postgres)
    try:
        seen = sqlalchemy.inspect(source)
        names = set(seen.get_table_names(schema="wardline")) | set(seen.get_view_names(schema="wardline"))
        check.true("SQLAlchemy: tables and views", {"reports", "clocks", "open_reports", "exceptions"} <= names, sorted(names))
        columns = {column["name"]: column for column in seen.get_columns("reports", schema="wardline")}
        check.true("SQLAlchemy: types and comments", isinstance(columns["received_at"]["type"], sqlalchemy.TIMESTAMP) and columns["report_id"]["comment"] == "keyed hash; not the accession number" and "patient_token" not in columns, {name: (column["type"], column["comment"]) for name, column in columns.items()})
        with source.connect() as session:
            table = sqlalchemy.table("clocks", sqlalchemy.column("outcome"), schema="wardline")
            found = session.execute(sqlalchemy.select(table.c.outcome, sqlalchemy.func.count()).group_by(table.c.outcome).order_by(table.c.outcome)).all()
            check.equal("SQLAlchemy: a question", [count for _, count in found], [row[1] for name, _, expected in questions() if name == "outcomes" for row in expected])
    except sqlalchemy.exc.SQLAlchemyError as error:
        check.true("SQLAlchemy", False, error)
    finally:
        source.dispose()


def clients(check, engine):
    """ADBC with its defaults into pandas, DuckDB on the files, what DuckDB and Grafana send."""
    expected = {"SITE%d" % site: sum(1 for n in range(REPORTS) if life(n)[3] == "SITE%d" % site) for site in range(3)}
    with adbc_driver_postgresql.dbapi.connect("postgresql://ana:ana-key@127.0.0.1:%d/wardline?sslmode=disable" % engine.postgres) as session:
        frame = pandas.read_sql("SELECT site, priority, received_at, is_open FROM reports WHERE kind = 'lab' ORDER BY received_at", session)
        check.equal("ADBC: pandas", (len(frame), frame.groupby("site").size().to_dict()), (REPORTS, expected))
        check.equal("ADBC: types", (str(frame["received_at"].dtype).startswith("datetime64"), frame["is_open"].sum()), (True, sum(1 for n in range(REPORTS) if life(n)[1] is None)))
    files = wardline("export", "--data", engine.path("data"), "--list", "reports")[1].split()
    newest = "QUALIFY row_number() OVER (PARTITION BY report_id ORDER BY epoch DESC, seq DESC) = 1"
    found = duckdb.execute("SELECT site, count(*) FROM (SELECT * FROM read_parquet($1, hive_partitioning = false) %s) WHERE kind = 'lab' GROUP BY 1 ORDER BY 1" % newest, [files]).fetchall()
    check.equal("DuckDB on the archive", dict(found), expected)
    check.equal("export --list: no such table", wardline("export", "--data", engine.path("data"), "--list", "nothing")[0], 2)
    # What the scanner of DuckDB is known to send for ATTACH and a scan, written from its documentation and source and not
    # recorded: its extension is in no registry that these tests reach.
    with connect(engine, autocommit=True) as session:
        session.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = session.execute("SELECT oid, nspname FROM pg_namespace WHERE nspname = 'wardline' ORDER BY oid").fetchall()
        check.equal("DuckDB ATTACH: schemas", [name for _, name in found], ["wardline"])
        columns = session.execute("SELECT pg_namespace.oid AS namespace_id, relname, relpages, attname, pg_type.typname type_name, atttypmod type_modifier, pg_attribute.attndims ndim, attnum, pg_attribute.attnotnull AS notnull, NULL constraint_id, NULL constraint_type, NULL constraint_key FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid JOIN pg_attribute ON pg_class.oid=pg_attribute.attrelid JOIN pg_type ON atttypid=pg_type.oid WHERE attnum > 0 AND relkind IN ('r', 'v', 'm', 'f', 'p') AND pg_namespace.nspname = 'wardline' ORDER BY namespace_id, relname, attnum").fetchall()
        check.true("DuckDB ATTACH: columns, and no pages to read by", any(row[1] == "reports" and row[3] == "report_id" for row in columns) and all(row[2] == 0 for row in columns), columns[:3])
        with session.cursor().copy('COPY (SELECT "site", "is_open" FROM "wardline"."reports" ) TO STDOUT (FORMAT "binary")') as copy:
            copy.set_types(["text", "bool"])
            check.equal("DuckDB ATTACH: a scan", sum(1 for site, _ in copy.rows() if site), REPORTS)
        session.execute("COMMIT")
    grafana(check, engine)


def grafana(check, engine):
    """The macros of its PostgreSQL source, expanded as it expands them."""
    begin, end = DAY, DAY + REPORTS * 61 + 7200
    instant = lambda at: "'%s'" % iso(at)
    macros = {
        "$__timeFilter(settled_at)": "settled_at BETWEEN %s AND %s" % (instant(begin), instant(end)),
        "$__unixEpochFilter(extract(epoch FROM settled_at))": "extract(epoch FROM settled_at) >= %d AND extract(epoch FROM settled_at) <= %d" % (begin, end),
    }
    groups = {
        "$__timeGroup": 'floor(extract(epoch from settled_at)/3600)*3600 AS "time"',
        "$__timeGroup with TimescaleDB": "time_bucket('3600.000s',settled_at) AS \"time\"",
    }
    settled = sorted(min(f, r + 3600) if f else r + 3600 for r, f, _, _ in map(life, range(REPORTS)))
    hours = {}
    for at in settled:
        hours[at // 3600 * 3600] = hours.get(at // 3600 * 3600, 0) + 1
    for name, macro in macros.items():
        for group, column in groups.items():
            with connect(engine, autocommit=True) as session:
                found = session.execute("SELECT %s, count(*) AS settled FROM clocks WHERE outcome IS NOT NULL AND %s GROUP BY 1 ORDER BY 1" % (column, macro)).fetchall()
            seconds = lambda at: int(at.timestamp()) if isinstance(at, datetime.datetime) else int(at)
            check.equal("Grafana: %s by %s" % (name.split("(")[0], group), [(seconds(at), count) for at, count in found], sorted(hours.items()))
    with connect(engine, autocommit=True) as session:
        names = session.execute("SELECT quote_ident(table_name) AS \"table\" FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY 1").fetchall()
        check.true("Grafana: its query builder lists tables", ("reports",) in names and ("clocks",) in names, names)
        columns = session.execute("SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\" FROM information_schema.columns WHERE quote_ident(table_name) = 'reports'").fetchall()
        check.true("Grafana: and columns", any(name == "received_at" for name, _ in columns), columns)


def cell(s):
    return s if s < 256 else s >> (s.bit_length() - 8) << (s.bit_length() - 8)


def quantile(values, millionths):
    """Of a sketch: the value, or the middle of its cell, and the bounds."""
    values, rank = sorted(values), max(1, -(-len(values) * millionths // 1_000_000))
    exact = values[rank - 1]
    if len(values) <= 64:
        return exact, exact, exact
    low = cell(exact)
    width = 1 if low < 256 else 1 << (low.bit_length() - 8)
    return low + (width - 1) // 2, low, low + width - 1


def rounded(value, digits):
    """Half goes up, as SQL has it."""
    return math.floor(value * 10 ** digits + 0.5) / 10 ** digits


def wilson(k, n, side):
    z = statistics.NormalDist().inv_cdf(0.975)
    return (k / n + z * z / (2 * n) + side * z * math.sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def ten_questions(check, engine):
    """Every statement of docs/questions.sql, against what the lives say."""
    with open(os.path.join(ROOT, "docs", "questions.sql")) as file:
        texts = dict(re.findall(r"^-- (\d+) [^\n]*\n(.*?);$", file.read(), re.S | re.M))
    lives = [life(n) for n in range(REPORTS)]
    met = [f is not None and f - r <= 3600 for r, f, _, _ in lives]
    stat = [(min(f, r + 3600) if f else r + 3600, f is None or f - r > 3600, f) for r, f, p, _ in lives if p == "stat"]
    local = lambda at: datetime.datetime.fromtimestamp(at, ZONE).timetuple()
    shifts = sorted({(local(at).tm_wday + 1, local(at).tm_hour) for at, _, _ in stat})
    of = lambda shift: [one for one in stat if (local(one[0]).tm_wday + 1, local(one[0]).tm_hour) == shift]
    overdue = lambda shift: max((f - at for at, is_late, f in of(shift) if is_late and f), default=None)
    monday = iso(DAY - 4 * 86400)
    kinds = {site: [f is None or f - r > 3600 for r, f, _, s in lives if s == site] for site in ("SITE0", "SITE1", "SITE2")}
    tat = {p: [f - r for r, f, q, _ in lives if f and q == p] for p in ("routine", "stat")}
    hour = DAY // 3600 * 3600 + 4 * 3600
    starts = [hour - 168 * 3600 + step * 3600 for step in range(169)]
    waiting = lambda at: [r for r, f, _, _ in lives if r <= at and (f is None or f > at)]
    critical = [["critical acknowledged within 1 h"], ["critical slowest acknowledgement"]]
    expected = {
        "1": [[monday, "sla/Lab hour", sum(met), REPORTS, rounded(100 * sum(met) / REPORTS, 1), rounded(100 * wilson(sum(met), REPORTS, -1), 1), rounded(100 * wilson(sum(met), REPORTS, 1), 1)]],
        "2": [[*shift, len(of(shift)), sum(late for _, late, _ in of(shift)), rounded(100 * sum(late for _, late, _ in of(shift)) / len(of(shift)), 1), overdue(shift)] for shift in shifts],
        "4": sorted(([site, "breached", sum(late), rounded(1000 * sum(late) / len(late), 1)] for site, late in kinds.items()), key=lambda row: (-row[3], row[0])),
        "6": [["lab", len([1 for _, f, _, _ in lives if f]), 0, 0.0]],
        "7": [[iso(at), sum(r > at - 14400 for r in waiting(at)), sum(at - 86400 < r <= at - 14400 for r in waiting(at)), sum(r <= at - 86400 for r in waiting(at))] for at in starts if waiting(at)],
        "8": [[p, "before", len(tat[p]), quantile(tat[p], 500_000)[0], *quantile(tat[p], 900_000)] for p in ("routine", "stat")],
    }
    # A second after the hour, so that what is open now is later than it.
    instants = {"7": "TIMESTAMPTZ '%s'" % iso(hour + 1)}
    for number in sorted(expected, key=int):
        text = texts[number].replace("now()", instants[number]) if number in instants else texts[number]
        # An analyst's instants stop at the minute, and question 7 counts to the second.
        check.equal("question %s" % number, engine.sql(text, key="phi-key" if number == "7" else "ana-key"), expected[number])
    # Slices say the same as single reports do.
    lab = "interval_name = 'receive_to_final' AND kind = 'lab'"
    final = tat["routine"] + tat["stat"]
    whole = [len(final), sum(final), sum(met), REPORTS - sum(met), *quantile(final, 500_000), *quantile(final, 900_000)]
    for table in ("turnaround_1m", "turnaround_1h", "turnaround_1d"):
        found = engine.sql("SELECT n, sum_s, n_met, n_breached, tat_quantile(t, 0.5), tat_quantile_lo(t, 0.5), tat_quantile_hi(t, 0.5), tat_quantile(t, 0.9), tat_quantile_lo(t, 0.9), tat_quantile_hi(t, 0.9) "
                           "FROM (SELECT sum(n) AS n, sum(sum_s) AS sum_s, sum(n_met) AS n_met, sum(n_breached) AS n_breached, tat_merge(tat) AS t FROM %s WHERE %s)" % (table, lab))
        check.equal("%s adds up to what the reports say" % table, found, [whole])
    days = {}
    for r, f, p, s in lives:
        # The reports are of the last hours of one day and the first of the next, as Chicago counts.
        for at, n, n_met, n_breached in ([(f, 1, 0, 0)] if f else []) + ([(f, 0, 1, 0)] if f and f - r <= 3600 else [(r + 3600, 0, 0, 1)]):
            day = time.strftime("%Y-%m-%d", local(at))
            days[day] = [a + b for a, b in zip(days.get(day, [0, 0, 0]), (n, n_met, n_breached))]
    found = engine.sql("SELECT local_date, sum(n), sum(n_met), sum(n_breached) FROM sla_daily WHERE %s GROUP BY 1 ORDER BY 1" % lab)
    check.equal("sla_daily, day by day of the site", found, [[day, *counts] for day, counts in sorted(days.items())])
    month = engine.sql("SELECT kpi, round(value, 4), n FROM kpi_monthly WHERE month_at = TIMESTAMPTZ '%s-01T00:00:00Z'" % time.strftime("%Y-%m", local(DAY)) + " ORDER BY 1")
    check.equal("kpi_monthly", month, [["within target", round(sum(met) / REPORTS, 4), REPORTS]])
    # The rest is of a critical result of now, which nobody has answered.
    engine.send([{"v": 1, "event_id": "k1", "source": "lis", "report": {"filler": "K1"}, "kind": "lab", "test": "2823-3", "step": "final", "occurred_at": iso(time.time() - 30), "flags": ["critical"], "site": "SITE0",
                  "results": [{"code": "2823-3", "num": "7.1", "unit": "mmol/L", "status": "final"}]}])
    until(lambda: engine.sql("SELECT count(*) FROM alerts WHERE severity = 'red'") == [[1]])
    until(lambda: engine.sql("SELECT count(*) FROM notices WHERE delivered_at IS NOT NULL") == engine.sql("SELECT count(*) FROM notices"))
    found = engine.sql(texts["5"])
    check.equal("question 5", [row[:4] for row in found], [["lab", 1, 0, 1]])
    check.true("question 5: the slowest is named", engine.sql("SELECT report_id FROM alerts WHERE severity = 'red'") == [[row[4]] for row in found], found)
    check.equal("question 9", [row[:1] for row in engine.sql(texts["9"])], [["critical slowest acknowledgement"]])
    found = engine.sql(texts["10"])
    check.equal("question 10", [[row[0], row[2], row[3] > 0] for row in found], [["alert/Critical potassium", False, True]])
    found = engine.sql(texts["3"])
    check.true("question 3", bool(found) and all(row[0] == "phone" and row[2] >= row[3] for row in found), found)
    check.equal("work time by the ward's calendar", engine.sql("SELECT working_seconds('Bench', TIMESTAMPTZ '2026-01-09T22:00:00Z', TIMESTAMPTZ '2026-01-12T15:00:00Z')"), [[2 * 3600 + 3600]])
    check.equal("a calendar that the ward does not have", engine.sql("SELECT is_open_at('Bank', now())", expect=422), "WL1525")


def who_asked(check, engine):
    """One row a statement, for who may see it, and counted."""
    text = "SELECT count(*) AS %s FROM reports" % ("n" + hashlib.sha256(os.urandom(8)).hexdigest()[:12])
    engine.sql(text)
    engine.psql(text, user="dr_phi", password="phi-key")
    engine.sql("SELECT nothing FROM reports", expect=400)
    engine.sql("DROP TABLE reports", expect=400)
    digest = hashlib.sha256(text.encode()).hexdigest()
    rows = engine.sql("SELECT actor, role, interface, tables, n_rows, sent_bytes > 0, took_ms >= 0, outcome, epoch > 0 FROM system_queries WHERE statement = '%s' ORDER BY at" % digest, key="audra-key")
    check.equal("one row a statement", rows, [["ana", "analyst", "http", "reports", 1, True, True, "ok", True], ["dr_phi", "phi", "postgres", "reports", 1, True, True, "ok", True]])
    found = engine.sql("SELECT outcome, code FROM system_queries WHERE actor = 'ana' ORDER BY at DESC LIMIT 2", key="audra-key")
    check.equal("and one for what was refused", found, [["denied", "WL1503"], ["error", "WL1502"]])
    check.equal("an analyst does not see who asked", engine.sql("SELECT * FROM system_queries", expect=400), "WL1502")
    check.equal("an auditor does not see reports", engine.sql("SELECT * FROM reports", key="audra-key", expect=400), "WL1502")
    status, body, _ = ask(engine.http, "GET", "/metrics", headers={"authorization": "Bearer prom-key"})
    count = re.search(r'wardline_queries_total\{endpoint="http",outcome="denied"\} (\d+)', body.decode())
    check.true("and figures count them", status == 200 and count and int(count.group(1)) > 0, body[:2000])
    check.equal("which need a key", ask(engine.http, "GET", "/metrics", headers={"authorization": "Bearer ana-key"})[0], 403)
    lines = []
    for name in sorted(os.listdir(engine.path("data", "audit"))):
        with open(engine.path("data", "audit", name)) as file:
            lines += file.read().splitlines()
    chained = all(json.loads(after)["prev"] == hashlib.sha256(before.encode()).hexdigest() for before, after in zip(lines, lines[1:]))
    begun = [json.loads(line)["role"] for line in lines if json.loads(line)["outcome"] == "begun"]
    check.true("the file is a chain, and phi is in it before its first row", chained and len(lines) > 100 and begun and set(begun) == {"phi"}, (chained, len(lines)))
    check.true("and no text of a statement is", text not in "".join(lines))


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
    ask_stopped(check, engine, "stopped")
    engine.start()
    ask_everything(check, engine, "files")
    wire(check, engine)
    long_answers(check, engine)
    comments(check, engine)
    clients(check, engine)
    pid = engine.query_pid()
    os.kill(pid, signal.SIGKILL)
    check.true("the query process comes back", until(lambda: engine.query_pid() not in (None, pid)) and until(lambda: engine.counts(REPORTS)))
    ask_everything(check, engine, "query process killed")
    engine.kill()
    until(lambda: engine.query_pid() is None, 10)
    ask_stopped(check, engine, "killed")
    engine.start()
    until(lambda: engine.counts(REPORTS))
    ask_everything(check, engine, "engine killed")
    delays(check, engine)
    drivers(check, engine)
    who_asked(check, engine)
    ten_questions(check, engine)
    refused(check, engine)
    check.equal("a clean stop at the end", engine.stop(), 0)
    encrypted(check, engine)
    check.equal("verify", engine.verify()[0], 0)


if __name__ == "__main__":
    run(main, minutes=15)
