#!/usr/bin/env python3
"""Chaos, in short: one full volume, one stop, one receiver that drops and one jump of the clock, each once. `just chaos` has more of each. [F3, F9, F11, F12]"""
import os, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "chaos"), HERE]
import ground, full, receivers, stops, wall
from _shared import run


def main(check):
    try:
        full.main(check, points=1, hold=2)
        stops.main(check, rounds=1, seconds=6)
        receivers.main(check, seconds=6, kills=1, classes=["keyed"])
        wall.main(check, ["+315360000s"])
    finally:
        ground.print_table()


if __name__ == "__main__":
    run(main, minutes=5)
