#!/usr/bin/env python3
"""Webhooks in: is what a source system signs taken once, and nothing else?

  hooks    signed as Standard Webhooks has it, forged, old, repeated, and repeated across a kill
  checker  the receipts, the alerts, and the books of the engine

Usage: webhooks_in.py
"""
import base64, hashlib, hmac, json, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, run, until

CONFIG = '''
[[feed]]
name = "lis"
kind = "http"
secrets = ["file:new", "file:old"]
[[channel]]
name = "default"
phone = { kind = "file", path = "calls.ndjson" }
'''
NEW, OLD = os.urandom(32), os.urandom(16).hex().encode()


def event(n, value="4.1"):
    return {"v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3", "step": "final",
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "results": [{"code": "2823-3", "num": value, "unit": "mmol/L", "status": "final"}]}


def hook(engine, id, body, secret=NEW, at=0, kind="application/json", feed="lis"):
    seconds = str(int(time.time()) + at)
    signature = base64.b64encode(hmac.new(secret, b"%s.%s.%s" % (id.encode(), seconds.encode(), body.encode()), hashlib.sha256).digest()).decode()
    status, said = engine.post("/v1/webhooks/" + feed, body, kind, **{"webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": "v1," + signature})
    return status, json.loads(said) if said.startswith(b"{") else said.decode()


def hooks(check, engine):
    body = json.dumps(event(1, "7.1"))
    status, said = hook(engine, "msg_1", body)
    check.equal("a signed webhook is an event", (status, said["result"], said["event_id"]), (200, "applied", "e1"))
    check.equal("signed with the secret before, too", hook(engine, "msg_2", json.dumps(event(2)), OLD)[0], 200)
    check.equal("again under its id it is known", hook(engine, "msg_1", body, at=1)[1]["result"], "duplicate")
    check.equal("another body under that id is refused", hook(engine, "msg_1", json.dumps(event(3)))[0], 409)
    for what, how in [("another secret", {"secret": os.urandom(32)}), ("six minutes ago", {"at": -360}), ("in six minutes", {"at": 360})]:
        check.equal("refused: " + what, hook(engine, "msg_4", json.dumps(event(4)), **how)[0], 401)
    check.equal("a feed without secrets has no webhooks", hook(engine, "msg_4", "{}", feed="ris")[0], 404)
    check.equal("what was refused does not count as heard", hook(engine, "msg_4", json.dumps(event(4)))[0], 200)
    engine.kill()
    engine.start()
    status, said = hook(engine, "msg_1", body)
    check.equal("after a kill the event itself is known", (status, said["result"]), (200, "duplicate"))
    check.true("one alert for the critical", until(lambda: len(json.loads(engine.get("/v1/alerts")[1])["alerts"]) == 1))


def main(check):
    engine = Engine(CONFIG, directory="Operations,,,phone,+1 555 555 0100,,,\n",
                    files=[("new", "whsec_" + base64.b64encode(NEW).decode()), ("old", OLD)]).start()
    hooks(check, engine)
    balance = {labels: value for labels, value in engine.metrics("wardline_ledger_imbalance").items() if value}
    check.equal("the books balance", balance, {})
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    check.equal("verify finds nothing", engine.verify()[0], 0)


if __name__ == "__main__":
    run(main, minutes=5)
