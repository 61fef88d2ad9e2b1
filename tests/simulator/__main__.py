"""Show one fleet again: ``python -m tests.simulator SEED [FAULT...] [--build DIR]``."""

import argparse
import sys
from pathlib import Path

from tests.simulator.disk import build
from tests.simulator.faults import FAULTS, struck
from tests.simulator.verdict import complaints, judged, lines

parser = argparse.ArgumentParser(prog="python -m tests.simulator", description="Show one fleet of the simulator.")
parser.add_argument("seed", type=int)
parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(sorted(FAULTS))}")
parser.add_argument("--build", type=Path, metavar="DIR", help="build it with real git in a new folder")
parser.add_argument("--size", type=int, help="how many tasks it has beside those that faults strike")
arguments = parser.parse_args()
world, expected = struck(arguments.seed, arguments.faults, arguments.size)
found = judged(world)
told = [f"now: {world.now:%Y-%m-%dT%H:%M:%SZ}", *lines(found)]
told += [f"expected: {one}" for one in expected]
told += [f"WRONG: {one}" for one in complaints(found, expected)]
if arguments.build:
    told.append(f"built: {build(world, arguments.build)}")
sys.stdout.write("\n".join([*told, ""]))
