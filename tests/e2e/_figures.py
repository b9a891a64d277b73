"""Figures: what would a scrape of each minute of the month show?

What is about care follows from decisions of the real core (`wardline try --alerts`) and from what feeds said, counted as
engine/src/runtime/figures.rs, metrics.rs and metrics/rhythm.rs count it. What is about the machine is set by hand: its
incidents are levels (a disk, a tick, a port), not decisions.
"""
import bisect, collections, json, os, re

from _incidents import HOUR, seconds
from _shared import ROOT

# Of tests/wards/month.ward: which share should be met, and the target.
OBJECTIVES = {"STAT lab": 0.8, "Routine lab": 0.8, "STAT collection": 0.8, "STAT imaging": 0.85}
TARGETS = {"STAT lab": HOUR, "Routine lab": 8 * HOUR, "STAT collection": 1800, "STAT imaging": 4 * HOUR}
LEVELS = ("red", "orange", "yellow")
SEND = (0.1, 1, 5, 10, 30, 60, 300)
# engine/core/src/outbox/schedule.rs: first and longest pause between attempts, by level.
PAUSES = {"red": (1, 30), "orange": (5, 300), "yellow": (30, 1800)}
GROUPS = {"stat": "stat", "asap": "urgent", "urgent": "urgent", "timed": "urgent", "preop": "urgent", "callback": "urgent", "routine": "routine"}
DISK = 500e9
# The job that scrapes the query process, where it is not the engine's.
QUERY = ("job", "wardline-query", "instance", "month-query")


def limit(name):
    with open(os.path.join(ROOT, "engine/src/limits.rs")) as file:
        return int(re.search(r"%s: usize = (\d+)" % name, file.read()).group(1))


