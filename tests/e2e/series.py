#!/usr/bin/env python3
"""Series: what do memory and a scrape cost when a ward, its feeds and its channels use the metrics up to their caps?

Two engines hear the same events: one with a ward of one rule and three feeds, one with more rules, clocks, feeds, kinds and
channels than the caps of the metrics allow. Each is scraped again and again, in both formats.

No ward reaches every cap at once: what a registry costs in which every label has all its values is measured by the test
`budget` of the engine (`cargo test -p wardline --lib budget -- --nocapture`).

LIMIT: a debug build on whatever else runs here measures slower than a release; figures are printed, and only bounds are
checked: series within the limit, values beyond a cap folded into `other` and counted, no growth by being scraped.

Usage: series.py [--scrapes N]
"""
import http.server, json, re, threading, time

from _shared import Engine, ask, free_port, options, run, until

OPTIONS = options(__doc__, scrapes=200)
CHANNELS = ("phone", "sms", "email", "inbox", "secure_message", "app", "letter", "worklist")
WORDS = {"secure_message": "secure message"}
KINDS = ("lab", "micro", "blood_bank", "pathology", "genetics", "imaging", "cardiology", "pulmonary", "document", "other")
COVERS = ("lab", "radiology", "pathology", "cardiology")
PRIORITIES = ("stat", "urgent", "routine")
STARTS = ("the order is placed", "the specimen is collected", "the specimen is received")
RULES, CLOCKS, FEEDS = 110, 26, 26

SINK = '{name} = {{ kind = "webhook", url = "http://127.0.0.1:{port}/{name}", secret = "file:secret", class = "keyed", inside = true }}\n'


