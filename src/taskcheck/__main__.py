"""``python -m taskcheck``."""

import os
import sys

# `python -m` puts the current folder first: a git.py in the repository under check would be run as ours.
if not sys.flags.safe_path and sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109 - compared as text
    del sys.path[0]

from taskcheck.cli import console

if __name__ == "__main__":
    console()