class Rhythm:
    """As engine/src/metrics/rhythm.rs."""
    KEPT, NEEDED = limit("GAPS_KEPT"), limit("GAPS_NEEDED")

    def __init__(self):
        self.last, self.hours = None, [collections.deque(maxlen=self.KEPT) for _ in range(24)]

    def heard(self, at):
        last, self.last = self.last, at
        if last is not None and last < at:
            self.hours[int(last // HOUR) % 24].append(at - last)

    def usual(self):
        gaps = self.hours[int(self.last // HOUR) % 24] if self.last else ()
        if len(gaps) < self.NEEDED:
            gaps = [gap for hour in self.hours for gap in hour]
        if len(gaps) < self.NEEDED:
            return None
        return sorted(gaps)[-(-len(gaps) * 99 // 100) - 1]


class Skew:
    """As `clock_of_feed` of engine/src/metrics.rs: how far a feed's clock is ahead at most, of the last ten to twenty minutes."""

    def __init__(self, at, ahead):
        self.since, self.now, self.before = at, ahead, None

    def heard(self, at, ahead):
        if at - self.since > 600:
            self.since, self.now, self.before = at, ahead, self.now
        self.now = max(self.now, ahead)

    def shown(self):
        return self.now if self.before is None else max(self.now, self.before)


class Process:
    """What one process of the engine counts; a restart begins at 0."""

    def __init__(self, clocks):
        self.counters = collections.Counter()
        self.rhythms, self.skews = {}, {}
        for clock in clocks:
            for outcome in ("met", "breached"):
                self.counters["wardline_clock_outcomes_total", ("clock", clock, "outcome", outcome)] = 0
        for level in LEVELS:
            for outcome in ("answered", "closed", "withdrawn", "cleared", "unresolved"):
                self.counters["wardline_alerts_closed_total", ("level", level, "outcome", outcome)] = 0

    def add(self, name, *labels, by=1):
        self.counters[name, labels] += by

    def begin_channel(self, channel):
        for result in ("delivered", "failed_soft", "failed_hard", "ambiguous", "expired"):
            self.add("wardline_notices_total", "channel", channel, "result", result, by=0)

    def observe(self, name, value, bounds, *labels):
        for bound in bounds:
            self.add(name + "_bucket", *labels, "le", "%g" % bound, by=int(value <= bound))
        self.add(name + "_bucket", *labels, "le", "+Inf")


class Month:
    """All that was told and decided, moved on minute by minute."""

    def __init__(self, told, decided, incidents, midnight):
        self.told, self.decided, self.incidents, self.midnight = told, decided, incidents, midnight
        self.process = Process(OBJECTIVES)
        # Alerts without an answer: by level, when each was raised. Reports that are open: when they began, kind and priority.
        self.unanswered, self.open = {level: {} for level in LEVELS}, {}
        self.done, self.red, self.deeds, self.letters = set(), {}, [], 0
        self.outbox, self.busy, self.checkpoint = {level: {} for level in LEVELS}, 0, midnight
        self.next_told = self.next_decided = 0
        # Facts that page by themselves: what nobody answered within the hour, what nobody could read, stat reports that were forgotten.
        self.facts = collections.defaultdict(list)

    def running(self, deed, at):
        return [one for one in self.incidents if one.deed == deed and one.holds(at)]

    def go(self, until):
        """Up to this minute."""
        while self.next_told < len(self.told) and self.told[self.next_told].at < until:
            self.hear(self.told[self.next_told])
            self.next_told += 1
        while self.next_decided < len(self.decided) and self.decided[self.next_decided][0] < until:
            self.decide(*self.decided[self.next_decided])
            self.next_decided += 1
        while self.deeds and self.deeds[0][0] < until:
            self.attempt(*self.deeds.pop(0)[1:])

    def hear(self, one):
        process, feed = self.process, one.feed
        process.rhythms.setdefault(feed, Rhythm()).heard(one.at)
        self.busy += 1
        if one.event is None:
            process.add("wardline_events_total", "feed", feed, "disposition", "dead_lettered")
            process.add("wardline_dead_letters_total", "reason", "not_json")
            self.facts["WardlineDeadLetters"].append(one.at)
            return
        process.add("wardline_events_total", "feed", feed, "disposition", "applied")
        ahead = 600 if [skew for skew in self.running("skew", one.at) if skew.more["feed"] == feed] else -2
        # What waited in a queue was made before.
        skew = process.skews.get(feed)
        if skew is None:
            process.skews[feed] = Skew(one.at, ahead)
        else:
            skew.heard(one.at, ahead)
        step = one.event.get("step")
        if step in ("final", "cancelled", "entered_in_error"):
            self.done.add(one.report)
            self.open.pop(one.report, None)
        elif step and one.report not in self.done:
            begun = seconds(one.event["occurred_at"])
            priority = GROUPS.get(one.event.get("priority"), "unknown")
            self.open[one.report] = (min(begun, self.open.get(one.report, (begun,))[0]), one.event.get("kind", "other"), priority)

    def decide(self, at, line):
        process, change, level = self.process, line["transition"], line.get("severity")
        rule = line["rule"].split("/", 1)[1]
        if "channel" in line:
            process.begin_channel(line["channel"])
            if change == "ready":
                self.outbox[level][line["nid"]] = at
                self.attempt(at, at, 0, level, line["channel"], line["nid"])
        elif change in ("met", "breached"):
            process.add("wardline_clock_outcomes_total", "clock", rule, "outcome", change)
        elif change == "raised":
            self.unanswered[level][line["report"], rule] = at
        elif change in ("answered", "closed", "withdrawn", "cleared", "unresolved"):
            began = self.unanswered[level].get((line["report"], rule))
            if change == "unresolved":
                self.facts["WardlineEscalationUnresolved"].append(at)
            elif began is not None:
                del self.unanswered[level][line["report"], rule]
            if change == "unresolved" or began is not None:
                process.add("wardline_alerts_closed_total", "level", level, "outcome", change)

    def attempt(self, at, due, number, level, channel, nid):
        """One try to send; a gateway that fails is tried again after longer and longer pauses."""
        fails = [one for one in self.running("gateway", at) if one.more["channel"] == channel]
        result = "failed_soft" if fails else "delivered"
        self.process.add("wardline_notices_total", "channel", channel, "result", result)
        if fails:
            first, longest = PAUSES[level]
            again = at + 0.75 * min(first * 2 ** number, longest)
            bisect.insort(self.deeds, (again, again, due, number + 1, level, channel, nid))
            return
        self.outbox[level].pop(nid, None)
        self.process.observe("wardline_notice_send_seconds", at - due + 1.5, SEND, "channel", channel)

    # ---- a scrape -------------------------------------------------------------------------------------------------------

    def scrape(self, at):
        """Name, labels and value of everything that rules read, at this minute."""
        if self.running("down", at) or self.running("restart", at):
            # What feeds said before is known from the core's state.
            rhythms, self.process = self.process.rhythms, Process(OBJECTIVES)
            self.process.rhythms = rhythms
            yield "up", (), 0
            yield "up", QUERY, 0
            return
        yield "up", (), 1
        yield "up", QUERY, 0 if self.running("no query", at) else 1
        yield from self.machine(at)
        for (name, labels), value in self.process.counters.items():
            yield name, labels, value
        for clock, share in OBJECTIVES.items():
            yield "wardline_clock_objective_ratio", ("clock", clock), share
            yield "wardline_clock_target_seconds", ("clock", clock), TARGETS[clock]
        for level in LEVELS:
            yield "wardline_oldest_unanswered_alert_timestamp_seconds", ("level", level), min(self.unanswered[level].values(), default=0)
            yield "wardline_oldest_outbox_timestamp_seconds", ("level", level), min(self.outbox[level].values(), default=0)
        for feed, rhythm in self.process.rhythms.items():
            yield "wardline_feed_last_event_timestamp_seconds", ("feed", feed), rhythm.last
            usual = rhythm.usual()
            if usual is not None:
                yield "wardline_feed_usual_gap_seconds", ("feed", feed), usual
        for feed, skew in self.process.skews.items():
            yield "wardline_feed_clock_skew_seconds", ("feed", feed), skew.shown()
        oldest = {}
        for begun, kind, priority in self.open.values():
            oldest[kind, priority] = min(begun, oldest.get((kind, priority), begun))
        for (kind, priority), begun in oldest.items():
            if priority == "stat" and at - begun > 12 * HOUR:
                self.facts["WardlineStatForgotten"].append(at)
            yield "wardline_oldest_open_report_timestamp_seconds", ("kind", kind, "priority", priority), begun
        if min(self.unanswered["red"].values(), default=at) < at - HOUR:
            self.facts["WardlineRedUnanswered"].append(at)

    def machine(self, at):
        process, busy = self.process, max(self.busy, 1)
        self.busy = 0
        stalled = self.running("stall", at)
        slow = bool(self.running("slow disk", at))
        for bound in (0.01, 0.1, 0.25, 1, 5, "+Inf"):
            label = bound if bound == "+Inf" else "%g" % bound
            is_in = not slow or bound == "+Inf" or bound > 0.1
            process.add("wardline_log_fsync_duration_seconds_bucket", "le", label, by=60 if is_in else 55)
            process.add("wardline_timer_lateness_seconds_bucket", "le", label, by=busy)
        for name in ("wardline_wall_clock_steps_total", "wardline_flush_failures_total"):
            process.add(name, by=0)
        for lane in ("critical", "routine", "bulk"):
            process.add("wardline_shed_total", "lane", lane, by=0)
        if at - self.checkpoint >= 900 and not stalled:
            self.checkpoint = at
        filling = self.running("filling", at)
        used = 0.35 * DISK + 2e9 * (at - self.midnight) / 86400
        used += sum(0.5 * DISK * min(1, (at - one.begin) / (one.end - one.begin)) for one in filling)
        used += self.backup(at)
        yield "wardline_core_tick_timestamp_seconds", (), stalled[0].begin if stalled else at
        yield "wardline_checkpoint_timestamp_seconds", (), self.checkpoint
        yield "wardline_covered_timestamp_seconds", (), at - at % HOUR
        yield "wardline_disk_size_bytes", (), DISK
        yield "wardline_disk_free_bytes", (), DISK - used
        yield "wardline_storage_failed", (), 0
        yield "wardline_audit_missing_entries", (), 0
        yield "wardline_follower_connected", (), 0 if self.running("no query", at) else 1
        yield "wardline_snapshot_timestamp_seconds", (), at - 1
        yield "wardline_metric_series", (), 600
        yield "wardline_metric_series_limit", (), 2500
        yield "wardline_rules", ("state", "quarantined"), 0
        yield "wardline_ledger_imbalance", ("equation", "notices"), 0

    def backup(self, at):
        """From two to three every night a quarter of the volume is written, and removed at four."""
        if not self.running("backup", at):
            return 0
        hour = (at - self.midnight) % 86400 / HOUR
        return 0.25 * DISK * min(1, hour - 2) if 2 <= hour < 4 else 0


def decisions(path):
    """The transitions of the backtest, by time."""
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    return sorted(((seconds(line["at"]), line) for line in lines), key=lambda one: one[0])


def write(month, home, until, step=60):
    """Every minute of the month as OpenMetrics, in files of six hours, as promtool reads a file once for every block of two: the files, and how many samples."""
    own, count, names, files, file = 'job="wardline",instance="month"', 0, {}, [], None
    at = month.midnight
    while at < until:
        at += step
        if file is None or at % (6 * HOUR) == 0:
            files.append(os.path.join(home, "samples-%d.txt" % at))
            if file:
                file.write("# EOF\n")
                file.close()
            file = open(files[-1], "w")
        month.go(at)
        for name, labels, value in month.scrape(at):
            shown = names.get((name, labels))
            if shown is None:
                pairs = ",".join('%s="%s"' % pair for pair in zip(labels[::2], labels[1::2]))
                shown = names[name, labels] = "%s{%s}" % (name, pairs if labels[:1] == ("job",) else ",".join(filter(None, (own, pairs))))
            file.write("%s %.10g %d\n" % (shown, value, at))
            count += 1
    file.write("# EOF\n")
    file.close()
    return files, count