class Gateway(http.server.BaseHTTPRequestHandler):
    """Takes every notice."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def ward(rules, clocks):
    text = 'ward "Series" edition 1\n  zone      America/Chicago\n  uses      pack "starter"\n\n'
    head = '  policy    "S-%d", owner "Tests", review by 2099-12-31\n'
    for number in range(clocks):
        text += 'sla "Clock %02d"\n' % number + head % number
        text += '  covers    %s reports where priority is %s\n' % (COVERS[number % 4], PRIORITIES[number // 4 % 3])
        text += '  starts    when %s\n  stops     when the report is finalised\n  target    %d minutes\n' % (STARTS[number // 12 % 3], 30 + number)
        text += '  breach    tell desk "Operations" by email, severity yellow\n\n'
    for number in range(rules):
        channel = CHANNELS[number % len(CHANNELS)]
        text += 'alert "Rule %03d"\n' % number + head % (100 + number)
        text += '  when      a lab result is verified\n  where     test is potassium and value is above 6.%03d mmol/L\n  missing   test, value: do not match\n  severity  orange\n  page      desk "Operations" by %s\n\n' % (number, WORDS.get(channel, channel))
    return text


def events(feeds):
    """Reports of every kind and priority, final and open ones, said by all feeds in turn."""
    lines, number, now = {}, 0, time.time()
    stamp = lambda ago: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - ago))
    for turn in range(4):
        for kind in KINDS:
            for priority in PRIORITIES:
                number += 1
                feed = "feed%02d" % (number % feeds)
                steps = ["ordered", "collected", "received", "exam_ended", "final"][:5 if turn else 3]
                for place, step in enumerate(steps):
                    event = {"v": 1, "event_id": "%d-%s" % (number, step), "source": feed, "report": {"filler": "F%d" % number}, "step": step, "kind": kind,
                             "priority": priority, "occurred_at": stamp(9000 - 1200 * place), "msg": {"id": "M%d%s" % (number, step), "made_at": stamp(0)}}
                    if step == "final" and (kind, priority, turn) == ("lab", "stat", 1):
                        event.update(test="2823-3", results=[{"code": "2823-3", "num": "9.1", "unit": "mmol/L", "status": "final"}])
                    lines.setdefault(feed, []).append(json.dumps(event))
    return lines


def scrapes(engine, kind):
    """Milliseconds of each scrape, and the last answer."""
    took = []
    for _ in range(OPTIONS.scrapes):
        began = time.perf_counter()
        text = ask(engine.admin, "GET", "/metrics", headers={"accept": kind})[1]
        took.append(1000 * (time.perf_counter() - began))
    return sorted(took), text.decode()


def query_series(port):
    try:
        return [line for line in ask(port, "GET", "/metrics")[1].decode().splitlines() if line and not line.startswith("#")]
    except OSError:
        return []


def measure(check, name, rules, clocks, feeds, port):
    sql = free_port()
    config = '[sql]\nlisten = "127.0.0.1:%d"\npostgres = "127.0.0.1:%d"\n' % (sql, free_port())
    config += "".join('[[feed]]\nname = "feed%02d"\nkind = "http"\n' % number for number in range(feeds)) + '[[channel]]\nname = "default"\n'
    config += "".join(SINK.format(name=channel, port=port) for channel in CHANNELS)
    directory = "".join("Operations,,,%s,+1 555 0100,,,\n" % channel for channel in CHANNELS)
    engine = Engine(config, ward(rules, clocks), directory, [("secret", "whsec_" + "A" * 43 + "=")]).start()
    rest = engine.rss_mib()
    for feed, lines in events(feeds).items():
        status, said = engine.post("/v1/events?feed=" + feed, "\n".join(lines).encode() + b"\n", "application/x-ndjson")
        check.equal("%s: events of %s are taken" % (name, feed), status, 200)
    check.true(name + ": every rule raises", until(lambda: engine.total("wardline_alerts_raised_total") >= rules, 60), engine.total("wardline_alerts_raised_total"))
    until(lambda: engine.total("wardline_outbox_depth") == 0, 30)
    heard = engine.rss_mib()
    # The first scrapes make every child and warm the allocator.
    for _ in range(20):
        engine.get("/metrics", engine.admin)
    warm = engine.rss_mib()
    took, text = scrapes(engine, "text/plain")
    opened, open_text = scrapes(engine, "application/openmetrics-text; version=1.0.0")
    scraped = engine.rss_mib()
    series = [line for line in text.splitlines() if line.startswith("wardline_")]
    part = lambda values, share: values[min(len(values) - 1, int(len(values) * share))]
    print("%-8s rules %d  clocks %d  feeds %d  series %d of %d" % (name, rules, clocks, feeds, len(series), engine.total("wardline_metric_series_limit")))
    print("         RSS MiB: at rest %.1f  events heard %.1f  first scrapes %.1f  after %d more %.1f" % (rest, heard, warm, 2 * OPTIONS.scrapes, scraped))
    for word, took, text in (("text", took, text), ("OpenMetrics", opened, open_text)):
        print("         %-11s %d bytes  scrape ms p50 %.1f  p99 %.1f" % (word, len(text), part(took, 0.5), part(took, 0.99)))
    until(lambda: query_series(sql), 60)
    of_query = len(query_series(sql))
    print("         query process: %d series more" % of_query)
    check.true(name + ": both processes together are within the limit", 0 < of_query and len(series) + of_query <= engine.total("wardline_metric_series_limit"), of_query)
    folded = engine.metrics("wardline_label_overflow_total")
    check.true(name + ": series are within the limit", len(series) <= engine.total("wardline_metric_series_limit"), len(series))
    check.true(name + ": being scraped costs no memory", scraped - warm < 24, "%.1f MiB" % (scraped - warm))
    return len(series), folded, series, warm


def main(check):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    few, folded, _, small = measure(check, "small", 1, 1, 3, server.server_port)
    own = sum(value for labels, value in folded.items() if dict(labels)["label"] in ("rule", "clock", "feed"))
    check.equal("small: its rules, clocks and feeds have names of their own", own, 0)
    many, folded, series, large = measure(check, "full", RULES, CLOCKS, FEEDS, server.server_port)
    print("between  %d series and %.1f MiB" % (many - few, large - small))
    for label, what in (("rule", "wardline_alerts_raised_total"), ("clock", "wardline_clocks_open"), ("feed", "wardline_events_total"), ("interval", "wardline_turnaround_seconds_count")):
        check.true("%s beyond its cap is shown as other" % label, any(re.match(r'%s\{.*%s="other"' % (what, label), line) for line in series))
        check.true("%s beyond its cap is counted" % label, sum(value for labels, value in folded.items() if ("label", label) in labels) > 0, folded)
    server.shutdown()


run(main, minutes=6)
