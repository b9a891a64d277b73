#!/usr/bin/env python3
"""Worklist: does a desk that looks at a screen see what it must do, once, through kills, until somebody answers?

  desk      reads GET /v1/worklist, and watches it as server-sent events
  killer    SIGKILL while the list is watched, and while a page waits on it
  checker   compares the list, the alerts and the books of the engine

Usage: worklist.py
"""
import http.client, json, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, beside, join, run, until

WARD = '''ward "Worklist" edition 1
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
  step 1    page desk "Operations" by worklist, wait 60 minutes
  then      task for desk "Operations"
'''

CONFIG = '''
[[feed]]
name = "lis"
kind = "http"
[[channel]]
name = "default"
worklist = { kind = "worklist", secured = true }
'''


def final(n, value):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3",
                       "step": "final", "occurred_at": now, "location": "bed-%d" % n,
                       "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}]})


def notices(engine, desk="Operations"):
    status, body = engine.get("/v1/worklist?desk=" + desk)
    return json.loads(body)["notices"] if status == 200 else None


def watch(engine, seen):
    """Watches the list until the engine is gone; what each event held."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.api, timeout=60)
    try:
        connection.request("GET", "/v1/worklist?desk=Operations", headers={"accept": "text/event-stream"})
        answer = connection.getresponse()
        for line in answer:
            if line.startswith(b"data: "):
                seen.append([notice["code"] for notice in json.loads(line[6:])["notices"]])
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def main(check):
    engine = Engine(CONFIG, ward=WARD).start()
    check.equal("the list begins empty", notices(engine), [])
    seen = []
    watcher = beside(check, watch, engine, seen)
    check.true("a watcher hears what there is", until(lambda: seen == [[]]), seen)
    for n in (1, 2):
        check.equal("a critical is taken", engine.post("/v1/events", final(n, "7.%d" % n))[0], 200)
    check.true("both are on the list", until(lambda: len(notices(engine)) == 2), notices(engine))
    first, second = sorted(notices(engine), key=lambda notice: notice["text"])
    check.true("with the value and the place, as its readers have signed in", "7.1" in first["text"] and "bed-1" in first["text"], first)
    check.equal("each has a code of its own", len({first["code"], second["code"]}), 2)
    check.equal("another desk sees none", notices(engine, "Laboratory"), [])
    check.true("the watcher heard of both", until(lambda: seen and len(seen[-1]) == 2), seen)
    engine.kill()
    join(watcher)
    engine.start()
    check.true("after a kill both are there, once", until(lambda: sorted(n["code"] for n in notices(engine) or []) == sorted((first["code"], second["code"]))), notices(engine))
    attempts = engine.total("wardline_notices_repeated_total")
    check.equal("nothing was said twice", attempts, 0)
    seen = []
    watcher = beside(check, watch, engine, seen)
    until(lambda: seen)
    status, said = engine.post("/v1/answers/" + first["code"], json.dumps({"act": "accepted"}))
    check.equal("the first is answered by its code", (status, json.loads(said)["result"]), (200, "accepted"))
    check.true("and leaves the list", until(lambda: [n["code"] for n in notices(engine)] == [second["code"]]), notices(engine))
    check.true("before the eyes of the watcher", until(lambda: seen and seen[-1] == [second["code"]]), seen)
    check.equal("answered again it is closed", engine.post("/v1/answers/" + first["code"], json.dumps({"act": "accepted"}))[0], 409)
    check.equal("a correction takes the other away", engine.post("/v1/events", final(2, "4.1").replace('"e2"', '"e2c"').replace('"step": "final"', '"step": "corrected"').replace('"status": "final"', '"status": "corrected"'))[0], 200)
    check.true("its page leaves, and the list says that it was withdrawn or is empty",
               until(lambda: second["code"] not in [n["code"] for n in notices(engine) if not n["text"].startswith("Withdrawn")]), notices(engine))
    # Every list that was shown is written down before it is shown.
    check.equal("the books of what was shown balance", engine.total("wardline_ledger_imbalance", equation="access"), 0)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    join(watcher)
    check.equal("verify finds nothing", engine.verify()[0], 0)


if __name__ == "__main__":
    run(main, minutes=5)
