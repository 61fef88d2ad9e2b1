"""``python -m taskcheck``."""

import sys

from taskcheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
