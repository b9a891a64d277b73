#!/usr/bin/env python3
"""Verbs: does each verb of the command line do with a real engine and a real data directory what its help says?

One installation in a temporary folder: a ward with one alert, an engine on free ports, events over HTTP. Each check says what
was run and what came of it.
"""
import base64, json, os, re, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import WARD, Engine, run, until, wardline

TEST = '''
test "Potassium 6.9 and nobody answers"
  at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L
  then      02:10 desk "Operations" is paged by phone
'''

CONFIG = '''
[[feed]]
name = "lis"
kind = "http"
[[channel]]
name = "default"
phone = { kind = "file", path = "calls.ndjson" }
'''


def event(n, value="4.1"):
    return json.dumps({
        "v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3",
        "step": "final", "occurred_at": "2026-01-14T08:00:00Z",
        "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}],
    })


def read(path):
    with open(path) as file:
        return file.read()


def ward_verbs(check, engine):
    ward = engine.path("test.ward")
    code, out, err = wardline("fmt", ward, "--check")
    check.true("fmt --check of a formatted ward changes nothing", (code, out) == (0, ""), (code, out, err))
    crooked = engine.path("crooked.ward")
    text = read(ward)
    engine.write("crooked.ward", text.replace("  severity  red", "  severity      red"))
    code, out, err = wardline("fmt", crooked, "--check")
    check.true("fmt --check names a crooked file and leaves it", code == 1 and "crooked.ward" in out and "severity      red" in read(crooked), (code, out, err))
    code, out, err = wardline("fmt", crooked)
    check.true("fmt makes it the same as the straight one", code == 0 and read(crooked) == text, (code, out, err))
    os.remove(crooked)
    code, out, err = wardline("read", ward)
    check.true("read tells the rule in sentences", code == 0 and "6.5 mmol/L" in out and 'the desk "Operations" is paged by phone' in " ".join(out.split()), (code, out, err))
    code, out, err = wardline("read", ward, "--format", "html")
    check.true("read --format html is a page", code == 0 and "<html" in out.lower(), (code, out[:300], err))
    code, out, err = wardline("test", ward, "--format", "junit")
    check.true("test --format junit counts the tests", code == 0 and 'tests="1"' in out and 'failures="0"' in out, (code, out, err))
    engine.write("older.ward", WARD.replace("6.5", "6.9"))
    engine.write("try.ndjson", "\n".join(event(n, "6.%d" % (n % 10)) for n in range(20)) + "\n")
    code, out, err = wardline("try", ward, "--events", engine.path("try.ndjson"), "--against", engine.path("older.ward"), "--format", "json")
    against = json.loads(out or "{}").get("against", {})
    check.true("try --against counts what would be new", code == 0 and against.get("alerts", {}).get("added") == 8 and against.get("alerts", {}).get("removed") == 0, (code, out, err))
    os.remove(engine.path("older.ward"))


def dead_letters(check, engine):
    url = ["--url", "http://127.0.0.1:%d" % engine.api]
    status, body = engine.post("/v1/events?feed=lis", event(1) + "\n{broken\n", "application/x-ndjson")
    results = [json.loads(line)["result"] for line in body.splitlines()]
    check.true("a receipt says what became of each line", (status, results) == (200, ["applied", "unreadable"]), body)
    until(lambda: json.loads(engine.get("/v1/dead")[1])["dead"])
    status, body = engine.get("/v1/dead")
    dead = json.loads(body)["dead"]
    check.true("GET /v1/dead lists it without its bytes", status == 200 and len(dead) == 1 and dead[0]["size"] == 7 and "bytes" not in dead[0], body)
    status, body = engine.get("/v1/dead?id=" + dead[0]["id"])
    check.true("GET /v1/dead?id= gives its bytes", status == 200 and base64.b64decode(json.loads(body)["bytes"]) == b"{broken", body)
    code, out, err = wardline("export", "--data", engine.path("data"), "--dead", engine.path("letters"))
    kept = engine.path("letters", dead[0]["id"] + ".letter")
    check.true("export --dead writes them byte for byte", code == 0 and read(kept) == "{broken", (code, out, err))
    code, out, err = wardline("import", "--dead", dead[0]["id"], *url)
    check.true("import --dead of what still cannot be read says so", code == 1 and "WL1201" in out, (code, out, err))
    check.true("and stores nothing again", len(json.loads(engine.get("/v1/dead")[1])["dead"]) == 1)
    return url


def past(check, engine, url):
    engine.write("may.ndjson", "\n".join([event(n) for n in range(100, 1300)] + [event(100)]) + "\n{nothing\n")
    code, out, err = wardline("import", engine.path("may.ndjson"), *url, "--format", "json")
    lines = json.loads(out or "{}").get("lines", {})
    check.true("import takes a file in pieces and counts", code == 1 and lines == {"applied": 1200, "duplicate": 1, "unreadable": 1}, (code, out, err))
    status, body = engine.post("/v1/events?feed=lis", event(5000, "6.9"))
    check.equal("one more event is taken", (status, json.loads(body)["result"]), (200, "applied"))
    report = json.loads(engine.get("/v1/alerts")[1])["alerts"][0]["report"]
    until(lambda: "delivered" in wardline("why", report, *url)[1])
    code, out, err = wardline("why", report, *url)
    check.true("why tells the alert, its page and its delivery", code == 0 and "alert/Critical potassium" in out and "raised" in out and "by phone" in out and "delivered" in out, (code, out, err))
    calm = wardline("why", "a" * 26, *url)
    check.true("why of a report that is none ends with 1", calm[0] == 1, calm)
    return report


