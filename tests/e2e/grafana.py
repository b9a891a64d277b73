#!/usr/bin/env python3
"""Grafana: does every query of every panel and rule find real samples of a real engine?

Five parties: `wardline run` on a folder of its own with its query process, people who ask it over HTTP and the Postgres wire,
a receiver for its notices that answers, opens, refuses and keeps silent,
a feeder that tells of reports that began up to hours ago, some late, some critical, some wrong, and a Prometheus with the
rules of this repository. Then each query goes through Prometheus' own HTTP API, with its variables filled in, and each of
SQL over the Postgres wire, with Grafana's macros and variables filled in.

A panel counts as `run` when each of its queries answers with finite samples, as `empty` when one does not. Then the query
process is stopped, killed and comes back, and the engine is started again: what rules and gauges must say then is looked at.

LIMIT: two minutes of samples by the wall clock. No day, no week: what looks back further shows what two minutes hold.

Usage: grafana.py [--seconds N] [--results FILE]
"""
import csv, glob, http.server, io, json, math, os, random, re, shutil, signal, socket, subprocess, threading, time, urllib.error, urllib.parse, urllib.request

from _shared import ROOT, Engine, ask, beside, folder, free_port, is_ready, join, options, run, spawn, until

# `results`: write every answer into this file, for grafana/pictures.py.
OPTIONS = options(__doc__, seconds=130, results="")
RANDOM = random.Random(7)

# The ward of the simulated day, whose steps wait for seconds here.
with open(os.path.join(ROOT, "tests/wards/board.ward"), encoding="utf-8") as file:
    WARD = file.read()
for long, short in [("by phone, wait 20 minutes", "by phone, wait 20 seconds"), ("by phone, wait 20 minutes", "by sms, wait 10 seconds")]:
    assert long in WARD
    WARD = WARD.replace(long, short, 1)

CONFIG = '''[[feed]]
name = "lis"
kind = "http"
[[feed]]
name = "ris"
kind = "http"
[[feed]]
name = "adt"
kind = "mllp"
listen = "127.0.0.1:{mllp}"
zone = "America/Chicago"
[sql]
listen = "127.0.0.1:{sql}"
postgres = "127.0.0.1:{postgres}"
flush_every = "10s"
[[channel]]
name = "default"
phone = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/phone", secret = "file:secret", class = "keyed", inside = true }}
sms = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/sms", secret = "file:secret", class = "keyed", inside = true }}
email = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/email", secret = "file:secret", class = "keyed", inside = true }}
'''

DIRECTORY = '''Operations,,,phone,+1 555 0100,,,
Operations,,,sms,+1 555 0100,,,
Laboratory,,,email,lab@example.org,,,
'''

SITE = '''[objective]
"STAT lab" = 0.90
"Imaging" = 0.80
'''

PROMETHEUS = '''global:
  scrape_interval: 2s
  evaluation_interval: 2s
rule_files: ["{rules}/recording.yaml", "{rules}/alerts.yaml"]
alerting:
  alertmanagers:
  - static_configs: [{{ targets: ["127.0.0.1:{alertmanager}"] }}]
scrape_configs:
- job_name: wardline
  static_configs: [{{ targets: ["127.0.0.1:{admin}"] }}]
- job_name: wardline-query
  scrape_timeout: 1s
  static_configs: [{{ targets: ["127.0.0.1:{sql}"] }}]
'''


class People(http.server.BaseHTTPRequestHandler):
    """Takes notices; half of the pages by phone are opened and answered, the gateway for sms fails."""
    links, count = [], 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        People.count += 1
        if self.path == "/sms" and People.count % 2:
            self.send_response(503)
        else:
            self.send_response(204)
            if self.path == "/phone":
                People.links += re.findall(r"http://[^\s\"\\]+", body)[:1]
        self.end_headers()

    def log_message(self, *_):
        pass


