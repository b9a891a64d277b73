#!/usr/bin/env python3
"""Folder: is anything lost or taken twice when the engine is killed while it reads files?

  sender   puts files into watched folders: HL7 batches, NDJSON, FHIR messages; some under an unfinished name first
  killer   SIGKILL after a random while, in the middle of files, then a new start on the same data
  checker  reads the log on disk, the folders and the alerts, and matches them with what was put there

What must hold for every message that was put into a folder:
  it stands in the log                       its id is found in the segments
  it was applied once                        the core counts it once, however often it was read
  its alert was raised once, paged once      for each critical, by its own place
  its file is in done/ with its receipts     and nothing is left in work/

Usage: folder.py [--rounds N] [--seed N]
"""
import http.server, json, os, random, re, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, free_port, options, run, until

OPTIONS = options(__doc__, rounds=8, seed=int(time.time()))
RANDOM = random.Random(OPTIONS.seed)

WARD = '''ward "Folders" edition 1
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
  step 1    page desk "Operations" by secure message, wait 60 minutes
  then      task for desk "Operations"
'''

CONFIG = '''
[[feed]]
name = "lab"
kind = "folder"
path = "in/lab"
format = "hl7"
[[feed]]
name = "lines"
kind = "folder"
path = "in/lines"
format = "ndjson"
[[feed]]
name = "fhir"
kind = "folder"
path = "in/fhir"
format = "fhir"
[[channel]]
name = "default"
secure_message = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/", secret = "file:secret", class = "keyed", inside = true, secured = true }}
'''


