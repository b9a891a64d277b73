#!/usr/bin/env python3
"""FHIR: is every public sample taken or refused by name over the wire, and do HL7 and FHIR tell the same story?

Every file of connectors/samples/fhir goes through `POST /fhir`; what is refused is compared with the reviewed snapshot of the
codec. Then one report is told to one engine in HL7 v2 and to another in FHIR: both must hold the same state.
"""
import collections, glob, json, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import ROOT, Engine, run, snapshot_counts, until

FEED = '''
[[feed]]
name = "lis"
kind = "http"
'''


def oru(stamp, value):
    fields = ["OBR", "1", "P9^^1.2.9^ISO", "F26^^1.2.3^ISO", "2823-3^K^LN", "", "", "20260114074000+0000"]
    fields += [""] * 14 + [stamp + "+0000", "", "CH", "F"]
    return "\r".join(["MSH|^~\\&|LIS|STANNE|WL|STANNE|%s+0000||ORU^R01|M%s|P|2.5" % (stamp, stamp), "PID|1||1234567^^^&1.2.4&ISO^MR",
                      "ORC|RE|P9^^1.2.9^ISO|F26^^1.2.3^ISO", "|".join(fields),
                      "OBX|1|NM|2823-3^K^LN||%s|mmol/L|3.5-5.1|HH|||F" % value, ""])


def bundle(stamp, value):
    identifier = lambda kind, system, value: {"type": {"coding": [{"code": kind}]}, "system": "urn:oid:" + system, "value": value}
    coded = lambda code: {"coding": [{"system": "http://loinc.org", "code": code}]}
    report = {"resourceType": "DiagnosticReport", "status": "final", "issued": stamp, "effectiveDateTime": "2026-01-14T07:40:00Z",
              "identifier": [identifier("FILL", "1.2.3", "F26"), identifier("PLAC", "1.2.9", "P9")], "code": coded("2823-3"),
              "category": [{"coding": [{"code": "CH"}]}], "subject": {"reference": "Patient/p"}, "result": [{"reference": "Observation/k"}]}
    patient = {"resourceType": "Patient", "id": "p", "identifier": [identifier("MR", "1.2.4", "1234567")]}
    potassium = {"resourceType": "Observation", "id": "k", "status": "final", "code": coded("2823-3"),
                 "valueQuantity": {"value": float(value), "code": "mmol/L"}, "interpretation": [{"coding": [{"code": "HH"}]}],
                 "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}]}
    entries = [{"fullUrl": "urn:x:%d" % n, "resource": resource, "request": {"method": "POST"}} for n, resource in enumerate([report, patient, potassium])]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "timestamp": stamp, "entry": entries})


def the_samples(check):
    engine = Engine(FEED).start()
    statuses, refused = collections.Counter(), collections.Counter()
    paths = sorted(path for path in glob.glob(os.path.join(ROOT, "connectors/samples/fhir/*/**/*.json"), recursive=True) if "/LICENSES/" not in path)
    for path in paths:
        with open(path, "rb") as file:
            status, answer = engine.post("/fhir?feed=lis", file.read(), "application/fhir+json")
        answer = json.loads(answer)
        check.true("an answer in FHIR: %s" % path, answer["resourceType"] in ("OperationOutcome", "Bundle"), answer)
        statuses[status] += 1
        if status == 422:
            refused[answer["issue"][0]["diagnostics"]] += 1
    wanted = collections.Counter()
    for reason, count in snapshot_counts("connectors/tests/snapshots/samples_fhir__fhir_counts.snap", "unreadable").items():
        wanted[reason.split()[0]] += count
    letters = {dict(labels)["reason"]: int(count) for labels, count in engine.metrics("wardline_dead_letters_total").items() if count}
    check.equal("refused files by reason", letters, dict(wanted))
    check.equal("answers", statuses[200] + statuses[422], len(paths))
    check.equal("answers that say no", statuses[422], sum(wanted.values()))
    check.equal("a clean stop", engine.stop(), 0)
    check.equal("verify", engine.verify()[0], 0)
    engine.clean()
    print("samples: %d files, %d taken, %d refused %s" % (len(paths), statuses[200], statuses[422], dict(refused)))


def told(send):
    """The state of the one report after the story was told."""
    engine = Engine(FEED).start()
    for stamp, value in [("20260114081500", "6.9"), ("20260114081500", "6.9")]:
        send(engine, stamp, value)
    assert until(lambda: json.loads(engine.get("/v1/alerts")[1])["alerts"]), "no alert"
    alert = json.loads(engine.get("/v1/alerts")[1])["alerts"][0]
    status, report = engine.get("/v1/reports/" + alert["report"])
    report = json.loads(report)
    engine.stop()
    engine.clean()
    return status, report


def iso(stamp):
    return "%s-%s-%sT%s:%s:%sZ" % (stamp[:4], stamp[4:6], stamp[6:8], stamp[8:10], stamp[10:12], stamp[12:])


def without_ids(value):
    """What differs between two installations: names made with their own keys, log times and positions."""
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in value.items()
                if key not in ("report", "report_id", "id", "position", "epoch", "patient", "encounter", "updated_at", "opened_at", "received_at", "touched_at", "alerts", "clocks")}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


def one_story(check):
    def hl7(engine, stamp, value):
        status, answer = engine.post("/v1/hl7?feed=lis", oru(stamp, value), "application/hl7-v2")
        check.true("HL7 is taken", b"MSA|AA|" in answer, answer)

    def fhir(engine, stamp, value):
        status, answer = engine.post("/fhir?feed=lis", bundle(iso(stamp), value), "application/fhir+json")
        check.equal("FHIR is taken", (status, json.loads(answer)["entry"][0]["response"]["status"]), (200, "201 Created"))

    one, other = told(hl7), told(fhir)
    check.equal("status of the question", (one[0], other[0]), (200, 200))
    check.equal("the same report from HL7 and from FHIR", without_ids(other[1]), without_ids(one[1]))
    print("one report, told twice:", json.dumps(without_ids(one[1]))[:300])


def main(check):
    the_samples(check)
    one_story(check)


if __name__ == "__main__":
    run(main, minutes=10)
