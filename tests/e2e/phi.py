#!/usr/bin/env python3
"""Patient data: does anything that a patient could be known by leave, whatever is sent and however broken it is? [G12, K14]

Unmistakable names, numbers and texts are planted in every field of HL7, FHIR and JSON that may hold them, in messages that are read
and in messages that nobody can read; then every byte that was stored, sent, answered or logged is searched for them.

  zyxqa   in what is read: nowhere at all, not on disk either (the engine keeps keyed tokens)
  zyxqb   in what nobody can read: in the log's segments alone, where dead letters keep their exact bytes
  zyxqc   clinical, and kept (a result): on disk and where a role may read it, never in logs, metrics, errors or unsecured notices
"""
import base64, http.server, json, os, re, socket, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, ask, free_port, run, until, wardline

READ, BROKEN, CLINICAL = b"zyxqa", b"zyxqb", b"zyxqc"
# Numbers that patients are known by have no letters to be found by.
NUMBERS = [b"990770137", b"990-77-0137", b"19030711", b"1903-07-11", b"5550137990"]
# A value that nothing else in a run looks like.
VALUE = b"7.7319"
PEOPLE = 40

WARD = '''ward "Patient data" edition 1
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
  step 1    page desk "Operations" by secure message, wait 1 second
  step 2    page desk "Operations" by sms, wait 1 second
  step 3    page desk "Operations" by phone, wait 60 minutes
  then      task for desk "Operations"
'''

CONFIG = '''
[[feed]]
name = "lis"
kind = "mllp"
listen = "127.0.0.1:{mllp}"
zone = "America/Chicago"
[[feed]]
name = "fhir"
kind = "http"
[[channel]]
name = "default"
secure_message = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/secured", secret = "file:secret", inside = true, secured = true }}
sms = {{ kind = "webhook", url = "http://127.0.0.1:{sink}/open", secret = "file:secret", inside = true }}
phone = {{ kind = "file", path = "calls.ndjson" }}
'''