class Ledger(http.server.BaseHTTPRequestHandler):
    """Notes every notice by its key."""
    seen, lock = [], threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with Ledger.lock:
            Ledger.seen.append((self.headers.get("webhook-id"), self.headers.get("wardline-possible-repeat") == "true", body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def is_critical(n):
    return n % 50 == 0


def hl7(n):
    value = "7.1" if is_critical(n) else "4.1"
    now = time.strftime("%Y%m%d%H%M%S+0000", time.gmtime())
    return "\r".join((
        "MSH|^~\\&|LIS|ANNE|WL|X|%s||ORU^R01^ORU_R01|m%dm|P|2.5.1" % (now, n), "PID|1||P%d^^^ANNE^MR" % n, "PV1|1|I|bed-%d" % n,
        "OBR|1||F%d|2823-3^Potassium^LN|||%s|||||||||||||||%s||LAB|F" % (n, now, now),
        "OBX|1|NM|2823-3^Potassium^LN||%s|mmol/L|||||F|||%s" % (value, now))) + "\r"


def batch(numbers):
    return "FHS|^~\\&|\rBHS|^~\\&|\r%sBTS|%d\rFTS|1\r" % ("".join(hl7(n) for n in numbers), len(numbers))


def lines(numbers):
    def line(n):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return json.dumps({"v": 1, "event_id": "m%dm" % n, "source": "lines", "report": {"filler": "F%d" % n}, "kind": "lab", "test": "2823-3",
                           "step": "final", "occurred_at": now, "location": "bed-%d" % n,
                           "results": [{"code": "2823-3", "num": "7.1" if is_critical(n) else "4.1", "unit": "mmol/L", "status": "final"}]})
    return "\n".join(line(n) for n in numbers)


def bundle(numbers):
    """One message with one report for each number."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    entries = [{"resource": {"resourceType": "MessageHeader", "eventUri": "urn:x", "source": {"endpoint": "urn:x"}}}]
    for n in numbers:
        code = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
        entries.append({"fullUrl": "urn:uuid:r%d" % n, "resource": {
            "resourceType": "DiagnosticReport", "id": "r%d" % n, "status": "final", "issued": now, "code": code,
            "identifier": [{"type": {"coding": [{"code": "FILL"}]}, "value": "F%d" % n}],
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}],
            "result": [{"reference": "urn:uuid:o%d" % n}]}})
        entries.append({"fullUrl": "urn:uuid:o%d" % n, "resource": {
            "resourceType": "Observation", "id": "o%d" % n, "status": "final", "code": code, "issued": now,
            "valueQuantity": {"value": 7.1 if is_critical(n) else 4.1, "code": "mmol/L", "system": "http://unitsofmeasure.org"}}})
    return json.dumps({"resourceType": "Bundle", "type": "message", "identifier": {"value": "b%d" % numbers[0]}, "entry": entries})


KINDS = [("lab", batch, ".hl7", 700), ("lines", lines, ".ndjson", 5_000), ("fhir", bundle, ".json", 40)]


def put(engine, counter, sent):
    """One file in each folder, complete under its name at once, as a good sender does it."""
    for folder, write, end, most in KINDS:
        numbers = list(range(counter[0], counter[0] + RANDOM.randrange(1, most)))
        counter[0] += len(numbers)
        name = "f%06d%s" % (numbers[0], end)
        engine.write("in/%s/%s.tmp" % (folder, name), write(numbers))
        os.rename(engine.path("in", folder, name + ".tmp"), engine.path("in", folder, name))
        sent[folder, name] = numbers


def left(engine):
    """Files that are not done."""
    found = []
    for folder, _, _, _ in KINDS:
        for place in ("", "work"):
            path = engine.path("in", folder, place)
            found += [name for name in os.listdir(path) if name not in ("work", "done", "refused", ".lock")]
    return found


def receipts(engine, folder, name):
    with open(engine.path("in", folder, "done", name + ".result.ndjson")) as file:
        return [json.loads(line) for line in file]


def check_files(check, engine, sent):
    """Every file is done, with a receipt for each part, and none of them says that it could not be read."""
    missing, wrong, repeats = [], [], 0
    for (folder, name), numbers in sent.items():
        if not os.path.exists(engine.path("in", folder, "done", name)):
            missing.append(name)
            continue
        found = receipts(engine, folder, name)
        repeats += sum(line["result"] == "duplicate" for line in found)
        # What the mark did not cover was read again: its receipts come once.
        if len({line["n"] for line in found}) != len(found) or any(line["result"] == "unreadable" for line in found):
            wrong.append((name, found[:2]))
        if folder != "fhir" and len(found) != len(numbers):
            wrong.append((name, len(found), len(numbers)))
    check.all_there("files in done/ with their receipts", len(sent), missing)
    check.all_there("files whose receipts are one for each part, all read", len(sent), wrong)
    return repeats


def check_messages(check, engine, sent):
    """Each message of HL7 and of lines by its id on disk, each report of all three once in the core."""
    disk = engine.disk()
    by_id = {n for (folder, _), numbers in sent.items() if folder != "fhir" for n in numbers}
    held = {int(n) for n in re.findall(rb"m(\d+)m", disk)}
    check.all_there("messages in the log, by id", len(by_id), by_id - held)
    every = {n for numbers in sent.values() for n in numbers}
    criticals = {n for n in every if is_critical(n)}
    # The newest alerts, as many as one answer brings.
    alerts = json.loads(engine.get("/v1/alerts?limit=1000")[1])["alerts"]
    most = min(len(criticals), 1000)
    check.equal("alerts, one for each critical", (len(alerts), len({alert["report"] for alert in alerts})), (most, most))
    check.equal("each of its first generation", {alert["generation"] for alert in alerts}, {1})
    check.equal("reports, one for each message", engine.total("wardline_reports_in_memory"), len(every))
    keys, unmarked = {key for key, _, _ in Ledger.seen}, [key for key, is_marked, _ in Ledger.seen if not is_marked]
    check.equal("pages, one for each critical", len(keys), len(criticals))
    check.equal("none twice but for those that say so", len(unmarked), len(set(unmarked)))
    return len(every), len(criticals)


def check_refused(check, engine):
    """A file of rubbish is put aside with its reason, and the next one is read."""
    engine.write("in/lab/.x", "%PDF-1.7")
    os.rename(engine.path("in", "lab", ".x"), engine.path("in", "lab", "doc.pdf"))
    reason = engine.path("in", "lab", "refused", "doc.pdf.reason.json")
    check.true("rubbish is put aside", until(lambda: os.path.exists(engine.path("in", "lab", "refused", "doc.pdf")), 20))
    with open(reason) as file:
        told = json.load(file)
    check.equal("with its reason", (told["code"], told["reason"]), ("WL1725", "unreadable"))
    check.equal("and counted", engine.total("wardline_feed_refusals_total", feed="lab", reason="unreadable"), 1)
    check.true("no log line names a file", "doc.pdf" not in engine.log() and ".hl7" not in engine.log())


def main(check):
    sink = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", sink), Ledger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    engine = Engine(CONFIG.format(sink=sink), ward=WARD, directory="Operations,,,secure message,ops-desk,,,\n",
                    files=[("secret", "whsec_" + "A" * 43 + "=")])
    for folder, _, _, _ in KINDS:
        os.makedirs(engine.path("in", folder))
    sent, counter, in_middle = {}, [1], 0
    for _ in range(OPTIONS.rounds):
        for _ in range(3):
            put(engine, counter, sent)
        engine.start()
        # A file is claimed after two seconds; kills fall into the time in which they are read.
        until(lambda: any(os.listdir(engine.path("in", "lines", "work")) != [".lock"] for _ in (1,)), 10, 0.005)
        time.sleep(RANDOM.uniform(0, 0.4))
        engine.kill()
        in_middle += any(name != ".lock" for folder, _, _, _ in KINDS for name in os.listdir(engine.path("in", folder, "work")))
    engine.start()
    check.true("every file is taken", until(lambda: not left(engine), 120), left(engine)[:5])
    check.true("kills fell into the middle of files", in_middle > 0, in_middle)
    criticals = sum(is_critical(n) for numbers in sent.values() for n in numbers)
    until(lambda: len(Ledger.seen) >= criticals, 60)
    time.sleep(1)
    repeats = check_files(check, engine, sent)
    messages, criticals = check_messages(check, engine, sent)
    check_refused(check, engine)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    check.equal("verify finds nothing", engine.verify()[0], 0)
    server.shutdown()
    print("rounds %d  seed %d  kills in a file %d  files %d  messages %d  criticals %d  read twice and recognised %d" % (
        OPTIONS.rounds, OPTIONS.seed, in_middle, len(sent), messages, criticals, repeats))


if __name__ == "__main__":
    run(main, minutes=5 + OPTIONS.rounds)
