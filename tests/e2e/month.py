#!/usr/bin/env python3
"""Month: which alert sees which incident of a hospital's month, how soon, and who is paged for nothing?

  wardline-loadtest ─► events ─► incidents ─► wardline try ─► figures of each minute ─► a real Prometheus ─► alert rules
  a hospital's month             planted      the real core                             grafana/rules

Days with weekends, a holiday and, three weeks on, the change to summer time, and the incidents of _incidents.py: the first
nine of thirty unless more are asked for (`just month`: all, in minutes and 3 GB). Decisions are those
of the shipped core over the month's events; figures are counted from them; rules are asked of a real Prometheus that holds
the whole month. A page is an alert with severity critical that begins, a ticket one with severity warning. One that no
incident accounts for is false, unless it states a fact: a critical result that nobody answered for an hour is one.

LIMIT: sending, the machine and the query process are not run here, their figures are set: tests/e2e/grafana.py runs them
for minutes, and `--test sim day` runs the whole engine for two days and a night of simulated time.

Usage: month.py [--days N] [--seed N] [--rate R]
"""
import collections, http.client, json, os, re, socket, subprocess, time, urllib.parse
from datetime import datetime, timezone

import _figures, _incidents
from _incidents import HOUR, INCIDENTS, USUAL
from _shared import BIN, ROOT, folder, free_port, options, run, spawn, until

# `rate`: times the 900,000 reports a year of the profile.
OPTIONS = options(__doc__, days=9, seed=5, rate="0.5x")
# Midnight in Chicago before a Monday, three weeks before the change to summer time.
START, MIDNIGHT = "2026-02-16", 1771221600
# At most so many points in one answer of Prometheus.
POINTS = 10_000
# What nobody may be called for oftener, in a month.
FALSE_PAGES, FALSE_TICKETS = 1, 4


class Prometheus:
    """Holds the samples of the month, with the rules of this repository."""

    def __init__(self, home, samples):
        data, config = os.path.join(home, "data"), os.path.join(home, "prometheus.yml")
        for path in samples:
            subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, data], check=True, capture_output=True, timeout=600)
            os.remove(path)
        with open(config, "w") as file:
            # The rules are read here and not evaluated: the clock of this Prometheus is far from the month.
            file.write('global: {evaluation_interval: 1d}\nrule_files: ["%s/recording.yaml", "%s/alerts.yaml"]\n' % ((os.path.join(ROOT, "grafana/rules"),) * 2))
        self.port = free_port()
        command = ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + data, "--web.listen-address=127.0.0.1:%d" % self.port,
                   "--storage.tsdb.retention.time=20y", "--query.max-samples=200000000", "--query.timeout=20m"]
        with open(os.path.join(home, "prometheus.log"), "w") as log:
            spawn(command, stdout=log, stderr=log)
        if not until(self.is_ready, 60):
            raise SystemExit("Prometheus did not come up")

    def is_ready(self):
        try:
            return self.get("/-/ready")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1200)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ask(self, path, **parameters):
        status, body = self.get("/api/v1/%s?%s" % (path, urllib.parse.urlencode(parameters)))
        answer = json.loads(body)
        if status != 200:
            raise ValueError(answer["error"])
        return answer["data"]

    def rules(self, kind):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"] if rule["type"] == kind]

    def times(self, query, begin, end, step):
        """By series, when the query answers."""
        found = {}
        while begin < end:
            last = min(end, begin + (POINTS - 1) * step)
            for one in self.ask("query_range", query=query, start=begin, end=last, step=step)["result"]:
                labels = tuple(sorted((name, value) for name, value in one["metric"].items() if name not in ("__name__", "job", "instance")))
                found.setdefault(labels, []).extend(at for at, _ in one["values"])
            begin = last + step
        return found


def written_out(query, recorded):
    """A query with what it reads of recorded series in their place: as it would have been at that minute."""
    return re.sub(r"instance_[A-Za-z0-9_:]+", lambda found: "(%s)" % written_out(recorded[found.group()], recorded), query)


class Firing:
    def __init__(self, alert, severity, labels, at):
        self.alert, self.severity, self.labels, self.at = alert, severity, labels, at


