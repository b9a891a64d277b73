"""An engine that stands still: does the monitor hear of it, and does what fell due meanwhile go out at once? [F12, F23, K9]"""
import os, signal, time

from _shared import until
from ground import Feeder, Sink, engine, lost, row, say


def main(check, rounds=3, seconds=40):
    sink = Sink()
    made = engine(sink, wait=4)
    made.start(seconds=120)
    check.true("heartbeats come", until(lambda: sink.notices("/heartbeat"), 30))
    feeder = Feeder(check, made)
    overdue, silences = [], []
    for number in range(rounds):
        place = 900_000_000 + number
        say(made, place)
        check.true("the first page goes out", until(lambda: place in sink.places("/first"), 20))
        stopped = time.monotonic()
        os.kill(made.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        during = [seen.at for seen in sink.notices("/heartbeat") if seen.at > stopped + 1]
        check.equal("no heartbeat comes from an engine that stands still", len(during), 0)
        silences.append(time.monotonic() - max(seen.at for seen in sink.notices("/heartbeat")))
        os.kill(made.process.pid, signal.SIGCONT)
        going = time.monotonic()
        check.true("what fell due goes out", until(lambda: place in sink.places("/second"), 30))
        overdue.append(sink.places("/second").get(place, time.monotonic()) - going)
        check.true("heartbeats come again", until(lambda: any(seen.at > going for seen in sink.notices("/heartbeat")), 30))
        check.true("events are taken again", until(lambda: feeder.last == 200, 30))
    feeder.stop()
    check.true("every critical is paged", until(lambda: not feeder.criticals() - set(sink.places("/second")), 60), sorted(feeder.criticals() - set(sink.places("/second")))[:5])
    unmarked, repeats = sink.unmarked_repeats()
    check.equal("no unmarked repeats", unmarked, [])
    check.equal("a clean stop ends with 0", made.stop(), 0)
    check.equal("verify finds nothing", made.verify()[0], 0)
    missing = lost(made, feeder.acked)
    check.equal("nothing that was acknowledged is lost", missing, [])
    row("stop of %d s" % seconds, "overdue red page after SIGCONT, at most", "%.2f s" % max(overdue), "<= 2 s", max(overdue) <= 2)
    check.true("overdue red pages start within two seconds", max(overdue) <= 2, overdue)
    row("stop of %d s" % seconds, "heartbeat stays out for", "%.0f s" % max(silences), "the whole stop", True)
    row("stop of %d s" % seconds, "acknowledged, lost; repeats, unmarked", "%d, %d; %d, %d" % (len(feeder.acked), len(missing), repeats, len(unmarked)), "0 lost, 0 unmarked", not missing and not unmarked)
    made.clean()
    sink.server.shutdown()
