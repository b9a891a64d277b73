#!/usr/bin/env python3
"""Ways in: is what a source system signs taken once, and is a row of an Arrow stream the same event as its line of JSON?

  hooks    signed as Standard Webhooks has it, forged, old, repeated, and repeated across a kill
  arrow    written by pyarrow: whole, cut, with columns that no event has, with a dictionary that would grow to gigabytes
  checker  the receipts, the alerts, and the books of the engine

Usage: ways_in.py
"""
import base64, hashlib, hmac, json, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, in_venv, run, until

in_venv("pyarrow==21.0.0")
import pyarrow as pa

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
ARROW = "application/vnd.apache.arrow.stream"


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


def stream(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def receipts(said):
    return [json.loads(line) for line in said.splitlines()]


def arrow(check, engine):
    rows = [event(n, "7.2" if n == 13 else "4.2") for n in range(10, 15)]
    table = pa.Table.from_pylist(rows)
    table = table.set_column(table.column_names.index("source"), "source", table["source"].dictionary_encode())
    times = pa.array([row["occurred_at"].rstrip("Z") for row in rows]).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    table = table.set_column(table.column_names.index("occurred_at"), "occurred_at", times)
    whole = stream(table)
    status, said = engine.post("/v1/events", whole, ARROW)
    check.equal("a receipt for each row", (status, [line["result"] for line in receipts(said)]), (200, ["applied"] * 5))
    check.true("its critical raises an alert", until(lambda: len(json.loads(engine.get("/v1/alerts")[1])["alerts"]) == 2))
    lines = "\n".join(json.dumps(row) for row in rows)
    status, said = engine.post("/v1/events", lines, "application/x-ndjson")
    check.equal("the same as lines is known", [line["result"] for line in receipts(said)], ["duplicate"] * 5)
    cut = [engine.post("/v1/events", whole[:length], ARROW)[0] for length in range(1, len(whole) - 8, len(whole) // 9)]
    check.true("cut anywhere it is refused or kept, and never taken", set(cut) <= {200, 422} and 422 in cut, cut)
    status, said = engine.post("/v1/events", stream(pa.table({"event_id": pa.array([b"a"])})), ARROW)
    check.true("a column of bytes is named", status == 200 or b"event_id" in said and b"WL1216" in said, said)
    bomb = pa.table({"location": pa.DictionaryArray.from_arrays(pa.array([0] * 65_536, pa.int32()), pa.array(["x" * (1 << 20)]))})
    before = engine.rss_mib()
    status, said = engine.post("/v1/events", stream(bomb), ARROW)
    check.equal("a dictionary of a mebibyte in 65,536 rows is refused", status, 413)
    check.true("before it grows", engine.rss_mib() - before < 200, (before, engine.rss_mib()))
    check.equal("more rows than one request may have", engine.post("/v1/events", stream(pa.table({"v": pa.array([1] * 65_537, pa.int8())})), ARROW)[0], 413)
    check.equal("a stream without rows has no event in it", engine.post("/v1/events", stream(table.slice(0, 0)), ARROW)[0], 422)


def main(check):
    engine = Engine(CONFIG, directory="Operations,,,phone,+1 555 555 0100,,,\n",
                    files=[("new", "whsec_" + base64.b64encode(NEW).decode()), ("old", OLD)]).start()
    hooks(check, engine)
    arrow(check, engine)
    balance = {labels: value for labels, value in engine.metrics("wardline_ledger_imbalance").items() if value}
    check.equal("the books balance", balance, {})
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    check.equal("verify finds nothing", engine.verify()[0], 0)


if __name__ == "__main__":
    run(main, minutes=5)
