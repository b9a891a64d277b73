#!/usr/bin/env python3
"""Chaos: what does a real engine do when the machine, the clock or the receivers misbehave? Figures beside their bars.

  disk full        a volume without a byte left, filled and freed again
  stop             the process stands still while waits fall due
  receiver drops   takes a notice and loses the answer, with kills of the engine
  wall             the machine's clock jumps by hours and years
  bit rot          bits of a real directory change

Usage: run.py [--only full,stops,receivers,wall,flips] [--scale 1]      a larger scale tries longer and more often
"""
import os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ground, flips, full, receivers, stops, wall
from _shared import options, run

FAULTS = ["full", "stops", "receivers", "wall", "flips"]


def all_of_them(check, only=FAULTS, scale=1, seed=1):
    if "full" in only:
        full.main(check, points=max(1, round(6 * scale)), hold=5)
    if "stops" in only:
        stops.main(check, rounds=max(1, round(2 * scale)), seconds=30 if scale >= 1 else 8)
    if "receivers" in only:
        receivers.main(check, seconds=30 * scale, kills=max(1, round(4 * scale)), seed=seed)
        if scale >= 1:
            receivers.one_hangs(check)
    if "wall" in only:
        wall.main(check, wall.JUMPS if scale >= 1 else wall.JUMPS[:1])
    if "flips" in only:
        flips.main(check, flips=max(10, round(200 * scale)), seed=seed)


def main(check):
    chosen = OPTIONS.only.split(",") if OPTIONS.only else FAULTS
    check.equal("every fault is known", [name for name in chosen if name not in FAULTS], [])
    try:
        all_of_them(check, chosen, OPTIONS.scale, OPTIONS.seed)
    finally:
        print("seed %d" % OPTIONS.seed)
        ground.print_table()


if __name__ == "__main__":
    OPTIONS = options(__doc__, only="", scale=1.0, seed=int(time.time()))
    run(main, minutes=15 * max(1, OPTIONS.scale))
