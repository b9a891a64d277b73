#!/usr/bin/env python3
"""Verbs: does each verb of the command line do with a real engine and a real data directory what its help says?

One installation in a temporary folder: a ward with one alert, an engine on free ports, events over HTTP. Each check says what
was run and what came of it.

Usage: verbs.py      environment: WARDLINE_BIN
"""
import base64, http.client, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

BIN = os.environ.get("WARDLINE_BIN", "target/debug/wardline")
FAILED = []

WARD = '''ward "Verbs" edition 1
  zone      America/Chicago
  uses      pack "starter"

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above {limit} mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"

escalation "Call"
  step 1    page desk "Operations" by phone, wait 60 minutes
  then      task for desk "Operations"

test "Potassium 6.9 and nobody answers"
  at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L
  then      02:10 desk "Operations" is paged by phone
'''

CONFIG = '''ward = "verbs.ward"
data = "data"
[http]
listen = "127.0.0.1:{api}"
admin = "127.0.0.1:{admin}"
[[feed]]
name = "lis"
kind = "http"
[[channel]]
name = "default"
phone = {{ kind = "file", path = "calls.ndjson" }}
'''


def check(what, holds, shown=""):
    print("%-5s %s" % ("ok" if holds else "FAIL", what))
    if not holds:
        FAILED.append(what)
        print("      %s" % str(shown)[:1500])


def wardline(*args, cwd=None, text=True):
    """Exit code, stdout, stderr."""
    done = subprocess.run([BIN, *args], cwd=cwd, capture_output=True, text=text, timeout=120)
    return done.returncode, done.stdout, done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def event(n, value="4.1"):
    return json.dumps({
        "v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3",
        "step": "final", "occurred_at": "2026-01-14T08:00:00Z",
        "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}],
    })


def start(folder, api, *flags):
    log = open(os.path.join(folder, "engine.log"), "ab")
    process = subprocess.Popen([BIN, "run", "--config", "wardline.toml", *flags], cwd=folder, stdout=log, stderr=log)
    until = time.time() + 30
    while time.time() < until and process.poll() is None:
        try:
            if ask(api, "GET", "/health/ready")[0] == 200 and json.loads(ask(api, "GET", "/v1/wards")[1])["active"]:
                return process
        except OSError:
            pass
        time.sleep(0.05)
    print(open(os.path.join(folder, "engine.log")).read()[-3000:])
    sys.exit("the engine did not start")


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
    os.chmod(os.path.join(folder, name), 0o600)


def ward_verbs(folder):
    ward = os.path.join(folder, "verbs.ward")
    code, out, err = wardline("fmt", ward, "--check")
    check("fmt --check of a formatted ward changes nothing", (code, out) == (0, ""), (code, out, err))
    crooked = os.path.join(folder, "crooked.ward")
    text = open(ward).read()
    write(folder, "crooked.ward", text.replace("  severity  red", "  severity      red"))
    code, out, err = wardline("fmt", crooked, "--check")
    check("fmt --check names a crooked file and leaves it", code == 1 and "crooked.ward" in out and "severity      red" in open(crooked).read(), (code, out, err))
    code, out, err = wardline("fmt", crooked)
    check("fmt makes it the same as the straight one", code == 0 and open(crooked).read() == text, (code, out, err))
    os.remove(crooked)
    code, out, err = wardline("read", ward)
    check("read tells the rule in sentences", code == 0 and "6.5 mmol/L" in out and 'the desk "Operations" is paged by phone' in " ".join(out.split()), (code, out, err))
    code, out, err = wardline("read", ward, "--format", "html")
    check("read --format html is a page", code == 0 and "<html" in out.lower(), (code, out[:300], err))
    code, out, err = wardline("test", ward, "--format", "junit")
    check("test --format junit counts the tests", code == 0 and 'tests="1"' in out and 'failures="0"' in out, (code, out, err))
    write(folder, "older.ward", WARD.format(limit="6.9"))
    write(folder, "try.ndjson", "\n".join(event(n, "6.%d" % (n % 10)) for n in range(20)) + "\n")
    code, out, err = wardline("try", ward, "--events", os.path.join(folder, "try.ndjson"), "--against", os.path.join(folder, "older.ward"), "--format", "json")
    against = json.loads(out or "{}").get("against", {})
    check("try --against counts what would be new", code == 0 and against.get("alerts", {}).get("added") == 8 and against.get("alerts", {}).get("removed") == 0, (code, out, err))
    os.remove(os.path.join(folder, "older.ward"))


