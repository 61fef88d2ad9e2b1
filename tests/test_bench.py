"""The benchmarks begin: what they measure is nobody's test, but what they take from each other has to be there."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPTS = sorted((ROOT / "bench").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_benchmark_finds_what_it_imports(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(script.parent))
    before = set(sys.modules)
    try:
        assert callable(runpy.run_path(str(script), run_name="looked at")["main"])
    finally:
        for name in set(sys.modules) - before:
            del sys.modules[name]
