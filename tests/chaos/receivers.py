"""Receivers that take a notice and then drop the connection, fail, hang or refuse: is everybody told, and told when it may be a repeat? [F8, F9, K8]"""
import random, time

from _shared import until
from ground import Feeder, Sink, engine, lost, row

CLASSES = ["keyed", "none"]


def main(check, seconds=40, kills=4, seed=1, classes=CLASSES):
    for kind in classes:
        commit_then_drop(check, kind, seconds, kills, random.Random(seed))


def commit_then_drop(check, kind, seconds, kills, dice):
    """With p = 0.2 the answer is lost after the notice was taken, with p = 0.1 it is refused; the engine is killed meanwhile."""
    sink = Sink()
    sink.behave = lambda path: dice.choices(["ok", "drop", "500", "429", "refuse", "late"], [60, 12, 8, 5, 5, 10])[0]
    made = engine(sink, wait=2, kind=kind)
    made.start(seconds=120)
    feeder = Feeder(check, made, every=0.05, critical=40)
    for _ in range(kills):
        time.sleep(dice.uniform(0.5, 1.5) * seconds / (kills + 1))
        made.kill()
        made.start(seconds=120)
    time.sleep(seconds / (kills + 1))
    feeder.stop()
    # The receivers are well again: all that is owed comes.
    sink.behave = lambda path: "ok"
    criticals = feeder.criticals()
    missing = lambda: criticals - set(sink.places("/first"))
    check.true("every acknowledged critical was paged (%s)" % kind, until(lambda: not missing(), 90), sorted(missing())[:5])
    overdue = lambda: criticals - set(sink.places("/second"))
    check.true("and its second step too (%s)" % kind, until(lambda: not overdue(), 90), sorted(overdue())[:5])
    unmarked, repeats = sink.unmarked_repeats()
    check.equal("no unmarked repeats (%s)" % kind, unmarked, [])
    check.equal("a clean stop ends with 0", made.stop(), 0)
    gone = lost(made, feeder.acked)
    check.equal("nothing that was acknowledged is lost (%s)" % kind, gone, [])
    check.equal("verify finds nothing", made.verify()[0], 0)
    unknown = sink.answers["drop"] + sink.answers["500"]
    name = "receiver drops (%s)" % kind
    row(name, "criticals, pages missing, steps missing", "%d, %d, %d" % (len(criticals), len(missing()), len(overdue())), "0 missing", not missing() and not overdue())
    row(name, "lost answers, repeats, unmarked", "%d, %d, %d" % (unknown, repeats, len(unmarked)), "0 unmarked", not unmarked)
    row(name, "acknowledged, lost; kills", "%d, %d; %d" % (len(feeder.acked), len(gone), kills), "0 lost", not gone)
    made.clean()
    sink.server.shutdown()


def one_hangs(check, seconds=30):
    """One way hangs for ever: the other is as quick as before. [F8]"""
    sink = Sink(lambda path: "hang" if path == "/first" else "ok")
    made = engine(sink, wait=2)
    made.start(seconds=120)
    feeder = Feeder(check, made, every=0.1, critical=10)
    time.sleep(seconds)
    feeder.stop()
    # Each critical reaches the second way when its wait is over, whatever hangs in the first.
    criticals = feeder.criticals()
    late = lambda: criticals - set(sink.places("/second"))
    check.true("every second step is paged though the first way hangs", until(lambda: not late(), 120), (len(criticals), len(late())))
    row("a way hangs", "criticals, not told by the other way", "%d, %d" % (len(criticals), len(late())), "0", not late())
    made.kill()
    made.clean()
    sink.server.shutdown()