def dead_letters(folder, api):
    url = ["--url", "http://127.0.0.1:%d" % api]
    status, body = ask(api, "POST", "/v1/events?feed=lis", event(1) + "\n{broken\n", {"content-type": "application/x-ndjson"})
    results = [json.loads(line)["result"] for line in body.splitlines()]
    check("a receipt says what became of each line", (status, results) == (200, ["applied", "unreadable"]), body)
    status, body = ask(api, "GET", "/v1/dead")
    dead = json.loads(body)["dead"]
    check("GET /v1/dead lists it without its bytes", status == 200 and len(dead) == 1 and dead[0]["size"] == 7 and "bytes" not in dead[0], body)
    status, body = ask(api, "GET", "/v1/dead?id=" + dead[0]["id"])
    check("GET /v1/dead?id= gives its bytes", status == 200 and base64.b64decode(json.loads(body)["bytes"]) == b"{broken", body)
    code, out, err = wardline("export", "--data", os.path.join(folder, "data"), "--dead", os.path.join(folder, "letters"))
    kept = os.path.join(folder, "letters", dead[0]["id"] + ".letter")
    check("export --dead writes them byte for byte", code == 0 and open(kept, "rb").read() == b"{broken", (code, out, err))
    code, out, err = wardline("import", "--dead", dead[0]["id"], *url)
    check("import --dead of what still cannot be read says so", code == 1 and "WL1201" in out, (code, out, err))
    check("and stores nothing again", len(json.loads(ask(api, "GET", "/v1/dead")[1])["dead"]) == 1)
    return url


def past(folder, api, url):
    write(folder, "may.ndjson", "\n".join([event(n) for n in range(100, 1300)] + [event(100)]) + "\n{nothing\n")
    code, out, err = wardline("import", os.path.join(folder, "may.ndjson"), *url, "--format", "json")
    lines = json.loads(out or "{}").get("lines", {})
    check("import takes a file in pieces and counts", code == 1 and lines == {"applied": 1200, "duplicate": 1, "unreadable": 1}, (code, out, err))
    status, body = ask(api, "POST", "/v1/events?feed=lis", event(5000, "6.9"), {"content-type": "application/json"})
    report = json.loads(ask(api, "GET", "/v1/alerts")[1])["alerts"][0]["report"]
    until = time.time() + 10
    while time.time() < until:
        code, out, err = wardline("why", report, *url)
        if "delivered" in out:
            break
        time.sleep(0.2)
    check("why tells the alert, its page and its delivery", code == 0 and "alert/Critical potassium" in out and "raised" in out and "by phone" in out and "delivered" in out, (code, out, err))
    calm = wardline("why", "a" * 26, *url)
    check("why of a report that is none ends with 1", calm[0] == 1, calm)
    return report


def stopped(folder, report, written):
    data = os.path.join(folder, "data")
    code, out, err = wardline("why", report, "--data", data)
    check("why --data tells the same from a stopped directory", code == 0 and "raised" in out and "delivered" in out, (code, out, err))
    code, out, err = wardline("export", "--data", data)
    ids = [json.loads(line)["event_id"] for line in out.splitlines()]
    check("export writes every event in order", code == 0 and len(ids) == written and ids[:2] == ["e1", "e100"], (code, len(ids), ids[:3], err))
    code, out, err = wardline("verify", "--data", data, "--replay")
    check("verify --replay comes to the states of all marks", code == 0 and re.search(r"compared [1-9]", err), (code, out, err))
    backup = os.path.join(folder, "backup")
    code, out, err = wardline("export", "--data", data, "--backup", backup)
    check("export --backup copies and verifies", code == 0 and wardline("verify", "--data", backup)[0] == 0, (code, out, err))
    code, out, err = wardline("export", "--data", data, "--backup", backup)
    check("a backup is not written over", code != 0, (code, out, err))
    return backup


