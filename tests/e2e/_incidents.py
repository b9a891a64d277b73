"""Incidents: what goes wrong in the month, when, and which alert must say so?

A month of a hospital's events comes from wardline-loadtest. Each incident changes what feeds say, or when it arrives, or
what the machine does; the rest of the month is left as it is. Times are hours from midnight before the first day.
"""
import json, random, subprocess
from datetime import datetime, timezone

HOUR = 3600
# Steps of a report from which on it is done in the laboratory or by the radiologist.
DONE = ("analysed", "preliminary", "partial", "dictated", "final", "delivered", "reviewed", "released", "patient_notified", "patient_viewed")


def at(day, hour, minute=0):
    return ((day - 1) * 24 + hour) * HOUR + minute * 60


class Incident:
    """`alert`: any of these must fire. `follows`: others that it accounts for. `after`: hours for which an alert may begin after its end."""

    def __init__(self, name, begin, minutes, alert, follows=(), after=4, deed=None, **more):
        self.name, self.begin, self.end = name, begin, begin + minutes * 60
        self.alert, self.follows, self.after = alert, follows, after
        self.deed, self.more = deed, more

    def holds(self, at):
        return self.begin <= at < self.end


BURN = "WardlineTargetBurn"

# What must be seen.
INCIDENTS = [
    Incident("the radiology feed is silent for two hours", at(3, 9), 120, ["WardlineFeedSilent"], [BURN], deed="silent", feed="ris"),
    Incident("a slow analyser for three hours", at(5, 10), 180, [BURN], after=72, deed="slow", feed="lis", by=(75, 130)),
    Incident("three messages that nobody can read", at(6, 11, 30), 3, ["WardlineDeadLetters"], deed="broken", feed="lis"),
    Incident("a night with a missing clinician", at(8, 1), 240, ["WardlineRedUnanswered", "WardlineEscalationUnresolved"], deed="nobody"),
    Incident("radiology reports held back and released at once", at(9, 8), 600, [BURN], after=72, deed="held", feed="ris"),
    Incident("the gateway for SMS fails", at(11, 9), 150, ["WardlineChannelFailing"], ["WardlineSendSlow"], deed="gateway", channel="sms"),
    Incident("the laboratory's clock is ten minutes ahead", at(12, 14), 90, ["WardlineFeedSkewed"], deed="skew", feed="lis"),
    Incident("Wardline is down for a quarter of an hour", at(13, 3, 10), 15, ["WardlineDown"], ["WardlineCoreStalled", "WardlineQueryDown"], deed="down"),
    Incident("radiology sends what its profile does not fit", at(15, 13), 180, ["WardlineFeedRejects"], ["WardlineDeadLetters", BURN], after=12, deed="unfit", feed="ris"),
    Incident("the laboratory feed is silent on a Sunday night", at(21, 1), 180, ["WardlineFeedSilent"], [BURN], deed="silent", feed="lis"),
    Incident("one blood collector of three is away for a day", at(18, 7), 600, [BURN], after=72, deed="collector", feed="lis", by=(15, 50)),
    Incident("the phone gateway fails at night", at(19, 2), 40, ["WardlineRedNotSent"], ["WardlineChannelFailing", "WardlineSendSlow", "WardlineRedUnanswered", "WardlineEscalationUnresolved"], deed="gateway", channel="phone"),
    Incident("the disk syncs slowly", at(20, 15), 60, ["WardlineFsyncSlow"], ["WardlineTimersLate"], deed="slow disk"),
    Incident("the core stands still", at(23, 4), 6, ["WardlineCoreStalled"], deed="stall"),
    Incident("the volume fills up", at(24, 6), 360, ["WardlineDiskFilling"], deed="filling"),
    Incident("cardiology falls silent while Wardline restarts", at(25, 9, 58), 300, ["WardlineFeedSilent"], deed="silent", feed="cardio"),
    Incident("the query process is gone", at(27, 11), 45, ["WardlineQueryDown"], deed="no query"),
]

# What is usual and must page nobody.
USUAL = [
    Incident("a restart for a new version, 40 seconds", at(4, 12), 1, [], deed="restart"),
    Incident("laboratory messages sent again for two hours", at(10, 10), 120, [], deed="again", feed="lis"),
    Incident("the portal is serviced on a Sunday night, 20 minutes", at(14, 3), 20, [], deed="silent", feed="portal"),
    Incident("the hour that does not exist", at(21, 2), 60, []),
    Incident("Wardline restarts", at(25, 10), 1, [], deed="restart"),
    Incident("a backup fills the volume by a quarter every night", at(1, 0), 30 * 24 * 60, [], deed="backup"),
]


