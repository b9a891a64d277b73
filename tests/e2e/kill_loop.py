#!/usr/bin/env python3
"""Kill loop: is anything lost, missed or sent twice when the engine is killed at random moments under load?

Four parties, none of which shares code with the engine:
  feeder   posts events over HTTP and writes down what was acknowledged, before it believes it
  ledger   a webhook receiver that writes down every notice it is given, by its key
  killer   SIGKILL after a random while, then a new start on the same data
  checker  reads only, and matches one by one: every critical event has a place of its own (`bed-17`), and the ward's message says it
           on a secured channel, so a notice says for which event it was sent

What must hold for every acknowledged event, by name and not by count:
  it stands in the log                                       its id is found in the segments
  if it was critical, its page came                          a notice of step 1 names its place
  and its timer fired, whatever was killed meanwhile         a notice of step 2 names its place
  and its desk heard of the task that nobody answered it     a message of the shell's own names its report
  one key, of a notice or a task, comes once                 but for repeats that say so
  its alert and its report are in the core                   GET /v1/alerts, then GET /v1/reports/{id}: place, status, alert

Usage: kill_loop.py [--rounds N] [--seed N]
"""
import http.client, http.server, json, os, random, re, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, beside, free_port, join, options, run

OPTIONS = options(__doc__, rounds=6, seed=int(time.time()))
RANDOM = random.Random(OPTIONS.seed)

WARD = '''ward "Kill loop" edition 1
  zone      America/Chicago
  uses      pack "starter"

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"
  message   "{severity}: {value} in {location}. {link} Code {code}"

escalation "Call"
  step 1    page desk "Operations" by secure message, wait 2 seconds
  step 2    page desk "Operations" by app, wait 2 seconds
  then      task for desk "Operations"
'''

CONFIG = '''
[[channel]]
name = "default"
secure_message = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/first", secret = "file:secret", class = "keyed", inside = true, secured = true }}
app = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/second", secret = "file:secret", class = "keyed", inside = true, secured = true }}
'''

DIRECTORY = '''Operations,,,secure message,ops-desk,,,
Operations,,,app,ops-desk,,,
'''