def firings(prometheus, begin, end):
    """Every begin of every alert, by time."""
    recorded = {rule["name"]: rule["query"] for rule in prometheus.rules("recording")}
    found = []
    for rule in prometheus.rules("alerting"):
        severity = rule["labels"]["severity"]
        if severity == "none":
            continue
        lasting, keeps = rule["duration"], rule.get("keepFiringFor", 0)
        # Slow rules need no look at every minute.
        step = 300 if lasting >= HOUR else 60
        for labels, times in prometheus.times(written_out(rule["query"], recorded), begin, end, step).items():
            since = last = fired = None
            for at in times:
                if last is None or at - last > step + keeps:
                    since, fired = at, False
                elif at - last > step and not fired:
                    since = at
                last = at
                if not fired and at - since >= lasting:
                    fired = True
                    found.append(Firing(rule["name"], severity, labels, at))
    return sorted(found, key=lambda firing: firing.at)


def accounts_for(incident, firing):
    named = list(incident.alert) + list(incident.follows)
    return any(firing.alert.startswith(name) for name in named) and incident.begin <= firing.at <= incident.end + incident.after * HOUR


def is_fact(month, firing):
    """Whether it says what was so, whatever was planted: within the hour before it."""
    return any(firing.at - HOUR <= at <= firing.at for at in month.facts.get(firing.alert, ()))


def shown(at):
    day, seconds = divmod(at - MIDNIGHT, 86400)
    return "day %2d %02d:%02d" % (day + 1, seconds // HOUR, seconds % HOUR // 60)


def judge(check, month, fired, end):
    print("%-62s %-12s %-26s %9s" % ("incident", "begins", "alert", "seconds"))
    for incident in sorted(INCIDENTS, key=lambda incident: incident.begin):
        if incident.end > end:
            continue
        named = [firing for firing in fired if accounts_for(incident, firing) and any(firing.alert.startswith(name) for name in incident.alert)]
        first = min(named, key=lambda firing: firing.at, default=None)
        print("%-62s %-12s %-26s %9s" % (incident.name, shown(incident.begin), first.alert if first else "MISSED", "%d" % (first.at - incident.begin) if first else ""))
        check.true("an alert sees: " + incident.name, first)
    weeks = (end - MIDNIGHT) / (7 * 86400)
    print("\n%-30s %-9s %7s %8s" % ("alert", "severity", "begins", "a week"))
    for (alert, severity), count in sorted(collections.Counter((firing.alert, firing.severity) for firing in fired).items()):
        print("%-30s %-9s %7d %8.1f" % (alert, severity, count, count / weeks))
    facts = [firing for firing in fired if is_fact(month, firing)]
    false = [firing for firing in fired if firing not in facts and not any(accounts_for(incident, firing) for incident in INCIDENTS)]
    for word, severity, most in (("pages", "critical", FALSE_PAGES), ("tickets", "warning", FALSE_TICKETS)):
        count = lambda firings: sum(firing.severity == severity for firing in firings)
        print("%-8s %4d   false %d   stating a fact that was not planted %d" % (word, count(fired), count(false), count(facts)))
        named = ["%s %s %s" % (shown(firing.at), firing.alert, dict(firing.labels)) for firing in false if firing.severity == severity]
        print("".join("  false: %s\n" % line for line in named), end="")
        check.true("at most %d false %s in the month" % (most, word), len(named) <= most, named)


def main(check):
    loadtest = os.path.join(os.path.dirname(BIN), "wardline-loadtest")
    home, began = folder("month"), time.time()
    path = lambda name: os.path.join(home, name)
    end = MIDNIGHT + OPTIONS.days * 86400
    told = _incidents.planned(loadtest, path("generated.ndjson"), START, OPTIONS.days, OPTIONS.seed, OPTIONS.rate, MIDNIGHT)
    _incidents.write(told, path("events.ndjson"), end)
    command = [BIN, "try", os.path.join(ROOT, "tests/wards/month.ward"), "--events", path("events.ndjson"), "--alerts", path("decided.ndjson"), "--format", "json"]
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=1800).stdout)
    print("events %d  reports %d  alerts %d  %.0f s" % (summary["events"], summary["reports"], summary["alerts"], time.time() - began))
    month = _figures.Month(told, _figures.decisions(path("decided.ndjson")), INCIDENTS + USUAL, MIDNIGHT)
    samples, count = _figures.write(month, home, end)
    print("samples %d  %.0f s" % (count, time.time() - began))
    prometheus = Prometheus(home, samples)
    print("blocks  %.0f s" % (time.time() - began))
    judge(check, month, firings(prometheus, MIDNIGHT + 60, end), end)
    print("%.0f s" % (time.time() - began))


run(main, minutes=60)