DIRECTORY = '''Operations,,,secure message,ops,,,
Operations,,,sms,ops,,,
Operations,,,phone,ops,,,
'''


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps every byte that it is sent, by path."""
    seen = {"/secured": [], "/open": []}

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        Receiver.seen[self.path].append(str(self.headers).encode() + body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


# ---- who is planted -------------------------------------------------------------------------------------------------

def hl7(n, mark="ZYXQA", value="7.7319", header=True, tail=()):
    """An ORU whose every field about a person, and every text, carries the mark."""
    m = lambda what: "%s%s%d" % (mark, what, n)
    person = "%s^%s^%s" % (m("DocId"), m("DocFamily"), m("DocGiven"))
    now = time.strftime("%Y%m%d%H%M%S+0000", time.gmtime())
    pid = ["PID", "1", m("Alt"), "%s^^^STANNE^MR" % m("Mrn"), m("Old"), "%s^%s^%s" % (m("Family"), m("Given"), m("Middle")), m("Mother"),
           "19030711", "F", m("Alias"), "", "%s^^%s^^60601" % (m("Street"), m("City")), "", "5550137990", "5550137990", "", "", "",
           m("Account"), "990770137", m("Licence"), "", "", m("Birthplace")]
    nk1 = ["NK1", "1", "%s^%s" % (m("KinFamily"), m("KinGiven")), "SPO", m("KinStreet"), "5550137990"]
    pv1 = ["PV1", "1", "I", "ICU-4^%s^%s^STANNE" % (m("Room"), m("Bed")), "", "", "", person, person, person] + [""] * 9 + [m("Visit")]
    obr = ["OBR", "1", "P%d" % n, "F%d" % n, "2823-3^Potassium^LN", "", "", now, "", "", person, "", "", m("Clinical"), "", "", person, m("CallBack")]
    obr += [""] * 4 + [now, "", "LAB", "F"] + [""] * 6 + [person, person]
    return "\r".join((["MSH|^~\\&|LIS|STANNE|WL|STANNE|%s||ORU^R01|%s%d|P|2.5" % (now, mark[-1], n)] if header else []) + [
        "|".join(pid), "|".join(nk1), "|".join(pv1), "|".join(["PD1", "", "", m("Practice")]), "|".join(["GT1", "1", "", m("Guarantor")]),
        "|".join(["IN1", "1", m("Plan"), m("Insurer")]), "|".join(["ORC", "RE", "P%d" % n, "F%d" % n] + [""] * 6 + [person, "", person]), "|".join(obr),
        "|".join(["NTE", "1", "L", m("Note")]), "OBX|1|NM|2823-3^Potassium^LN||%s|mmol/L|3.5-5.1|HH|||F" % value,
        "|".join(["OBX", "2", "TX", "8251-1^Comment^LN", "", m("Narrative") + " says a long free text about a person", "", "", "", "", "", "F"]),
        "|".join(["OBX", "3", "ED", "18842-5^Summary^LN", "", "^TEXT^^Base64^" + base64.b64encode(m("Document").encode()).decode(), "", "", "", "", "", "F"]),
        *tail, ""])


def fhir(n, mark="ZYXQA", **changes):
    m = lambda what: "%s%s%d" % (mark, what, n)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    coded = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": m("CodeText")}
    name = [{"family": m("Family"), "given": [m("Given")], "text": m("Whole")}]
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:oid:1.2.4", "value": m("Mrn")},
               {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "990770137"}], "name": name, "birthDate": "1903-07-11",
               "telecom": [{"value": "5550137990"}], "address": [{"line": [m("Street")], "city": m("City"), "text": m("Address")}],
               "contact": [{"name": name[0]}], "text": {"status": "generated", "div": "<div>%s</div>" % m("Narrative")}, "photo": [{"data": m("Photo")}]}
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": m("DocId")}], "name": name}
    observation = {"resourceType": "Observation", "id": "k", "status": "final", "code": coded, "valueQuantity": {"value": 7.7319, "code": "mmol/L"},
                   "interpretation": [{"coding": [{"code": "HH"}]}], "note": [{"text": m("Note")}], "subject": {"reference": "Patient/p", "display": m("Display")},
                   "performer": [{"reference": "Practitioner/d", "display": m("DocDisplay")}]}
    report = {"resourceType": "DiagnosticReport", "status": "final", "issued": now, "effectiveDateTime": now, "code": coded,
              "identifier": [{"type": {"coding": [{"code": "FILL"}]}, "system": "urn:oid:1.2.3", "value": "FH%d" % n}], "subject": {"reference": "Patient/p", "display": m("Display")},
              "conclusion": m("Conclusion"), "presentedForm": [{"title": m("Title"), "data": base64.b64encode(m("Form").encode()).decode()}],
              "performer": [{"reference": "Practitioner/d", "display": m("DocDisplay")}], "result": [{"reference": "Observation/k"}]}
    encounter = {"resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"}, "identifier": [{"system": "urn:oid:1.2.5", "value": m("Visit")}],
                 "subject": {"reference": "Patient/p"}, "reasonCode": [{"text": m("Reason")}]}
    report.update(changes.get("report", {}))
    patient.update(changes.get("patient", {}))
    entries = [{"fullUrl": "urn:x:%d" % i, "resource": one, "request": {"method": "POST"}} for i, one in enumerate([report, patient, observation, doctor, encounter])]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "timestamp": now, "entry": entries})


def event(n, mark="ZYXQA", **changes):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = {"v": 1, "event_id": "j%d" % n, "source": "json", "report": {"filler": "J%d" % n}, "patient": {"id": "%sMrn%d" % (mark, n), "ns": "STANNE"}, "kind": "lab",
            "encounter": {"id": "%sVisit%d" % (mark, n), "ns": "STANNE"}, "people": [{"role": "ordering", "id": "%sDoc%d" % (mark, n), "ns": "NPI"}],
            "test": "2823-3", "step": "final", "occurred_at": now, "results": [{"code": "2823-3", "num": "7.7319", "unit": "mmol/L", "status": "final"},
                                                                              {"code": "600-7", "text": "zyxqc growth", "status": "final"}]}
    made.update(changes)
    return json.dumps(made)


def broken_events():
    """Every field of an event in turn holds a person's name, in a value that cannot be read. Codes, ids and attributes are texts of the sender's."""
    name = "ZYXQB Marianne"
    for key in ["v", "type", "source", "report", "patient", "encounter", "kind", "priority", "step", "occurred_at", "milestones", "evidence",
                "planned_at", "received_at", "class", "people", "flags", "flags_off", "results", "channel", "merge", "answer", "msg"]:
        for value in (name, [name], {name: name}, {"id": {"x": name}}):
            yield event(7, "ZYXQB", **{key: value})
    yield event(7, "ZYXQB", **{name: 1})
    yield event(7, "ZYXQB", results=[{"code": "2823-3", "num": name}])
    yield event(7, "ZYXQB", results=[{"code": "2823-3", "status": name, "unit": name, "cmp": name}])
    yield event(7, "ZYXQB")[:-20] + name
    yield '{"patient_name": "%s"' % name
    yield "%s, potassium 7.7319" % name
    yield event(7, "ZYXQB", occurred_at="2026-13-45T99:00:00 " + name)


def broken_hl7():
    whole = lambda **how: hl7(3, mark="ZYXQB", **how)
    yield whole(header=False)
    yield whole().replace("MSH|^~\\&", "MSH|||||", 1)
    yield whole().replace("ORU^R01", "ZYXQB^FOO", 1)
    # Its answer repeats MSH-11 and MSH-12, as HL7 asks: no mark stands there.
    yield whole().replace("|P|2.5", "|X|9.9", 1)
    yield whole()[:200]
    yield whole(tail=["\x00\x01ZYXQB|" + "x" * 20])
    yield whole().replace("\r", "\n\n") + "FHS|ZYXQB"
    yield "ZYXQB Marianne Tester, born 1903"
    yield whole(tail=["OBX|ZYXQB"] * 12_000)


def broken_fhir():
    name = "ZYXQB Marianne"
    yield fhir(3, mark="ZYXQB", report={"status": name})
    yield fhir(3, mark="ZYXQB", report={"issued": name, "effectiveDateTime": name})
    yield fhir(3, mark="ZYXQB", report={"code": name, "subject": name, "result": name})
    yield fhir(3, mark="ZYXQB", patient={"identifier": name, "name": {"family": name}})
    yield fhir(3, mark="ZYXQB").replace('"Bundle"', '"%s"' % name, 1)
    yield fhir(3, mark="ZYXQB").replace('"transaction"', '"%s"' % name, 1)
    yield fhir(3, mark="ZYXQB")[:-30]
    yield '{"resourceType":"Patient","name":"%s",' % name
    yield "[" * 200 + '"%s"' % name
    yield fhir(3, mark="ZYXQB").replace('"Patient/p"', '"Patient/%s"' % name)


# ---- what is searched -----------------------------------------------------------------------------------------------

def spellings(mark):
    """The mark as it stands, and inside base-64 and hexadecimal, wherever it begins."""
    found = {mark.lower()}
    for spelt in (mark, mark.upper()):
        found.add(spelt.hex().encode())
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + spelt)
            # What the mark alone decides of it.
            found.add(encoded[(shift * 8 + 5) // 6:len(encoded) - 4].lower())
    return {one for one in found if len(one) >= 5}


def holds(data, marks):
    """Which of these marks are in some bytes, in any case."""
    data = data.lower()
    return sorted(mark.decode() for mark in marks if any(spelt in data for spelt in spellings(mark)))


class Search:
    def __init__(self, check):
        self.check, self.places, self.bytes = check, 0, 0

    def nothing(self, where, data, marks):
        data = data.encode() if isinstance(data, str) else data
        self.places, self.bytes = self.places + 1, self.bytes + len(data)
        found = holds(data, marks)
        at = next((data.lower().find(one.encode()) for one in found if one.encode() in data.lower()), 0)
        self.check.true("nothing of a patient in %s" % where, not found, (found, data[max(0, at - 120):at + 160]))


IDENTITY = [READ, BROKEN, *NUMBERS]


def send_everything(check, search, engine, mllp):
    """Every answer is searched too: it goes to whoever sent, and into their logs."""
    outside = IDENTITY + [CLINICAL, VALUE]

    def sent(name, path, body, kind, wanted):
        status, answer = engine.post(path, body.encode() if isinstance(body, str) else body, kind)
        search.nothing("the answer to %s" % name, answer, outside)
        check.true("%s is answered with one of %s" % (name, wanted), status in wanted, (status, answer[:200]))
    for n in range(PEOPLE):
        sent("an HL7 message", "/v1/hl7", hl7(n), "x-application/hl7-v2+er7", [200])
        sent("a FHIR bundle", "/fhir?feed=fhir", fhir(n), "application/fhir+json", [200])
        sent("an event", "/v1/events", event(n), "application/json", [200])
    merge = hl7(1, tail=["MRG|ZYXQAGone^^^STANNE^MR||||||ZYXQAGoneFamily^X"]).replace("ORU^R01", "ADT^A40")
    sent("a merge", "/v1/hl7", merge, "x-application/hl7-v2+er7", [200, 422])
    for n, body in enumerate(broken_hl7()):
        sent("broken HL7 %d" % n, "/v1/hl7", body, "x-application/hl7-v2+er7", [200, 413, 422])
        search.nothing("the MLLP answer to broken HL7 %d" % n, over_mllp(mllp, body), outside)
    search.nothing("the MLLP answer to HL7", over_mllp(mllp, hl7(PEOPLE)), outside)
    for n, body in enumerate(broken_fhir()):
        sent("broken FHIR %d" % n, "/fhir?feed=fhir", body, "application/fhir+json", [200, 400, 413, 422])
    for n, body in enumerate(broken_events()):
        sent("a broken event %d" % n, "/v1/events", body, "application/json", [200, 413, 422])
        sent("a broken line %d" % n, "/v1/events", body.replace("\n", " ") + "\n" + event(1000 + n), "application/x-ndjson", [200, 413, 422])
    asked_for(search, engine)


def asked_for(search, engine):
    """Requests with a name where a path, a parameter or a header stands."""
    for method, path in [("GET", "/v1/reports/zyxqb-marianne"), ("GET", "/zyxqb/marianne"), ("GET", "/v1/alerts?limit=zyxqb"), ("POST", "/v1/events?feed=zyxqb"),
                         ("POST", "/v1/answers/ZYXQBM"), ("GET", "/a/ZYXQBM?t=zyxqb"), ("POST", "/v1/dead/zyxqb/replay"), ("DELETE", "/v1/silences/zyxqb"),
                         ("POST", "/v1/silences"), ("POST", "/v1/wards"), ("ZYXQB", "/v1/events")]:
        headers = {"authorization": "Bearer zyxqb", "wardline-purpose": "about zyxqb", "x-request-id": "zyxqb", "user-agent": "zyxqb", "content-type": "application/json"}
        answer = ask(engine.api, method, path, b'{"person": "zyxqb", "because": 7}', headers)
        search.nothing("the answer to %s %s" % (method, path.split("zyxq")[0]), answer[1], [CLINICAL, VALUE, READ, *NUMBERS])


def over_mllp(port, body):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        peer.sendall(b"\x0b" + body.encode("latin-1", "replace") + b"\x1c\r")
        peer.settimeout(20)
        try:
            return peer.recv(65536)
        except OSError:
            return b""


def look(check, search, engine):
    """All that leaves a running engine, but for the places where a role may read results."""
    outside = IDENTITY + [CLINICAL, VALUE]
    for accept in ("text/plain", "application/openmetrics-text"):
        search.nothing("/metrics as %s" % accept, ask(engine.admin, "GET", "/metrics", headers={"accept": accept})[1], outside)
    for port in (engine.api, engine.admin):
        search.nothing("/health", ask(port, "GET", "/health")[1], outside)
    search.nothing("notices on a channel that is not secured", b"".join(Receiver.seen["/open"]), outside)
    search.nothing("notices on a secured channel", b"".join(Receiver.seen["/secured"]), IDENTITY)
    check.true("secured notices say the value, or nothing was looked for", VALUE in b"".join(Receiver.seen["/secured"]))
    with open(engine.path("calls.ndjson"), "rb") as file:
        search.nothing("calls", file.read(), outside)
    alerts = ask(engine.api, "GET", "/v1/alerts?limit=1000")[1]
    search.nothing("GET /v1/alerts", alerts, IDENTITY)
    reports = sorted({alert["report"] for alert in json.loads(alerts)["alerts"] if alert.get("report")})
    check.true("there are alerts to look at", len(reports) >= 2 * PEOPLE, len(reports))
    for report in reports[:20]:
        search.nothing("a report", ask(engine.api, "GET", "/v1/reports/" + report)[1], IDENTITY)
    search.nothing("why", ask(engine.api, "GET", "/v1/reports/%s/why" % reports[0])[1], IDENTITY)
    search.nothing("GET /v1/dead", ask(engine.api, "GET", "/v1/dead")[1], outside)
    search.nothing("GET /v1/worklist", ask(engine.api, "GET", "/v1/worklist")[1], outside)
    links = re.findall(rb"(/a/[0-9A-Z]{6}[^\s\"\\]*)", b"".join(Receiver.seen["/open"]))
    check.true("notices have links", bool(links))
    search.nothing("an answer page", ask(engine.api, "GET", links[0].decode())[1], outside)
    doctor = wardline("doctor", "--config", engine.path("wardline.toml"), "--format", "json")
    search.nothing("wardline doctor", "".join(doctor[1:]), outside)


def tables(check, search, engine):
    """Every table over SQL: nothing that a person is known by."""
    listed = re.search(r'\[sql\]\s*listen = "127.0.0.1:(\d+)"', open(engine.path("wardline.toml")).read())
    port = int(listed.group(1))
    if not until(lambda: quietly(lambda: ask(port, "GET", "/health/ready")[0]) == 200, 60):
        # A build without SQL has no tables to look into.
        check.true("SQL answers, or this build has none", "http.listen" in engine.log() and "archive" not in engine.log())
        return
    names = [table["name"] for table in json.loads(ask(port, "GET", "/v1/schema")[1])["tables"]]
    check.true("there are tables", len(names) >= 5, names)
    for name in names:
        status, answer, _ = ask(port, "POST", "/v1/sql", json.dumps({"sql": 'SELECT * FROM "%s"' % name}), {"content-type": "application/json"})
        check.equal("the table %s is read" % name, status, 200)
        search.nothing("the table " + name, answer, IDENTITY)


def quietly(question):
    try:
        return question()
    except OSError:
        return None


def on_disk(check, search, engine):
    """Files: marks of what was read are nowhere, those of what nobody could read in the log and its dead letters alone."""
    held = False
    for home, _, files in os.walk(engine.path("data")):
        # A socket holds nothing.
        for path in (os.path.join(home, name) for name in files if os.path.isfile(os.path.join(home, name))):
            with open(path, "rb") as file:
                data = file.read().rstrip(b"\0")
            place = os.path.relpath(path, engine.path("data"))
            is_log = place.split(os.sep)[0] in ("log", "dead")
            held |= is_log and BROKEN in data.lower()
            # Tokens are keyed hashes in base-32: five letters may come by chance, the name of a field behind them may not.
            search.nothing(place, data, [b"zyxqamrn", b"zyxqafamily", b"zyxqagiven", b"zyxqadoc", b"zyxqanote", b"zyxqanarrative", b"zyxqavisit", b"zyxqastreet",
                                         b"zyxqaconclusion", b"zyxqadisplay", b"zyxqaroom", b"zyxqakin", b"zyxqaaccount", b"zyxqadocument", b"zyxqaform"]
                           + ([] if is_log else [b"zyxqb marianne", b"zyxqbfamily", b"zyxqbmrn", *NUMBERS]))
    check.true("dead letters keep their bytes, or nothing was looked for", held)


def main(check):
    search, sink, mllp = Search(check), free_port(), free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", sink), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["WARDLINE_LOG"] = "info,wardline=trace"
    engine = Engine(CONFIG.format(sink=sink, mllp=mllp), ward=WARD, directory=DIRECTORY, files=[("secret", "whsec_" + "A" * 43 + "=")])
    engine.start(seconds=150)
    send_everything(check, search, engine, mllp)
    until(lambda: len(Receiver.seen["/open"]) >= 3 * PEOPLE and len(Receiver.seen["/secured"]) >= 3 * PEOPLE and os.path.exists(engine.path("calls.ndjson")), 60)
    look(check, search, engine)
    tables(check, search, engine)
    engine.kill()
    engine.start(seconds=150)
    check.true("alerts are there after a kill", until(lambda: engine.get("/v1/alerts")[0] == 200, 30))
    search.nothing("GET /v1/alerts after a kill", engine.get("/v1/alerts?limit=1000")[1], IDENTITY)
    time.sleep(2)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    on_disk(check, search, engine)
    search.nothing("wardline verify", engine.verify()[1], IDENTITY + [CLINICAL, VALUE])
    code, out, err = wardline("export", "--data", engine.path("data"))
    check.true("export writes events", code == 0 and out.count("\n") >= PEOPLE, (code, err[-300:]))
    search.nothing("wardline export", out + err, IDENTITY)
    search.nothing("the engine's own log, at its most talkative", engine.log(), IDENTITY + [CLINICAL, VALUE])
    server.shutdown()
    print("planted in %d messages that are read and %d that are not; searched %d places, %d MiB" % (
        3 * PEOPLE + 2, len(list(broken_hl7())) * 2 + len(list(broken_fhir())) + 2 * len(list(broken_events())), search.places, search.bytes >> 20))


if __name__ == "__main__":
    run(main, minutes=6)