def answer(link):
    """Opens the page behind a link as a person does, and accepts."""
    urllib.request.urlopen(link, timeout=5).read()
    asked = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)
    form = urllib.parse.urlencode({"n": asked["n"][0], "s": asked["s"][0], "act": "accepted"}).encode()
    return urllib.request.urlopen(urllib.request.Request(link.split("?")[0], form), timeout=5).status


def stamp(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


def said(n, part, feed, step, ago, **more):
    event = {"v": 1, "event_id": "%s-%d-%s" % (feed, n, part), "source": feed, "report": {"filler": "F%d" % n}, "step": step, "occurred_at": stamp(ago),
             "msg": {"id": "M%d%s" % (n, part), "made_at": stamp(0)}}
    event["kind"], event["test"] = ("lab", "2823-3") if feed == "lis" else ("imaging", "30799-1")
    event.update(more)
    return event


def life(n):
    """What one report says, all at once: it began up to five hours ago."""
    feed = "lis" if n % 3 else "ris"
    begun = RANDOM.choice([600, 1500, 2700, 3300, 5400, 9000, 18000])
    priority = RANDOM.choice(["stat", "stat", "urgent", "routine"])
    first, last = ("received", "final") if feed == "lis" else ("exam_ended", "final")
    events = [said(n, "a", feed, first, begun, priority=priority)]
    if n % 4:
        took = RANDOM.choice([0.3, 0.6, 0.9]) * begun
        flags = {"flags": ["critical"]} if feed == "lis" and n % 5 == 1 else {}
        value = "7.1" if flags else "4.1"
        results = {"results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}]} if feed == "lis" else {}
        # A critical result is fresh, so that its answer comes after seconds.
        events.append(said(n, "b", feed, last, 2 if flags else begun - took, priority=priority, **flags, **results))
        if n % 10 == 3:
            events.append(said(n, "c", feed, "corrected", 1, priority=priority))
    if n % 12 == 5:
        events.append(dict(events[-1]))
    return feed, events


# A sender that kept its line for a minute is missed when it is gone; later lines of others would hide that.
LINE_KEPT = 62


def keep_line(port, stop):
    """A sender of HL7 that is connected for a minute and goes for good."""
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        stop.wait(LINE_KEPT)


def cut_off(port):
    """A sender of HL7 whose line breaks in the middle of a message."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"\x0bMSH|^~\\&|ADT|")


def feed_all(engine, mllp, stop):
    n, began = 0, time.monotonic()
    while not stop.is_set():
        feed, events = life(n)
        # One line in forty is nothing that anybody can read; one answer in forty is about no notice.
        extra = b'{"v":1,"event_id":\n' if n % 40 == 7 else b""
        if n % 40 == 9:
            events.append({"v": 1, "event_id": "ans-%d" % n, "type": "answer", "source": feed, "occurred_at": stamp(0),
                           "answer": {"act": "accepted", "code": "K7MQ2P", "by": {"token": "pr_" + "a" * 26}}})
        body = "\n".join(json.dumps(event) for event in events).encode() + b"\n" + extra
        status, said = engine.post("/v1/events?feed=" + feed, body, "application/x-ndjson")
        if status != 200:
            raise ValueError("a request was answered with %d: %s" % (status, said[:300]))
        n += 1
        if n % 20 == 3 and time.monotonic() < began + LINE_KEPT - 5:
            cut_off(mllp)
        while People.links:
            link = People.links.pop(0)
            if RANDOM.random() < 0.6:
                try:
                    answer(link)
                except urllib.error.HTTPError as error:
                    # Somebody else was faster.
                    if error.code != 409:
                        raise
        time.sleep(0.1)


def ask_all(sql, postgres, stop):
    """Asks over HTTP and over the Postgres wire, in one transaction that lasts as well; one question in five is none."""
    environment = dict(os.environ, PGSSLMODE="disable", PGCONNECT_TIMEOUT="10", PGPASSWORD="none")
    lasting = "BEGIN; SELECT count(*) FROM clocks; \\! sleep 4\n COMMIT;\n"
    n = 0
    while not stop.is_set():
        n += 1
        text = "SELECT kind, count(*) FROM reports GROUP BY kind" if n % 5 else "SELECT nothing FROM reports"
        status, said, _ = ask(sql, "POST", "/v1/sql", json.dumps({"sql": text}).encode(), {"content-type": "application/json"})
        if (status == 200) != bool(n % 5):
            raise ValueError("a statement was answered with %d: %s" % (status, said[:300]))
        if n % 5 == 2:
            command = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(postgres), "-U", "grafana", "-d", "wardline"]
            subprocess.run(command, input=lasting, check=True, capture_output=True, text=True, env=environment, timeout=60)
        stop.wait(1)


class Prometheus:
    def __init__(self, port):
        self.port = port

    def ask(self, path, **parameters):
        return json.loads(ask(self.port, "GET", "/api/v1/" + path + "?" + urllib.parse.urlencode(parameters))[1])

    def series(self, query, now, seconds, is_now):
        """Samples as lists of (labels, values); what the API refuses is an exception."""
        answer = self.ask("query", query=query, time=now) if is_now else self.ask("query_range", query=query, start=now - seconds, end=now, step=2)
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        found = answer["data"]["result"]
        return [(one["metric"], [one["value"]] if is_now else one["values"]) for one in found]


def filled(query, seconds):
    for name in ["job", "instance", "interval", "kind", "clock"]:
        query = query.replace('"$%s"' % name, '".+"')
    # Two minutes hold no last week: what was a week ago is asked of now.
    return query.replace(" offset 1w", "").replace("$__rate_interval", "30s").replace("$__range", "%ds" % seconds)


def finite(series):
    return [(labels, values) for labels, values in series if any(math.isfinite(float(value)) for _, value in values)]


def look_at_downtimes(prometheus, seconds):
    """Every annotation that asks Prometheus, over the whole time: each must have had something to note."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "grafana/dashboards/*.json"))):
        for annotation in json.load(open(path))["annotations"]["list"]:
            if "expr" in annotation:
                found[annotation["name"]] = annotation["expr"]
    results = []
    for name, query in found.items():
        entry = {"panel": "annotation " + name, "title": name, "expr": query}
        try:
            entry["series"] = finite(prometheus.series(filled(query, seconds), time.time(), seconds, False))
        except ValueError as error:
            entry["error"] = str(error)
        results.append(entry)
    return results


def panels_of(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def look(prometheus, seconds):
    """Every query of every panel that asks Prometheus: (panel, query, what came of it)."""
    results, now = [], time.time()
    for path in sorted(glob.glob(os.path.join(ROOT, "grafana/dashboards/*.json"))):
        board = json.load(open(path))
        number = board["uid"].rsplit("-d")[-1]
        for panel in panels_of(board):
            for target in panel["targets"]:
                if "expr" not in target:
                    continue
                entry = {"panel": "%s.%d" % (number, panel["id"]), "title": panel["title"], "type": panel["type"], "board": board["title"],
                         "unit": panel["fieldConfig"]["defaults"]["unit"], "legend": target["legendFormat"], "none": panel["fieldConfig"]["defaults"]["noValue"],
                         "thresholds": panel["fieldConfig"]["defaults"]["thresholds"]["steps"], "expr": target["expr"]}
                try:
                    query = filled(target["expr"], seconds)
                    entry["series"] = finite(prometheus.series(query, now, seconds, target["instant"]))
                    if not entry["series"] and target["instant"] and not entry["none"].startswith("Nothing is scraped"):
                        # Nothing may be true at this instant: then it was true at another one.
                        earlier = finite(prometheus.series(query, now, seconds, False))
                        entry["series"] = [(labels, values[-1:]) for labels, values in earlier]
                except ValueError as error:
                    entry["error"] = str(error)
                results.append(entry)
    return results


class Postgres:
    """Asks over the Postgres wire, as Grafana does, with its macros and variables filled in."""

    def __init__(self, port, seconds):
        self.port, self.until = port, time.time()
        # What happened hours before the samples is told of as well.
        self.since = self.until - seconds - 6 * 3600

    def rows(self, text):
        """The names of the columns and the rows as texts; what is refused is an exception."""
        command = ["psql", "-X", "--csv", "-h", "127.0.0.1", "-p", str(self.port), "-U", "grafana", "-d", "wardline", "-c", text]
        environment = dict(os.environ, PGSSLMODE="disable", PGCONNECT_TIMEOUT="10", PGPASSWORD="none")
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=90)
        if done.returncode:
            raise ValueError(done.stderr.strip())
        head, *rows = csv.reader(io.StringIO(done.stdout))
        return head, rows

    def filled(self, text, variables):
        """The macros of Grafana's data source for Postgres that the boards use, and lists of quoted values for variables."""
        iso = lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        text = re.sub(r"\$__timeFilter\(([^)]*)\)", lambda found: "%s BETWEEN '%s' AND '%s'" % (found.group(1), iso(self.since), iso(self.until)), text)
        for name, values in variables.items():
            text = text.replace("$" + name, ",".join("'%s'" % value.replace("'", "''") for value in values))
        left = re.findall(r"\$\w+", text)
        if left:
            raise ValueError("nothing is known of " + ", ".join(left))
        return text


def plausible(kind, head, rows):
    """What is wrong with an answer for a panel of this kind; None if nothing is."""
    if not rows:
        return "empty"
    is_number = lambda text: re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text) is not None
    numbers = [name for place, name in enumerate(head) if any(row[place] for row in rows) and all(is_number(row[place]) for row in rows if row[place])]
    texts = [name for name in head if name not in numbers and name != "time"]
    if any(row[place] in ("NaN", "Infinity", "-Infinity") for row in rows for place in range(len(head))):
        return "not finite"
    if kind == "timeseries" and (head[0] != "time" or not all(row[0] for row in rows)):
        return "no time in each row"
    if kind in ("timeseries", "barchart", "stat") and not numbers:
        return "no column of numbers"
    if kind == "barchart" and texts[:1] != head[:1]:
        return "no column of names before the numbers"
    return None


def look_into_tables(postgres):
    """Every variable, panel and annotation that asks SQL."""
    results, noted = [], set()
    for path in sorted(glob.glob(os.path.join(ROOT, "grafana/dashboards/*.json"))):
        board = json.load(open(path))
        number, variables = board["uid"].rsplit("-d")[-1], {}

        def ask(name, title, kind, text):
            entry = {"panel": name, "title": title, "type": kind, "board": board["title"], "sql": text, "none": "", "unit": "", "series": []}
            try:
                entry["columns"], entry["rows"] = postgres.rows(postgres.filled(text, variables))
                problem = plausible(kind, entry["columns"], entry["rows"])
            except ValueError as error:
                problem = str(error)
                entry["error"] = problem
            if problem and "error" not in entry and problem != "empty":
                entry["error"] = problem
            results.append(entry)
            return entry

        for variable in board["templating"]["list"]:
            if variable.get("datasource", {}).get("type") == "grafana-postgresql-datasource":
                found = ask("%s variable %s" % (number, variable["name"]), variable["label"], "variable", variable["query"])
                variables[variable["name"]] = [row[0] for row in found.get("rows", [])]
        for annotation in board["annotations"]["list"]:
            if annotation.get("rawQuery", "") not in noted | {""}:
                noted.add(annotation["rawQuery"])
                ask("annotation " + annotation["name"], annotation["name"], "timeseries-of-words", annotation["rawQuery"])
        for panel in panels_of(board):
            for target in panel["targets"]:
                if "rawSql" in target:
                    entry = ask("%s.%d" % (number, panel["id"]), panel["title"], panel["type"], target["rawSql"])
                    entry["unit"], entry["none"] = panel["fieldConfig"]["defaults"]["unit"], panel["fieldConfig"]["defaults"]["noValue"]
    return results


def judge(results):
    """Panels that ran, that are empty, that failed."""
    by_panel = {}
    for entry in results:
        by_panel.setdefault(entry["panel"], []).append(entry)
    ran, empty, failed = [], [], []
    for panel, entries in by_panel.items():
        missing = [entry for entry in entries if not entry.get("series") and not entry.get("rows")]
        (failed if any("error" in entry for entry in entries) else empty if missing else ran).append(panel)
    return ran, empty, failed


def check_rules(check, prometheus):
    """Every rule is healthy; these fire and these do not."""
    rules = [rule for group in prometheus.ask("rules")["data"]["groups"] for rule in group["rules"]]
    for rule in rules:
        check.true("rule %s is healthy" % rule["name"], rule["health"] == "ok", rule.get("lastError"))
    firing = {rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] == "firing"}
    print("rules %d  firing: %s" % (len(rules), ", ".join(sorted(firing))))
    for name in ["WardlineHeartbeat", "WardlineDeadLetters", "WardlineEscalationUnresolved"]:
        check.true(name + " fires", name in firing)
    for name in ["WardlineDown", "WardlineCoreStalled", "WardlineStorageFailed", "WardlineLedgerImbalance", "WardlineAuditGap", "WardlineRuleQuarantined", "WardlineShedding", "WardlineSeriesBudget"]:
        check.true(name + " does not fire", name not in firing)


def check_metrics(check, engine):
    """The live endpoint passes promtool, and answers in both formats."""
    text = engine.get("/metrics", engine.admin)[1].decode()
    tool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    check.true("promtool finds nothing in the metrics", not (tool.returncode or tool.stdout or tool.stderr), tool.stdout + tool.stderr)
    began = time.time()
    _, opened, headers = ask(engine.admin, "GET", "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    took, kind, opened = time.time() - began, headers["content-type"], opened.decode()
    series = [line for line in text.splitlines() if not line.startswith("#")]
    print("series %d  bytes %d (text) %d (OpenMetrics)  scrape %.1f ms  exemplars %d" % (len(series), len(text), len(opened), took * 1000, opened.count(" # {report_id=")))
    check.true("OpenMetrics is given to who asks for it", kind.startswith("application/openmetrics-text") and opened.endswith("# EOF\n"), kind)
    check.true("an exemplar names a report", " # {report_id=" in opened)


def check_panels(check, results):
    """Each panel, variable and annotation is a check."""
    ran, empty, failed = judge(results)
    for panel in ran:
        check.true("panel " + panel, True)
    for panel in empty + failed:
        wrong = [entry for entry in results if entry["panel"] == panel and ("error" in entry or not entry.get("series") and not entry.get("rows"))]
        check.true("panel %s answers" % panel, False, ["%s: %s: %s" % (entry["title"], entry.get("error", "empty"), entry.get("expr") or entry["sql"]) for entry in wrong])
    answered = sum(bool(entry.get("series") or entry.get("rows")) for entry in results)
    print("queries %d  answered %d" % (len(results), answered))
    print("panels run %d  empty %d  failed %d" % (len(ran), len(empty), len(failed)))


def check_table(check, engine, sql):
    """What both processes show is what the page of metrics says, and the reverse."""
    page = open(os.path.join(ROOT, "docs/reference/metrics.md")).read()
    check.true("no metric is planned", "## Planned" not in page)
    parts = {"engine": page.split("## Of the query process")[0], "query": page.split("## Of the query process")[1].split("## Of each process")[0]}
    each = set(re.findall(r"^\| `(\w+)`", page.split("## Of each process")[1].split("## Buckets")[0], re.M)) | {"wardline_build_info"}
    for name, port in (("engine", engine.admin), ("query", sql)):
        shown = set(re.findall(r"^# TYPE (\w+) ", ask(port, "GET", "/metrics")[1].decode(), re.M))
        told = set(re.findall(r"^\| `(\w+)`", parts[name], re.M)) | each
        check.equal("metrics of the %s that no page names" % name, shown - told, set())
        check.equal("metrics of the %s that the page names and nothing shows" % name, told - shown, set())


def check_alertmanager(check, port):
    """The Alertmanager of the stack hears what fires, in groups, each for the receiver that its severity says."""
    def receivers():
        try:
            groups = json.loads(ask(port, "GET", "/api/v2/alerts/groups")[1])
        except (OSError, ValueError):
            return {}
        return {alert["labels"]["alertname"]: group["receiver"]["name"] for group in groups for alert in group["alerts"]}

    wanted = {"WardlineHeartbeat": "heartbeat", "WardlineEscalationUnresolved": "critical", "WardlineDeadLetters": "warning"}
    until(lambda: wanted.items() <= receivers().items(), 30, 1)
    found = receivers()
    for name, receiver in wanted.items():
        check.equal("Alertmanager gives %s to" % name, found.get(name), receiver)


def child_of(engine):
    """The process id of the query process."""
    with open("/proc/%d/task/%d/children" % (engine.process.pid, engine.process.pid)) as file:
        listed = [int(word) for word in file.read().split()]
    for task in os.listdir("/proc/%d/task" % engine.process.pid):
        with open("/proc/%d/task/%s/children" % (engine.process.pid, task)) as file:
            listed += [int(word) for word in file.read().split()]
    return listed[0] if listed else None


def check_query_process(check, engine, sql, prometheus):
    """One that stands still or dies is missed, by the expressions of the alert rules themselves; and it comes back."""
    rules = {rule["name"]: rule["query"] for group in prometheus.ask("rules")["data"]["groups"] for rule in group["rules"] if rule["type"] == "alerting"}
    asks = lambda name: prometheus.series(rules[name], time.time(), 0, True)
    for name in ("WardlineQueryDown", "WardlineSnapshotStale", "WardlineArchiveBehind"):
        check.equal(name + " has nothing to say while all is well", asks(name), [])
    pid = child_of(engine)
    os.kill(pid, signal.SIGSTOP)
    check.true("a query process that stands still is missed", until(lambda: asks("WardlineQueryDown"), 30))
    os.kill(pid, signal.SIGCONT)
    check.true("and is not when it goes on", until(lambda: not asks("WardlineQueryDown"), 30))
    os.kill(pid, signal.SIGKILL)
    check.true("one that died is started again, and counted", until(lambda: engine.total("wardline_follower_restarts_total") == 1, 30))
    connected = until(lambda: engine.total("wardline_follower_connected") == 1 and is_ready(sql), 60)
    check.true("and follows the rows again", connected and child_of(engine) != pid)
    os.kill(engine.process.pid, signal.SIGSTOP)
    stale = until(lambda: asks("WardlineSnapshotStale"), 90, 1)
    os.kill(engine.process.pid, signal.SIGCONT)
    check.true("what SQL shows is old a minute after its engine stands still", stale)


def check_restart(check, engine):
    """What feeds said before a restart is shown from its first scrape on; rows that no file held are made again."""
    name = "wardline_feed_last_event_timestamp_seconds"
    for n in (100_000, 100_001):
        # The first is flushed, the second is not yet.
        time.sleep(1)
        engine.post("/v1/events?feed=lis", json.dumps(said(n, "a", "lis", "received", 60)).encode() + b"\n", "application/x-ndjson")
    before = engine.metrics(name)
    usual = engine.metrics("wardline_feed_usual_gap_seconds")
    engine.kill()
    engine.start()
    after = engine.metrics(name)
    print("feeds heard before %s  after a restart %s" % (sorted(before.values()), sorted(after.values())))
    same = all(abs(after.get(feed, 0) - at) < 2 for feed, at in before.items())
    check.true("feeds were last heard when they were before the restart", before and same, (before, after))
    check.true("usual gaps are known", usual)
    check.true("rows that no file held are made again, and counted", engine.total("wardline_rederived_rows") > 0)


def log_of(path):
    with open(path, errors="replace") as log:
        return log.read()[-3000:]


def main(check):
    for tool in ["prometheus", "prometheus-alertmanager", "promtool", "psql"]:
        if not shutil.which(tool):
            raise SystemExit("%s is missing; tests/run installs it" % tool)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), People)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mllp, sql, postgres, port, alertmanager = [free_port() for _ in range(5)]
    config = CONFIG.format(sink=server.server_port, mllp=mllp, sql=sql, postgres=postgres)
    engine = Engine(config, WARD, DIRECTORY, [("site.toml", SITE), ("secret", "whsec_" + "A" * 43 + "=")]).start()
    home = folder("prometheus")
    own, log = os.path.join(home, "prometheus.yml"), os.path.join(home, "prometheus.log")
    with open(own, "w") as file:
        file.write(PROMETHEUS.format(rules=os.path.join(ROOT, "grafana/rules"), admin=engine.admin, sql=sql, alertmanager=alertmanager))
    with open(log, "ab") as out:
        command = ["prometheus", "--config.file=" + own, "--storage.tsdb.path=" + os.path.join(home, "tsdb"), "--web.listen-address=127.0.0.1:%d" % port]
        scraping = spawn(command, cwd=home, stdout=out, stderr=out)
        command = ["prometheus-alertmanager", "--config.file=" + os.path.join(ROOT, "grafana/stack/alertmanager.yml"), "--cluster.listen-address=",
                   "--storage.path=" + os.path.join(home, "alertmanager"), "--web.listen-address=127.0.0.1:%d" % alertmanager]
        spawn(command, cwd=home, stdout=out, stderr=out)
    prometheus, stop = Prometheus(port), threading.Event()

    def sees_engine():
        try:
            return prometheus.series("wardline_build_info", time.time(), 0, True)
        except (OSError, ValueError):
            return False

    # First a look at rest, so that every counter is seen at 0.
    check.true("Prometheus scrapes the engine", until(sees_engine, 60), log_of(log))
    time.sleep(4)
    feeder, asking = beside(check, feed_all, engine, mllp, stop), threading.Event()
    asker, line = beside(check, ask_all, sql, postgres, asking), beside(check, keep_line, mllp, stop)
    lives = lambda: engine.process.poll() is None and scraping.poll() is None
    check.true("engine and Prometheus live to the end", not until(lambda: not lives(), OPTIONS.seconds, 1), log_of(log))
    results = look(prometheus, OPTIONS.seconds) + look_into_tables(Postgres(postgres, OPTIONS.seconds))
    check_rules(check, prometheus)
    check_alertmanager(check, alertmanager)
    check_metrics(check, engine)
    check_table(check, engine, sql)
    for target in prometheus.ask("targets")["data"]["activeTargets"]:
        check.equal("target %s is up" % target["scrapeUrl"], (target["health"], target["lastError"]), ("up", ""))
    for event, thread in ((stop, feeder), (stop, line), (asking, asker)):
        event.set()
        join(thread)
    check_query_process(check, engine, sql, prometheus)
    check_panels(check, results + look_at_downtimes(prometheus, 2 * OPTIONS.seconds))
    check_restart(check, engine)
    server.shutdown()
    if OPTIONS.results:
        with open(OPTIONS.results, "w") as file:
            json.dump(results, file)


run(main, minutes=5 + OPTIONS.seconds / 60 * 2)
