"""Prints the oldest version of each dependency that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

BOUND = re.compile(r"(?P<name>[\w.-]+)>=(?P<oldest>[\w.]+),<[\w.]+")


def oldest(text: str) -> list[str]:
    """Return what a project asks for, each with its lower bound for a version.

    Raises:
        ValueError: a dependency has no lower bound, or no upper one.
    """
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return [pinned(line) for line in lines]


def pinned(line: str) -> str:
    """Return a dependency at its lower bound."""
    bound = BOUND.fullmatch(line)
    if bound is None:
        raise ValueError(f"{line} has no bounds on both sides")
    return f"{bound['name']}=={bound['oldest']}"


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    print("\n".join(oldest((root / "pyproject.toml").read_text(encoding="utf-8"))))
