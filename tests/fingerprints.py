# ruff: noqa: T201 - it tells what it found
"""Prints fixture, rule and fingerprint of each finding in the fixtures; or what became of those of a file.

usage: python tests/fingerprints.py [FILE]

Without FILE it prints the table as it is now, a line each. With one, a table that another revision printed, it says of
how many findings the fingerprint is the same, and lists the others; where there are any, the exit code is 1.
`tests/e2e/of_0_1_0/fingerprints.txt` is what 0.1.0 found, but for what is meant to be found no more.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from taskcheck.checks import check_request  # noqa: E402 - the checkout's own
from taskcheck.testing import build  # noqa: E402
from tests.conftest import FIXTURES, request_for, where_for  # noqa: E402


def lines() -> Iterator[str]:
    """Yield the table's lines."""
    for case in sorted(FIXTURES.glob("*/*-*/repo.toml")):
        name = case.parent.relative_to(FIXTURES).as_posix()
        with tempfile.TemporaryDirectory() as folder:
            built = build(case.parent, Path(folder, "repo"))
            report = check_request(where_for(built), request_for(built))
            for rule, fingerprint in sorted({(each.rule, each.fingerprint) for each in report.findings}):
                yield f"{name} {rule} {fingerprint}"


def main() -> int:
    if not sys.argv[1:]:
        for line in lines():
            print(line, flush=True)
        return 0
    before = Path(sys.argv[1]).read_text().splitlines()
    now = set(lines())
    others = [line for line in before if line not in now]
    print(f"{len(before) - len(others)} of {len(before)} findings have the same fingerprint; {len(now)} are found now")
    for line in others:
        print(f"  {line}")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
