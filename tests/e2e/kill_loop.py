#!/usr/bin/env python3
"""Kill loop: is anything lost, missed or sent twice when the engine is killed at random moments under load?

Four parties, none of which shares code with the engine:
  feeder   posts events over HTTP and writes down what was acknowledged, before it believes it
  ledger   a webhook receiver that writes down every notice it is given, by its key
  killer   SIGKILL after a random while, then a new start on the same data
  checker  reads only: every acknowledged event must stand in the log, by its id; there must be at least as many distinct pages
           and second steps as acknowledged criticals; no key may come twice without the mark

LIMIT: pages are compared by count. A critical that was stored but whose acknowledgement was cut off is paged too, so it
could hide a missing page; a notice names no report, on purpose, so identity needs the engine's alerts beside it.

Usage: kill_loop.py [--rounds N] [--seed N]      environment: WARDLINE_BIN
"""
import argparse, http.client, http.server, json, os, random, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

ARGS = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ARGS.add_argument("--rounds", type=int, default=int(os.environ.get("KILL_ROUNDS", "12")))
ARGS.add_argument("--seed", type=int, default=int(time.time()))
OPTIONS = ARGS.parse_args()
BIN = os.environ.get("WARDLINE_BIN", "target/debug/wardline")
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

escalation "Call"
  step 1    page desk "Operations" by phone, wait 2 seconds
  step 2    page desk "Operations" by sms, wait 60 minutes
  then      task for desk "Operations"
'''

CONFIG = '''ward = "kill.ward"
data = "data"
[http]
listen = "127.0.0.1:{api}"
admin = "127.0.0.1:{admin}"
[[channel]]
name = "default"
phone = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/phone", secret = "file:secret", class = "keyed", inside = true }}
sms = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/sms", secret = "file:secret", class = "keyed", inside = true }}
'''

DIRECTORY = '''role_or_token,authority,id,channel,address,licence,from,until
Operations,,,phone,+1 555 0100,,,
Operations,,,sms,+1 555 0100,,,
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
        "test": "2823-3", "step": "final", "occurred_at": now,
        "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}],
    })


def start(folder):
    log = open(os.path.join(folder, "engine.log"), "ab")
    return subprocess.Popen([BIN, "run", "--config", "wardline.toml"], cwd=folder, stdout=log, stderr=log)


def ready(port, process, seconds=20):
    until = time.time() + seconds
    while time.time() < until:
        if process.poll() is not None:
            return False
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return True
        except OSError:
            pass
        time.sleep(0.02)
    return False


def feed(port, acked, counter, stop):
    """Posts small batches; an event counts as acknowledged only when its 200 was read to the end."""
    connection = None
    while not stop.is_set():
        batch = []
        for _ in range(20):
            batch.append((counter[0], counter[0] % 40 == 0))
            counter[0] += 1
        body = "\n".join(event(n, critical) for n, critical in batch)
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/v1/events", body, {"content-type": "application/x-ndjson"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                acked.update(batch)
                assert text.count(b"event_id") == len(batch), text[:300]
        except (OSError, http.client.HTTPException):
            connection = None
            time.sleep(0.01)


def lost(folder, acked):
    """How many acknowledged events the log on disk does not hold: looked for by their ids, without the engine's code."""
    held = set()
    log = os.path.join(folder, "data", "log", "p000")
    for name in sorted(os.listdir(log)):
        if name.endswith(".wlog"):
            with open(os.path.join(log, name), "rb") as file:
                # An event begins with its id and its source, each with its length in front.
                held.update(int(n) for n in re.findall(rb"[\x02-\x09]\0\0\0e(\d+)\x03\0\0\0lis", file.read()))
    return sum(1 for n, _ in acked if n not in held)


def main():
    folder = tempfile.mkdtemp(prefix="wardline-kill-")
    os.chmod(folder, 0o700)
    api, admin, sink = free_port(), free_port(), free_port()
    for name, text in [("kill.ward", WARD), ("wardline.toml", CONFIG.format(api=api, admin=admin, sink=sink)), ("directory.csv", DIRECTORY), ("secret", "whsec_" + "A" * 43 + "=")]:
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(folder, name), 0o600)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", sink), Ledger)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    acked, counter, starts = set(), [0], []
    for round_number in range(OPTIONS.rounds):
        began = time.time()
        process = start(folder)
        if not ready(api, process):
            print(open(os.path.join(folder, "engine.log")).read()[-3000:])
            print("round %d: the engine did not come back (seed %d)" % (round_number, OPTIONS.seed))
            return 1
        starts.append(time.time() - began)
        stop = threading.Event()
        feeder = threading.Thread(target=feed, args=(api, acked, counter, stop))
        feeder.start()
        time.sleep(RANDOM.uniform(0.005, 2.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        stop.set()
        feeder.join()

    process = start(folder)
    assert ready(api, process), "the last start"
    criticals = {n for n, critical in acked if critical}
    # As long as more arrives, it is waited for: what counts is that all of it does.
    until, known = time.time() + 30, 0
    while time.time() < until:
        with Ledger.lock:
            if len(Ledger.seen) > known:
                until, known = time.time() + 30, len(Ledger.seen)
            phones = {key for key, path, _, _ in Ledger.seen if path == "/phone"}
            second = {key for key, path, _, _ in Ledger.seen if path == "/sms"}
        if len(phones) >= len(criticals) and len(second) >= len(criticals):
            break
        time.sleep(0.2)

    failures = []
    missing = lost(folder, acked)
    if missing:
        failures.append("acknowledged and not in the log: %d events" % missing)
    with Ledger.lock:
        seen = list(Ledger.seen)
    phones = [entry for entry in seen if entry[1] == "/phone"]
    if len({entry[0] for entry in phones}) < len(criticals):
        failures.append("pages missing: %d criticals acknowledged, %d notices by phone" % (len(criticals), len({e[0] for e in phones})))
    second = {entry[0] for entry in seen if entry[1] == "/sms"}
    if len(second) < len(criticals):
        failures.append("timers missed: %d second steps for %d criticals" % (len(second), len(criticals)))
    counts = {}
    for key, _, repeat, _ in seen:
        counts.setdefault(key, []).append(repeat)
    unmarked = [key for key, repeats in counts.items() if len([r for r in repeats if r != "true"]) > 1]
    marked = sum(1 for repeats in counts.values() if len(repeats) > 1)
    if unmarked:
        failures.append("sent twice without the mark: %d, such as %s" % (len(unmarked), unmarked[0]))

    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=30)
    if code != 0:
        failures.append("a clean stop ended with %d" % code)
    verified = subprocess.run([BIN, "verify", "--data", os.path.join(folder, "data")], capture_output=True, text=True)
    if verified.returncode != 0:
        failures.append("verify ended with %d: %s" % (verified.returncode, (verified.stdout + verified.stderr)[-600:]))

    print("rounds %d  seed %d  acknowledged %d  criticals %d  notices %d  marked repeats %d  start p50 %.2f s  max %.2f s" % (
        OPTIONS.rounds, OPTIONS.seed, len(acked), len(criticals), len(seen), marked, sorted(starts)[len(starts) // 2], max(starts)))
    for failure in failures:
        print("FAILED:", failure)
    server.shutdown()
    if failures:
        print("kept:", folder)
    else:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