def loss(folder, copy):
    """Damage in the middle of a copy, given up by its exact range and by no other."""
    segment = sorted(name for name in os.listdir(os.path.join(copy, "log", "p000")) if name.endswith(".wlog"))[0]
    path = os.path.join(copy, "log", "p000", segment)
    with open(path, "r+b") as file:
        bytes_ = file.read()
        place = bytes_.index(b"e100")
        file.seek(place)
        file.write(b"X")
    code, out, err = wardline("verify", "--data", copy)
    check("verify finds a changed byte", code == 4, (code, out, err))
    code, out, err = wardline("verify", "--data", copy, "--accept-loss", "1..2")
    check("a loss named once is not accepted", code == 2, (code, out, err))
    code, out, err = wardline("verify", "--data", copy, "--accept-loss", "1..2", "--accept-loss", "1..2")
    found = re.search(r"records (\d+) to (\d+) are lost", out + err)
    check("nor one of another range, which is named", code == 2 and found, (code, out, err))
    if found:
        lost = "%s..%s" % found.groups()
        code, out, err = wardline("verify", "--data", copy, "--accept-loss", lost, "--accept-loss", lost)
        check("the exact one, twice, is", code == 0 and "quarantine/" in out, (code, out, err))
        code, out, err = wardline("verify", "--data", copy)
        check("and the log is sound behind it", code in (0, 1), (code, out, err))
        api, admin = free_port(), free_port()
        config = CONFIG.format(api=api, admin=admin).replace('data = "data"', 'data = "backup"\npatient_key = "file:data/token.key"')
        write(folder, "wardline.toml", config)
        process = start(folder, api, "--restored")
        count = int(found.group(2)) - int(found.group(1)) + 1
        status, metrics = ask(admin, "GET", "/metrics")
        health = ask(api, "GET", "/health")[1]
        check("an engine on it says for ever how many records were given up", "wardline_lost_records %d\n" % count in metrics and "%d records of the log were given up" % count in health, health)
        check("and stops cleanly", stop(process) == 0)


def main():
    folder = tempfile.mkdtemp(prefix="wardline-verbs-")
    os.chmod(folder, 0o700)
    api, admin = free_port(), free_port()
    write(folder, "verbs.ward", WARD.format(limit="6.5"))
    write(folder, "wardline.toml", CONFIG.format(api=api, admin=admin))
    write(folder, "directory.csv", "role_or_token,authority,id,channel,address,licence,from,until\nOperations,,,phone,+1 555 0100,,,\n")
    ward_verbs(folder)
    process = start(folder, api)
    url = dead_letters(folder, api)
    report = past(folder, api, url)
    code, body = ask(api, "GET", "/health")
    check("health is ok and the books balance", code == 200 and '"part":"conservation","reason":"","remedy":"","state":"ok"' in body, body)
    code, out, err = wardline("doctor", "--config", "wardline.toml", "--format", "json", cwd=folder)
    found = {one["name"]: one for one in json.loads(out or "{}").get("checks", [])}
    check("doctor finds the running engine, the ward, the key and the disk sound", all(found.get(name, {}).get("ok") for name in ["configuration", "running engine", "ward", "key of patient tokens", "data directory", "checkpoints", "listeners"]), (code, out, err))
    check("and that operations have one channel only", code == 1 and "one channel" in (found["operations"]["cause"] or ""), out)
    write(folder, "broken.toml", open(os.path.join(folder, "wardline.toml")).read().replace("[http]", "[htp]"))
    code, out, err = wardline("doctor", "--config", "broken.toml", cwd=folder)
    check("doctor says what is wrong with a configuration", code == 1 and "Did you mean `http`?" in out, (code, out, err))
    check("a clean stop ends with 0", stop(process) == 0)
    copy = stopped(folder, report, 1203)
    loss(folder, copy)
    print("%d failed" % len(FAILED))
    if FAILED:
        print("kept:", folder)
    else:
        shutil.rmtree(folder)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
