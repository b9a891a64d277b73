"""The machine's clock is set wrong: is any timer early, is any forgotten, and does the engine say that it doubts? [F10, F11, K9]

libfaketime moves what the engine is told of the wall; the clock since boot is asked by a call that it does not see, as on a real machine.
"""
import glob, os, time

from _shared import until
from ground import Sink, engine, row, say

WAIT = 8
JUMPS = ["+3600s", "-3600s", "+315360000s", "-315360000s", "+0 x1.02", "-86300s"]


def library():
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


def main(check, jumps=JUMPS):
    if not library():
        return row("wall clock", "not tried: libfaketime is not installed (Debian: faketime)", "-", "-", True)
    for jump in jumps:
        one(check, jump)


def one(check, jump):
    sink = Sink()
    made = engine(sink, wait=WAIT)
    wall = made.path("wall")
    with open(wall, "w") as file:
        file.write("+0")
    fake = {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": wall, "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    os.environ.update(fake)
    try:
        made.start(seconds=120)
    finally:
        for name in fake:
            del os.environ[name]
    say(made, 900_000_001)
    check.true("a page before the jump", until(lambda: 900_000_001 in sink.places("/first"), 20))
    with open(wall + ".new", "w") as file:
        file.write(jump)
    os.replace(wall + ".new", wall)
    jumped = time.monotonic()
    is_far = abs(float(jump.split("s")[0].split()[0])) > 1
    doubted = until(lambda: state(made, "time") != "ok", 10) if is_far else True
    doubts_after = time.monotonic() - jumped
    check.true("a jump of %s is doubted" % jump, doubted, made.get("/health")[1][:500])
    say(made, 900_000_002)
    check.true("a page in doubt", until(lambda: 900_000_002 in sink.places("/first"), 20))
    both = {900_000_001, 900_000_002}
    check.true("both waits end", until(lambda: both <= set(sink.places("/second")), 2 * WAIT + 20), sorted(sink.places("/second")))
    first, second = sink.places("/first"), sink.places("/second")
    waits = [second.get(place, time.monotonic()) - first.get(place, 0) for place in sorted(both)]
    early, late = min(waits) - WAIT, max(waits) - WAIT
    # The page leaves a little after its notice was made: what is measured between two arrivals may be that much shorter.
    check.true("no wait ends early (%s)" % jump, early >= -0.5, waits)
    check.true("and none late (%s)" % jump, late <= 1.5, waits)
    with open(wall + ".new", "w") as file:
        file.write("+0")
    os.replace(wall + ".new", wall)
    check.true("the doubt ends when the wall is right again", not is_far or until(lambda: state(made, "time") == "ok", 20), made.get("/health")[1][:500])
    unmarked, repeats = sink.unmarked_repeats()
    check.equal("nobody is paged twice", (unmarked, repeats), ([], 0))
    check.equal("a clean stop ends with 0", made.stop(), 0)
    check.equal("verify finds nothing", made.verify()[0], 0)
    row("wall %s" % jump, "doubted after", "%.1f s" % doubts_after if is_far else "not", "<= 5 s", doubts_after <= 5)
    row("wall %s" % jump, "waits of %d s end off by" % WAIT, "%+.2f to %+.2f s" % (early, late), "-0.5 to +1.5 s", early >= -0.5 and late <= 1.5)
    made.clean()
    sink.server.shutdown()


def state(made, name):
    import json
    parts = json.loads(made.get("/health")[1]).get("parts", [])
    return next((part["state"] for part in parts if part["part"] == name), "ok")
