"""Bits of a real data directory are changed one at a time: does `wardline verify` find each? [F5, K5]

The tests of the store change ten thousand bits of a small directory; here a real engine wrote it, and a real process reads it.
"""
import os, random, subprocess, time

from _shared import BIN, until
from ground import Feeder, Sink, engine, row


def main(check, flips=200, seed=1):
    sink = Sink()
    made = engine(sink)
    for _ in range(2):
        made.start(seconds=120)
        feeder = Feeder(check, made, every=0, batch=100)
        until(lambda: len(feeder.acked) >= 2_000, 60)
        feeder.stop()
        made.stop()
    check.equal("whole before", made.verify()[0], 0)
    dice, missed = random.Random(seed), []
    places = written(made.path("data"))
    for _ in range(flips):
        path, offset = dice.choice(places)
        flip(path, offset, 1 << dice.randrange(8), dice)
        code = subprocess.run([BIN, "verify", "--data", made.path("data")], capture_output=True, timeout=120).returncode
        if code == 0:
            missed.append((path, UNDO[1]))
        undo()
    check.equal("every changed bit is found", missed, [])
    check.equal("whole after", made.verify()[0], 0)
    row("bit rot", "bits changed in a real directory, not found", "%d, %d" % (flips, len(missed)), "0", not missed)
    made.clean()
    sink.server.shutdown()


def written(data):
    """Blocks that hold something, of every file that is read: segments are mostly room for what comes."""
    found = []
    for folder in ("log", "ckpt", "dead"):
        for home, _, names in os.walk(os.path.join(data, folder)):
            for name in (name for name in names if not name.endswith(".prep")):
                path = os.path.join(home, name)
                with open(path, "rb") as file:
                    offset = 0
                    while block := file.read(4096):
                        if block.strip(b"\0"):
                            found.append((path, offset))
                        offset += len(block)
    return found


UNDO = [None, None, None]


def flip(path, block, mask, dice):
    with open(path, "r+b") as file:
        file.seek(0, 2)
        offset = min(block + dice.randrange(4096), file.tell() - 1)
        file.seek(offset)
        before = file.read(1)
        file.seek(offset)
        file.write(bytes([before[0] ^ mask]))
    UNDO[:] = [path, offset, before]


def undo():
    path, offset, before = UNDO
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(before)