class Ledger(http.server.BaseHTTPRequestHandler):
    """Notes every notice; what it saw it keeps, whoever is killed."""
    seen = []
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with Ledger.lock:
            Ledger.seen.append((self.headers.get("webhook-id"), self.path, self.headers.get("wardline-possible-repeat"), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def event(n, critical):
    value = "7.%d" % (n % 10) if critical else "4.1"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({
        "v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab",
        "test": "2823-3", "step": "final", "occurred_at": now, "location": "bed-%d" % n if critical else "ward-1",
        "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}],
    })


def feed(port, acked, counter, stop):
    """Posts small batches; an event counts as acknowledged only when its 200 was read to the end."""
    connection = None
    while not stop.is_set():
        batch = []
        for _ in range(20):
            batch.append((counter[0], counter[0] % 200 == 0))
            counter[0] += 1
        body = "\n".join(event(n, critical) for n, critical in batch)
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/v1/events", body, {"content-type": "application/x-ndjson"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                receipts = [json.loads(line) for line in text.splitlines()]
                if [receipt["event_id"] for receipt in receipts] != ["e%d" % n for n, _ in batch]:
                    raise ValueError("receipts of other events: %r" % text[:300])
                acked.update(batch)
        except (OSError, http.client.HTTPException):
            connection = None
            time.sleep(0.01)
        # A little below what the engine takes: what counts here is how often it dies, not how much it bears.
        time.sleep(0.02)


def lost(engine, acked):
    """The acknowledged events that the log on disk does not hold: looked for by their ids, without the engine's code."""
    # An event begins with its id and its source, each with its length in front.
    held = {int(n) for n in re.findall(rb"[\x02-\x09]\0\0\0e(\d+)\x03\0\0\0lis", engine.disk())}
    return [n for n, _ in acked if n not in held]


def places(seen, path):
    """Which places the notices of one step name, with the keys that named them."""
    found = {}
    for key, to, _, body in seen:
        if to == path:
            for place in re.findall(rb"bed-(\d+)", body):
                found.setdefault(int(place), set()).add(key)
    return found


def check_core(check, engine, criticals):
    """The alerts and reports of the core against the ledger, by the place that each report shows."""
    status, listed = engine.get("/v1/alerts?limit=1000")
    listed = json.loads(listed)
    check.equal("alerts are shown", status, 200)
    held = {}
    for alert in listed["alerts"]:
        status, report = engine.get("/v1/reports/" + alert["report"])
        report = json.loads(report)
        if status == 200 and str(report.get("location", "")).startswith("bed-"):
            held.setdefault(int(report["location"][4:]), []).append((alert, report))
    newest = set(sorted(criticals)[-len(held):]) if len(criticals) > len(held) and len(listed["alerts"]) >= 1000 else criticals
    check.all_there("criticals with an alert and a report in the core", len(newest), newest - set(held))
    check.all_there("  each with one alert of generation 1", len(held), [n for n, found in held.items() if [alert["generation"] for alert, _ in found] != [1]])
    check.all_there("  each report final, once", len(held), [n for n, found in held.items() if found[0][1]["status"] != "final" or [m["step"] for m in found[0][1]["milestones"]].count("final") != 1])


def kills(check, engine):
    """Starts and kills it as often as was asked for; what was acknowledged, how many were sent, and how long each start took."""
    acked, counter, starts = set(), [0], []
    for _ in range(OPTIONS.rounds):
        began = time.time()
        engine.start(seconds=120)
        starts.append(time.time() - began)
        stop = threading.Event()
        feeder = beside(check, feed, engine.api, acked, counter, stop)
        time.sleep(RANDOM.uniform(0.005, 2.0))
        engine.kill()
        stop.set()
        join(feeder)
    return acked, counter[0], sorted(starts)


def tasks(seen):
    """Which reports the tasks name that the desk heard of."""
    told = (re.search(rb"Report (\w+)\.", body) for key, _, _, body in seen if key.startswith("task_"))
    return {found.group(1) for found in told if found}


def notices(criticals):
    """What the receiver saw. As long as more arrives, it is waited for: what counts is that all of it does."""
    limit, known, seen = time.time() + 30, 0, []
    while time.time() < limit:
        with Ledger.lock:
            seen = list(Ledger.seen)
        if len(seen) > known:
            limit, known = time.time() + 30, len(seen)
        if not criticals - set(places(seen, "/first")) and not criticals - set(places(seen, "/second")) and len(tasks(seen)) >= len(criticals):
            break
        time.sleep(0.2)
    return seen


def main(check):
    sink = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", sink), Ledger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    engine = Engine(CONFIG.format(sink=sink), ward=WARD, directory=DIRECTORY, files=[("secret", "whsec_" + "A" * 43 + "=")])
    acked, sent, starts = kills(check, engine)
    engine.start(seconds=120)
    criticals = {n for n, critical in acked if critical}
    seen = notices(criticals)

    check.all_there("acknowledged events in the log, by id", len(acked), lost(engine, acked))
    first, second = places(seen, "/first"), places(seen, "/second")
    check.all_there("acknowledged criticals with their page", len(criticals), criticals - set(first))
    check.all_there("acknowledged criticals whose timer fired (step 2)", len(criticals), criticals - set(second))
    check.all_there("pages for what was sent and is critical, and for nothing else", len(first), [n for n in first if n % 200 or n >= sent])
    check.all_there("places with one key per step", len(first) + len(second), [n for found in (first, second) for n, keys in found.items() if len(keys) != 1])
    told = tasks(seen)
    check.true("tasks heard of, at least one for each acknowledged critical: %d of %d" % (len(told), len(criticals)), len(criticals) <= len(told) <= len(first))
    repeats = {}
    for key, _, repeat, _ in seen:
        repeats.setdefault(key, []).append(repeat)
    check.all_there("keys that came once, or marked when again", len(repeats), [key for key, marks in repeats.items() if sum(mark != "true" for mark in marks) > 1])
    check_core(check, engine, criticals)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    check.equal("verify finds nothing", engine.verify()[0], 0)
    server.shutdown()
    marked = [key for key, marks in repeats.items() if len(marks) > 1]
    print("rounds %d  seed %d  acknowledged %d  criticals %d  tasks %d  notices %d  marked repeats %d, of tasks %d  start p50 %.2f s  max %.2f s" % (
        OPTIONS.rounds, OPTIONS.seed, len(acked), len(criticals), len(told), len(seen), len(marked), sum(key.startswith("task_") for key in marked), starts[len(starts) // 2], starts[-1]))


if __name__ == "__main__":
    run(main, minutes=5 + OPTIONS.rounds)
