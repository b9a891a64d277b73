"""A volume that is full: do timers go on, is nothing taken that cannot be kept, and does it end by itself? [F3, K3]"""
import os, subprocess, tempfile, time

from _shared import FOLDERS, until
from ground import Feeder, Sink, engine, lost, row, say

MIB = 1 << 20


class Volume:
    """A small file system of its own, that can be filled to the last byte."""

    def __init__(self, mib):
        self.path = tempfile.mkdtemp(prefix="wardline-volume-")
        FOLDERS.append(self.path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=0700" % mib, "wardline-chaos", self.path], capture_output=True, text=True)
        self.is_there = done.returncode == 0

    def fill(self):
        """Takes all that is left."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass

    def free(self):
        os.remove(os.path.join(self.path, "filler"))

    def end(self):
        subprocess.run(["umount", self.path], capture_output=True)


def main(check, points=10, hold=10, mib=192):
    volume = Volume(mib)
    if not volume.is_there:
        # Only root mounts; the simulated disk fills up in the tests of the engine.
        return row("disk full", "not tried: no tmpfs can be mounted here", "-", "-", True)
    try:
        on_volume(check, volume, points, hold)
    finally:
        volume.end()


def on_volume(check, volume, points, hold):
    sink = Sink()
    made = engine(sink, wait=2, data=os.path.join(volume.path, "data"))
    made.start()
    # Its own numbers, so that places of both are told apart.
    feeder = Feeder(check, made, every=0, batch=50, critical=1_000_000_000, padding=40)
    refused_after, back_after, waits, pages = [], [], [], []
    try:
        for point in range(points):
            if not until(lambda: feeder.last == 200, 30):
                raise RuntimeError("it takes no events before the volume is full")
            time.sleep(0.3 + 0.11 * (point % 7))
            # Its waits fall due while the volume is full.
            number = 900_000_000 + point
            said = say(made, number)
            volume.fill()
            filled = time.monotonic()
            check.true("events are refused when there is no room (point %d)" % point, until(lambda: feeder.last == 503, 60), feeder.answers)
            refused_after.append(time.monotonic() - filled)
            check.true("the first page of before goes out", until(lambda: number in sink.places("/first"), 20))
            check.true("and the page whose wait ends while it is full", until(lambda: number in sink.places("/second"), 20))
            first, second = sink.places("/first").get(number, said), sink.places("/second").get(number)
            waits.append((second or time.monotonic()) - first)
            pages.append(first - said)
            check.equal("health says that it is not ready", made.get("/health/ready")[0], 503)
            limit = time.monotonic() + hold
            while time.monotonic() < limit:
                check.true("nothing is taken meanwhile", feeder.last != 200, feeder.answers)
                time.sleep(0.2)
            volume.free()
            freed = time.monotonic()
            check.true("events are taken again by itself", until(lambda: feeder.last == 200, 30))
            back_after.append(time.monotonic() - freed)
    finally:
        feeder.stop()
    check.equal("a clean stop ends with 0", made.stop(), 0)
    code, said = verify(volume)
    check.equal("verify finds nothing", code, 0)
    missing = lost_on(volume, feeder.acked)
    check.true("nothing that was acknowledged is lost", not missing, missing[:5])
    row("disk full", "events acknowledged, lost", "%d, %d" % (len(feeder.acked), len(missing)), "0 lost", not missing)
    row("disk full", "refused with 503 after, at most", "%.1f s" % max(refused_after), "-", True)
    late = max(waits) - 2
    row("disk full", "a wait of 2 s ends late by, at most", "%.2f s" % late, "<= 1 s", late <= 1)
    check.true("timers are not late while it is full", late <= 1, waits)
    row("disk full", "takes again after room is back, at most", "%.1f s" % max(back_after), "<= 5 s", max(back_after) <= 5)
    check.true("it takes again within five seconds", max(back_after) <= 5, back_after)
    row("disk full", "answers to the feeder", dict(feeder.answers), "-", True)
    made.clean()
    sink.server.shutdown()


def verify(volume):
    from _shared import wardline
    code, out, err = wardline("verify", "--data", os.path.join(volume.path, "data"))
    return code, out + err


def lost_on(volume, acked):
    class There:
        @staticmethod
        def disk():
            home = os.path.join(volume.path, "data", "log", "p000")
            return b"".join(open(os.path.join(home, name), "rb").read() for name in sorted(os.listdir(home)) if name.endswith(".wlog"))
    return lost(There, acked)