class Told:
    """One line of one feed, and when it arrives."""
    __slots__ = ("at", "feed", "event", "report", "line")

    def __init__(self, at, feed, event, line=None):
        self.at, self.feed, self.event, self.line = at, feed, event, line
        self.report = ".".join(event["event_id"].split(".")[:2]) if event else None


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def stamp(at):
    return datetime.fromtimestamp(int(at), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def generated(loadtest, path, start, days, seed, rate):
    """The month as it would be without any incident."""
    command = [loadtest, "generate", "--profile", "hospital", "--for", "%dd" % days, "--rate", rate, "--seed", str(seed), "--start", start, "--faults", "realistic", "--out", path]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    told, last = [], None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
                last = seconds(event.get("received_at") or event["occurred_at"])
                told.append(Told(last, event["source"].split("-")[-1], event))
            except (ValueError, KeyError):
                # The generator's own unreadable lines; they arrive between their neighbours.
                if last:
                    told.append(Told(last, "lis", None, line))
    return told


def shift(told, by):
    """Says the same so much later."""
    told.at += by
    for name in ("occurred_at", "received_at"):
        if name in told.event:
            told.event[name] = stamp(seconds(told.event[name]) + by)


def by_report(told):
    reports = {}
    for one in told:
        if one.event:
            reports.setdefault(one.report, []).append(one)
    return reports


def delay(incident, told, chance, is_begin, is_late, by):
    """Reports that came to a step in this time reach the later ones so many minutes later."""
    for lines in by_report(told).values():
        begins = [one for one in lines if is_begin(one) and incident.holds(one.at)]
        if begins and chance.random() < incident.more.get("share", 1):
            late = 60 * chance.uniform(*by)
            for one in lines:
                if is_late(one):
                    shift(one, late)


def happen(incident, told, chance):
    """Changes what is said."""
    deed, feed = incident.deed, incident.more.get("feed")
    is_step = lambda one, *steps: one.event is not None and one.event.get("step") in steps
    is_of = lambda one: one.feed == feed and incident.holds(one.at)
    if deed == "silent":
        for place, one in enumerate(filter(is_of, told)):
            one.at = incident.end + place * 0.02
    elif deed == "slow":
        lab = lambda one: one.feed == feed and one.event is not None and one.event.get("kind") == "lab"
        delay(incident, told, chance, lambda one: lab(one) and is_step(one, "received"), lambda one: is_step(one, *DONE), incident.more["by"])
    elif deed == "collector":
        delay(incident, told, chance, lambda one: is_step(one, "ordered") and one.event.get("kind") == "lab", lambda one: not is_step(one, "ordered", "accepted"), incident.more["by"])
    elif deed == "held":
        for lines in by_report(told).values():
            final = next((one for one in lines if is_step(one, "final") and is_of(one)), None)
            if final:
                late = incident.end - final.at
                for one in lines:
                    if one is final or is_step(one, "delivered", "reviewed", "released", "patient_notified", "patient_viewed"):
                        shift(one, late)
    elif deed == "nobody":
        nobody(incident, told, chance)
    elif deed == "gateway" and incident.more["channel"] == "phone":
        some_critical(incident, told)
    elif deed == "broken":
        told.extend(Told(incident.begin + 60 * minute, feed, None, '{"v":1,"event_id":\n') for minute in range(3))
    elif deed == "unfit":
        for one in filter(is_of, told):
            if one.event and chance.random() < 0.4:
                one.line, one.event = json.dumps(one.event)[:-9] + "\n", None
    elif deed == "again":
        told.extend([Told(one.at + 5400, one.feed, dict(one.event)) for one in told if is_of(one) and one.event])


def some_critical(incident, told):
    """In this time at least one laboratory result is critical, early in it."""
    critical = [one for one in told if one.event and one.event.get("step") == "final" and one.event.get("kind") == "lab" and "critical" in one.event.get("flags", ())]
    half = (incident.begin + incident.end) / 2
    if not [one for one in critical if incident.begin <= one.at < half]:
        one = min(critical, key=lambda one: abs(one.at - incident.begin))
        by = incident.begin + 300 - one.at
        for other in by_report(told)[one.report]:
            shift(other, by)


def nobody(incident, told, chance):
    """Nobody answers in this time, and there is something to answer."""
    some_critical(incident, told)
    for one in told:
        if one.event and one.event.get("type") == "answer" and incident.holds(one.at):
            shift(one, incident.end - one.at + chance.uniform(300, 1800))


def planned(loadtest, path, start, days, seed, rate, midnight):
    """Everything that is said in the month, by when it arrives."""
    told = generated(loadtest, path, start, days, seed, rate)
    chance = random.Random(seed)
    for incident in INCIDENTS + USUAL:
        incident.begin += midnight
        incident.end += midnight
        happen(incident, told, chance)
    # While Wardline is down senders keep what they have, and send it when it is back.
    for incident in INCIDENTS + USUAL:
        if incident.deed in ("down", "restart"):
            for one in told:
                if incident.holds(one.at):
                    one.at = incident.end + (one.at - incident.begin) / 100
    told.sort(key=lambda one: one.at)
    return told


def write(told, path, until):
    """As `wardline try` reads it: log time is when it arrives."""
    with open(path, "w") as file:
        for one in told:
            if one.at >= until:
                break
            if one.event:
                one.event["received_at"] = stamp(one.at)
                file.write(json.dumps(one.event) + "\n")
            else:
                file.write(one.line)
