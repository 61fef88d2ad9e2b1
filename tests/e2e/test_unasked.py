"""What only a forge can tell isn't held against a run that doesn't ask it, nor taken for settled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran, taskcheck
from tests.e2e.forge import Forge, forge, pull
from tests.e2e.test_online import IN_REVIEW, found, online, task

pytest.importorskip("cachecontrol", reason="the extra [online] isn't installed")

CONFIG = "[people]\ndave-fowler = []\n"
SUPPRESS = '[[suppress]]\nrule = "merged-not-completed"\ntask = "in-review"\nreason = "waits for the release"\n'
MERGED = {"acme/shop#12": pull("merged")}
SELECT = ("--select", "merged-not-completed,done-with-open-pr,unused-suppression")


@pytest.fixture
def squashed(store: Callable[..., Path]) -> Path:
    """A task in review, of which its forge alone knows that it was merged."""
    return store({"taskcheck.toml": CONFIG, IN_REVIEW: task("in_review", 12)})


def unasked(root: Path, *arguments: str) -> Ran:
    return taskcheck(*SELECT, *arguments, "--format", "json", cwd=root)


def asked(root: Path, made: Forge, *arguments: str) -> Ran:
    return online(root, made, *SELECT, *arguments, "--format", "json", GH_TOKEN="gho_secret")


def test_strict_passes_over_a_forge_that_nobody_asked_and_one_that_is_silent(squashed: Path) -> None:
    offline = unasked(squashed, "--strict")
    assert (offline.code, [row["rule"] for row in offline.json["skipped"]]) == (0, ["done-with-open-pr"])
    with forge({}) as made:
        silent = asked(squashed, made, "--strict")
    assert silent.json["notices"]
    assert silent.code == 0


def test_strict_still_fails_where_a_rule_that_asks_forges_cannot_look_for_another_reason(
    store: Callable[..., Path],
) -> None:
    root = store({"taskcheck.toml": CONFIG, IN_REVIEW: task("in_review", 12)}, repository=False)
    ran = unasked(root, "--strict")
    assert "merged-not-completed" in {row["rule"] for row in ran.json["skipped"]}
    assert ran.code == 1


def test_a_baseline_keeps_what_only_the_forge_shows(squashed: Path) -> None:
    with forge(MERGED) as made:
        assert asked(squashed, made, "--baseline", "b.toml", "--update-baseline").code == 0
        written = (squashed / "b.toml").read_text()
        assert "merged-not-completed" in written
        assert asked(squashed, made, "--baseline", "b.toml").code == 0
    offline = unasked(squashed, "--baseline", "b.toml", "--update-baseline")
    assert (offline.code, (squashed / "b.toml").read_text()) == (0, written)
    with forge({"acme/shop#12": pull("open")}) as made:
        asked(squashed, made, "--baseline", "b.toml", "--update-baseline")
    assert "merged-not-completed" not in (squashed / "b.toml").read_text()


def test_a_suppression_of_what_only_the_forge_shows_is_used(squashed: Path) -> None:
    (squashed / "taskcheck.toml").write_text(CONFIG + SUPPRESS)
    assert found(unasked(squashed)) == {}
    with forge(MERGED) as made:
        assert found(asked(squashed, made)) == {}
    with forge({}) as made:
        assert found(asked(squashed, made)) == {}
    with forge({"acme/shop#12": pull("open")}) as made:
        told = asked(squashed, made).json["incidents"]
    assert [finding["rule"] for incident in told for finding in incident["findings"]] == ["unused-suppression"]