def stopped(check, engine, report, written):
    data = engine.path("data")
    code, out, err = wardline("why", report, "--data", data)
    check.true("why --data tells the same from a stopped directory", code == 0 and "raised" in out and "delivered" in out, (code, out, err))
    code, out, err = wardline("export", "--data", data)
    ids = [json.loads(line)["event_id"] for line in out.splitlines()]
    check.true("export writes every event in order", code == 0 and len(ids) == written and ids[:2] == ["e1", "e100"], (code, len(ids), ids[:3], err))
    code, out, err = wardline("verify", "--data", data, "--replay")
    check.true("verify --replay comes to the states of all marks", code == 0 and re.search(r"compared [1-9]", err), (code, out, err))
    backup = engine.path("backup")
    code, out, err = wardline("export", "--data", data, "--backup", backup)
    check.true("export --backup copies and verifies", code == 0 and wardline("verify", "--data", backup)[0] == 0, (code, out, err))
    code, out, err = wardline("export", "--data", data, "--backup", backup)
    check.true("a backup is not written over", code != 0, (code, out, err))
    return backup


def loss(check, engine, copy):
    """Damage in the middle of a copy, given up by its exact range and by no other."""
    segment = sorted(name for name in os.listdir(os.path.join(copy, "log", "p000")) if name.endswith(".wlog"))[0]
    path = os.path.join(copy, "log", "p000", segment)
    with open(path, "r+b") as file:
        bytes_ = file.read()
        place = bytes_.index(b"e100")
        file.seek(place)
        file.write(b"X")
    code, out, err = wardline("verify", "--data", copy)
    check.true("verify finds a changed byte", code == 4, (code, out, err))
    code, out, err = wardline("verify", "--data", copy, "--accept-loss", "1..2")
    check.true("a loss named once is not accepted", code == 2, (code, out, err))
    code, out, err = wardline("verify", "--data", copy, "--accept-loss", "1..2", "--accept-loss", "1..2")
    found = re.search(r"records (\d+) to (\d+) are lost", out + err)
    check.true("nor one of another range, which is named", code == 2 and found, (code, out, err))
    if found:
        lost = "%s..%s" % found.groups()
        code, out, err = wardline("verify", "--data", copy, "--accept-loss", lost, "--accept-loss", lost)
        check.true("the exact one, twice, is", code == 0 and "quarantine/" in out, (code, out, err))
        code, out, err = wardline("verify", "--data", copy)
        check.true("and the log is sound behind it", code in (0, 1), (code, out, err))
        engine.configure(CONFIG, data="backup", top='patient_key = "file:data/token.key"\n')
        engine.start("--restored")
        count = int(found.group(2)) - int(found.group(1)) + 1
        shown = engine.get("/health")[1].decode()
        check.equal("an engine on it counts for ever how many records were given up", engine.total("wardline_lost_records"), count)
        check.true("and says so", "%d records of the log were given up" % count in shown, shown)
        check.equal("and stops cleanly", engine.stop(), 0)


def main(check):
    engine = Engine(CONFIG, ward=WARD + TEST, directory="Operations,,,phone,+1 555 0100,,,\n")
    ward_verbs(check, engine)
    engine.start()
    url = dead_letters(check, engine)
    report = past(check, engine, url)
    code, body = engine.get("/health")
    check.true("health is ok and the books balance", code == 200 and b'"part":"conservation","reason":"","remedy":"","state":"ok"' in body, body)
    code, out, err = wardline("doctor", "--config", "wardline.toml", "--format", "json", cwd=engine.folder)
    found = {one["name"]: one for one in json.loads(out or "{}").get("checks", [])}
    check.true("doctor finds the running engine, the ward, the key and the disk sound", all(found.get(name, {}).get("ok") for name in ["configuration", "running engine", "ward", "key of patient tokens", "data directory", "checkpoints", "listeners"]), (code, out, err))
    check.true("and that operations have one channel only", code == 1 and "one channel" in (found["operations"]["cause"] or ""), out)
    engine.write("broken.toml", read(engine.path("wardline.toml")).replace("[http]", "[htp]"))
    code, out, err = wardline("doctor", "--config", "broken.toml", cwd=engine.folder)
    check.true("doctor says what is wrong with a configuration", code == 1 and "Did you mean `http`?" in out, (code, out, err))
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    copy = stopped(check, engine, report, 1203)
    loss(check, engine, copy)


if __name__ == "__main__":
    run(main, minutes=5)
