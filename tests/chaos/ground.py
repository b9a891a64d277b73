"""What the scripts of chaos share: a ward whose pages and waits are known, receivers that misbehave, feeders, and the table.

Nothing here shares code with the engine: what was acknowledged, what came and when is written down by these processes, by the machine's
monotonic clock.
"""
import collections, http.client, http.server, json, os, re, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from _shared import Engine, beside, free_port

WARD = '''ward "Chaos" edition 1
  zone      America/Chicago
  uses      pack "starter"

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"
  message   "{{severity}}: {{value}} in {{location}}. {{link}} Code {{code}}"

escalation "Call"
  step 1    page desk "Operations" by secure message, wait {wait} seconds
  step 2    page desk "Operations" by app, wait 60 minutes
  then      task for desk "Operations"
'''

CONFIG = '''
heartbeat = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/heartbeat", secret = "file:secret", inside = true }}
'''

CHANNELS = '''
[sql]
enabled = false
[[channel]]
name = "default"
secure_message = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/first", secret = "file:secret", class = "{kind}", inside = true, secured = true }}
app = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/second", secret = "file:secret", class = "{kind}", inside = true, secured = true }}
'''

DIRECTORY = '''Operations,,,secure message,ops-desk,,,
Operations,,,app,ops-desk,,,
'''


class Seen:
    """One notice as it came."""

    def __init__(self, path, headers, body):
        self.at, self.path, self.body = time.monotonic(), path, body
        self.key, self.is_repeat = headers.get("webhook-id"), headers.get("wardline-possible-repeat") == "true"
        self.places = [int(n) for n in re.findall(rb"bed-(\d+)", body)]


class Sink:
    """A receiver that writes down what it is given, before it answers as `behave(path)` says.

    ok · late (after a second) · 500 (after it took the notice) · drop (took it, and ends the connection) · hang · 429 · refuse (took nothing)
    """

    def __init__(self, behave=lambda path: "ok"):
        self.port, self.behave, self.seen, self.lock = free_port(), behave, [], threading.Lock()
        self.answers = collections.Counter()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                sink.take(self)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        how = "ok" if request.path == "/heartbeat" else self.behave(request.path)
        with self.lock:
            self.answers[how] += request.path != "/heartbeat"
            if how not in ("429", "refuse"):
                self.seen.append(Seen(request.path, request.headers, body))
        if how == "drop":
            request.close_connection = True
            return request.connection.close()
        if how in ("late", "hang"):
            time.sleep(1 if how == "late" else 60)
        status = {"500": 500, "429": 429, "refuse": 503}.get(how, 204)
        try:
            request.send_response(status)
            if status == 429:
                request.send_header("retry-after", "1")
            request.send_header("content-length", "0")
            request.end_headers()
        except OSError:
            pass

    def notices(self, path):
        with self.lock:
            return [seen for seen in self.seen if seen.path == path]

    def places(self, path):
        """Which places were told by this path, each with when it was first."""
        first = {}
        for seen in self.notices(path):
            for place in seen.places:
                first.setdefault(place, seen.at)
        return first

    def unmarked_repeats(self):
        """Keys that came more than once without saying that they may be a repeat."""
        marks = collections.defaultdict(list)
        for seen in self.notices("/first") + self.notices("/second"):
            marks[seen.key].append(seen.is_repeat)
        return [key for key, of_key in marks.items() if sum(not mark for mark in of_key) > 1], sum(len(of_key) - 1 for of_key in marks.values())


def engine(sink, wait=3, kind="keyed", data="data"):
    """An installation whose ward pages at once by one way and, after `wait` seconds, by the other."""
    made = Engine(CHANNELS.format(sink=sink.port, kind=kind), ward=WARD.format(wait=wait), directory=DIRECTORY,
                  files=[("secret", "whsec_" + "A" * 43 + "=")])
    made.configure(CHANNELS.format(sink=sink.port, kind=kind), data=data, top=CONFIG.format(sink=sink.port).strip() + "\n")
    return made


def event(n, critical, padding=0):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = {"v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3", "step": "final", "occurred_at": now,
            "location": "bed-%d" % n if critical else "ward-1",
            "results": [{"code": "2823-3", "num": "7.%d" % (n % 10) if critical else "4.1", "unit": "mmol/L", "status": "final"}]}
    if padding:
        made["results"] += [{"code": "filler-%d" % i, "text": "x" * 60, "status": "final"} for i in range(padding)]
    return json.dumps(made)


class Feeder:
    """Posts small batches without end; an event counts as acknowledged only when its 200 was read to the end."""

    def __init__(self, check, engine, every=0.02, batch=20, critical=200, padding=0):
        self.engine, self.every, self.batch, self.critical, self.padding = engine, every, batch, critical, padding
        self.next, self.acked, self.answers, self.last = 0, set(), collections.Counter(), None
        self.stopped = threading.Event()
        self.thread = beside(check, self.feed)

    def feed(self):
        connection = None
        while not self.stopped.is_set():
            numbers = range(self.next, self.next + self.batch)
            self.next += self.batch
            body = "\n".join(event(n, n % self.critical == 0, self.padding) for n in numbers)
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.engine.api, timeout=30)
                connection.request("POST", "/v1/events", body, {"content-type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                self.last = answer.status
                self.answers[answer.status] += 1
                if answer.status == 200:
                    self.acked.update(numbers)
            except (OSError, http.client.HTTPException):
                connection, self.last = None, None
                self.answers["none"] += 1
                time.sleep(0.05)
            time.sleep(self.every)

    def criticals(self):
        return {n for n in list(self.acked) if n % self.critical == 0}

    def stop(self):
        self.stopped.set()
        self.thread.join(60)


def say(engine, n):
    """One critical event; the moment at which it was acknowledged."""
    status, answer = engine.post("/v1/events", event(n, True))
    if status != 200:
        raise RuntimeError("a critical event was answered %s: %r" % (status, answer[:200]))
    return time.monotonic()


def lost(engine, acked):
    """The acknowledged events that the log on disk does not hold, looked for without the engine's code."""
    held = {int(n) for n in re.findall(rb"[\x02-\x09]\0\0\0e(\d+)\x03\0\0\0lis", engine.disk())}
    return sorted(set(acked) - held)


ROWS = []


def row(fault, what, figure, bar, holds):
    """One line of the table: what was measured, and the bar that it is held to."""
    ROWS.append((fault, what, figure, bar, "ok" if holds else "MISSED"))


def print_table():
    widths = [max([len(str(line[column])) for line in ROWS] + [8]) for column in range(5)]
    for line in [("fault", "measured", "figure", "bar", "")] + ROWS:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip())
