"""Pytest's habits in a check: findings by name or by an expression, and their names listed."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from junitparser import JUnitXml

from taskcheck.model.memory import sealed
from taskcheck.report.matching import MOST_DEPTH, Malformed, matching
from tests.e2e.conftest import install_plugin, taskcheck

TASK = "---\ntitle: T\nowner: {owner}\nstatus: {status}\n{more}---\n"


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    return store({
        "taskcheck.toml": "[people]\nrj = []\n",
        "tasks/a.md": TASK.format(owner="ghost", status="nonsense", more="pr_number: soon\n"),
        "tasks/b.md": TASK.format(owner="rj", status="nonsense", more=""),
        "tasks/c.md": TASK.format(owner="rj", status="ready", more=""),
        "tasks/d::e.md": TASK.format(owner="rj", status="ready", more=""),
    })  # fmt: skip


def found(ran) -> list[str]:
    return sorted(
        f"{incident['task']} {finding['rule']}"
        for incident in ran.json["incidents"]
        for finding in incident["findings"]
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a::role-routing"], ["a role-routing"]),
        (["a::invalid-field"], ["a invalid-field", "a invalid-field"]),
        (["a::invalid-field[pr_number]", "b"], ["a invalid-field"]),
        (["a::invalid-field[pr_number]", "b::invalid-field"], ["a invalid-field", "b invalid-field"]),
        (["b::role-routing"], []),
        (["-k", "routing"], ["a role-routing"]),
        (["-k", "b:: or pr_number"], ["a invalid-field", "b invalid-field"]),
        (["-k", "not (routing or b::) and STATUS"], ["a invalid-field"]),
        (["-k", "task", "b"], ["b invalid-field"]),
        (["d::e"], []),
    ],
    ids=str,
)
def test_findings_are_chosen(root: Path, arguments: list[str], expected: list[str]) -> None:
    ran = taskcheck(*arguments, "--format", "json", cwd=root)
    assert (found(ran), ran.code) == (expected, int(bool(expected)))


def test_names_are_listed_as_junit_and_pytest_have_them(root: Path) -> None:
    listed = taskcheck("--collect-only", cwd=root)
    assert listed.code == 1
    assert listed.out.splitlines() == [
        "repository::rest", "a::invalid-field[pr_number]", "a::invalid-field[status]", "a::role-routing[ghost]",
        "a::rest", "b::invalid-field[status]", "b::rest", "c::rest", "d::e::rest",
    ]  # fmt: skip
    assert taskcheck("--co", "-k", "ghost", cwd=root).out == "a::role-routing[ghost]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-k", "a and"], "-k 'a and' can't be read: a word is missing at its end"),
        (["-k", "(a"], "a parenthesis isn't closed"),
        (["-k", "a b"], "'b' isn't expected there"),
        (["-k", "or a"], "a word is missing before 'or'"),
        (["-k", "not " * 100 + "a"], f"more than {MOST_DEPTH} parentheses"),
        (["x::role-routing"], "no task or file is named 'x'"),
        (["a::role-ruting"], "no task or file is named 'a::role-ruting'; did you mean a::role-routing?\n"),
        (["--fix", "a::role-routing"], "--fix and --diff apply to whole tasks"),
        (["--diff", "-k", "a"], "--fix and --diff apply to whole tasks"),
    ],
    ids=lambda value: value[-1][:20] if isinstance(value, list) else "",
)
def test_what_is_not_one_is_a_usage_error(root: Path, arguments: list[str], said: str) -> None:
    ran = taskcheck(*arguments, cwd=root)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_finding_without_its_cause_leads_to_the_whole(store: Callable[..., Path]) -> None:
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": "---\ntitle: T\nstatus: ready\n---\n"})
    step = taskcheck("a::role-routing", "--format", "json", cwd=root).json["incidents"][0]["next"]
    assert step["kind"] == "edit"


@pytest.mark.parametrize(
    ("arguments", "told", "left_out"),
    [
        (["-x"], ["a"], 1),
        (["--maxfail", "1"], ["a"], 1),
        (["--maxfail", "2"], ["a", "b"], None),
        (["--maxfail", "0"], ["a", "b"], None),
        (["-x", "--maxfail", "3"], ["a", "b"], None),
        (["-x", "--fail-on", "warning"], ["a"], 1),
        (["-x", "--select", "role-routing"], ["a"], None),
        (["-x", "--exit-zero"], ["a"], 1),
        (["-x", "b"], ["b"], None),
    ],
    ids=str,
)
def test_a_report_stops_where_enough_has_failed(
    root: Path, arguments: list[str], told: list[str], left_out: int | None
) -> None:
    ran = taskcheck(*arguments, "--format", "json", cwd=root)
    assert [incident["task"] for incident in ran.json["incidents"]] == told
    assert (ran.json["stopped"] or {}).get("left_out") == left_out
    assert ran.code == (0 if "--exit-zero" in arguments else 1)


def test_what_does_not_fail_stops_nothing(store: Callable[..., Path]) -> None:
    root = store({
        "tasks/a.md": TASK.format(owner="rj", status="nonsense", more=""),
        "tasks/b.md": TASK.format(owner="rj", status="ready", more="pr_number: soon\n"),
        "tasks/c.md": TASK.format(owner="rj", status="nonsense", more=""),
        "taskcheck.toml": '[rules.severity]\ninvalid-field = "warning"\n',
    })  # fmt: skip
    ran = taskcheck("-x", "--format", "json", cwd=root)
    assert (len(ran.json["incidents"]), ran.json["stopped"], ran.code) == (3, None, 0)


@pytest.mark.parametrize("name", ["text", "concise", "markdown", "agent", "github", "sarif", "junit", "json", "jsonl"])
def test_a_report_says_that_it_stops(root: Path, name: str) -> None:
    ran = taskcheck("-x", "--format", name, cwd=root)
    assert "stopped after 1 failing incident" in ran.out
    assert "1 more incident is not shown" in ran.out
    assert (ran.code, "all agree" in ran.out) == (1, False)


def test_who_prints_nothing_is_told_that_a_report_stops(root: Path) -> None:
    ran = taskcheck("-x", "-q", "--output", "gitlab=out.json", cwd=root)
    assert (ran.out, ran.err) == (
        "",
        "taskcheck: stopped after 1 failing incident (--maxfail 1): 1 more incident is not shown\n",
    )


def test_junit_of_a_report_that_stops_passes_nothing_unseen(root: Path) -> None:
    taskcheck("-x", "--output", "junit=out.xml", cwd=root)
    cases = [case for suite in JUnitXml.fromfile(str(root / "out.xml")) for case in suite]
    told = {f"{case.classname}::{case.name}": [type(each).__name__ for each in case.result] for case in cases}
    assert told == {
        "repository::stopped": ["Skipped"],
        "a::invalid-field[pr_number]": ["Failure"],
        "a::invalid-field[status]": ["Failure"],
        "a::role-routing[ghost]": ["Failure"],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-x", "--fix"], "-x and --maxfail can't be combined with"),
        (["--lf", "a::role-routing"], "--lf can't be combined with TASK::RULE"),
        (["--maxfail", "2", "--diff"], "-x and --maxfail can't be combined with"),
        (["-x", "--baseline", "b.json", "--update-baseline"], "no -x, --maxfail or --lf"),
        (["--maxfail", "some"], "'some' isn't a count"),
        (["--maxfail", "-1"], "'-1' isn't a count"),
    ],
    ids=str,
)
def test_what_a_report_can_not_stop_for(root: Path, arguments: list[str], said: str) -> None:
    ran = taskcheck(*arguments, cwd=root)
    assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "taskcheck"


def mend(root: Path, task: str) -> None:
    path = root / "tasks" / f"{task}.md"
    path.write_text(TASK.format(owner="rj", status="ready", more=""))


def test_what_failed_last_is_reported_until_it_is_mended(root: Path, cache: Path) -> None:
    first = taskcheck("--lf", "--format", "json", cwd=root)
    assert first.err == "taskcheck: --lf: no failures of the last check are remembered, so everything is reported\n"
    assert len(found(first)) == 4
    mend(root, "a")
    (root / "tasks" / "c.md").write_text(TASK.format(owner="rj", status="nonsense", more=""))
    again = taskcheck("--lf", "--format", "json", cwd=root)
    assert (found(again), again.code, again.err) == (["b invalid-field"], 1, "")
    mend(root, "b")
    done = taskcheck("--lf", cwd=root)
    assert (done.code, "nothing found" in done.out) == (0, True), "c failed since, and is not what was asked about"
    none = taskcheck("--lf", "--format", "json", cwd=root)
    assert none.err == "taskcheck: --lf: no failures of the last check are remembered, so everything is reported\n"
    assert found(none) == ["c invalid-field"]
    assert found(taskcheck("--last-failed", "--format", "json", cwd=root)) == ["c invalid-field"]


def test_a_check_that_remembers_nothing_or_is_incomplete_keeps_what_failed_before(
    root: Path, cache: Path, tmp_path: Path
) -> None:
    taskcheck(cwd=root)
    before = found(taskcheck("--lf", "--format", "json", cwd=root))
    (root / "tasks" / "c.md").write_text(TASK.format(owner="rj", status="nonsense", more=""))
    assert taskcheck("--no-cache", cwd=root).code == 1
    assert found(taskcheck("--lf", "--format", "json", cwd=root)) == before
    broken = install_plugin(tmp_path / "broken", "import nothing_of_this_name\n")
    assert taskcheck(cwd=root, PYTHONPATH=broken).code == 3
    assert found(taskcheck("--lf", "--format", "json", cwd=root)) == before
    assert taskcheck(cwd=root).code == 1
    assert found(taskcheck("--lf", "--format", "json", cwd=root)) == sorted([*before, "c invalid-field"])


def test_a_check_of_a_part_forgets_nothing_of_the_rest(root: Path, cache: Path) -> None:
    taskcheck(cwd=root)
    everything = found(taskcheck("--lf", "--format", "json", cwd=root))
    for narrow in (
        ["b"], ["-k", "ghost"], ["-x"], ["--owner", "rj"], ["--select", "routing"], ["--ignore", "task"],
        ["--gate", "commit"], ["--no-cache"], ["a::role-routing"], ["--diff"],
    ):  # fmt: skip
        taskcheck(*narrow, cwd=root)
        assert found(taskcheck("--lf", "--format", "json", cwd=root)) == everything, narrow
    assert found(taskcheck("--lf", "-k", "ghost", "--format", "json", cwd=root)) == ["a role-routing"]
    assert found(taskcheck("--lf", "b", "--format", "json", cwd=root)) == ["b invalid-field"]
    assert found(taskcheck("--lf", "--format", "json", cwd=root)) == everything
    assert len(found(taskcheck("--lf", "--select", "routing", "--format", "json", cwd=root))) == 1


def test_what_is_below_the_bar_has_not_failed(root: Path, cache: Path) -> None:
    (root / "taskcheck.toml").write_text('[people]\nrj = []\n[rules.severity]\nrole-routing = "warning"\n')
    taskcheck(cwd=root)
    assert "role-routing" not in str(found(taskcheck("--lf", "--format", "json", cwd=root)))
    taskcheck("--fail-on", "warning", "--exit-zero", cwd=root)
    assert "role-routing" in str(found(taskcheck("--lf", "--format", "json", cwd=root)))


@pytest.mark.parametrize("damage", [b"", b"taskcheck memory 1 0 0\n", b"x" * 100, None])
def test_a_memory_that_is_damaged_or_of_another_store_is_none(root: Path, cache: Path, damage: bytes | None) -> None:
    taskcheck(cwd=root)
    (file,) = cache.glob("failed-*")
    data = file.read_bytes()
    told = sealed(data.partition(b"\n")[2].replace(str(root).encode(), b"/elsewhere"))
    file.write_bytes(told if damage is None else damage)
    ran = taskcheck("--lf", "--format", "json", cwd=root)
    assert "no failures of the last check are remembered" in ran.err
    assert len(found(ran)) == 4


def test_without_a_cache_it_says_so_and_tells_all(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taskcheck(cwd=root)
    for told in (["--no-cache"], []):
        if not told:
            monkeypatch.delenv("XDG_CACHE_HOME")
            monkeypatch.delenv("HOME", raising=False)
        ran = taskcheck("--lf", *told, "--format", "json", cwd=root)
        assert "no failures of the last check are remembered" in ran.err
        assert len(found(ran)) == 4


def passed(ran) -> list[str]:
    return [" ".join(line.split()) for line in ran.out.splitlines() if line.startswith("passed")]


def test_what_passed_is_told_where_more_is_asked_for(root: Path) -> None:
    with (root / "tasks" / "c.md").open("a") as file:
        file.write("\n")
    told = passed(taskcheck("-v", cwd=root))
    assert [line.split()[1] for line in told] == ["c", "d::e"]
    assert all(int(line.split()[2]) > 10 and line.endswith(" rules") for line in told)
    assert passed(taskcheck("-v", "--select", "role-routing", cwd=root)) == [
        "passed b 1 rule", "passed c 1 rule", "passed d::e 1 rule",
    ]  # fmt: skip
    assert passed(taskcheck("-v", "--select", "role-routing", "c", "a", cwd=root)) == ["passed c 1 rule"]
    assert passed(taskcheck("-v", "-k", "c", cwd=root)) == passed(taskcheck(cwd=root)) == []
    assert passed(taskcheck("rule", "role-routing", cwd=root)) == []
    assert passed(taskcheck("-v", "--format", "concise", cwd=root)) == []


def test_what_is_accepted_or_undecided_has_not_passed(store: Callable[..., Path]) -> None:
    accepting = 'taskcheck: {ignore: {invalid-field: "it is meant to be"}}\n'
    root = store({
        "tasks/a.md": TASK.format(owner="rj", status="nonsense", more=accepting),
        "tasks/b.md": TASK.format(owner="rj", status="ready", more=""),
    })  # fmt: skip
    assert passed(taskcheck("-v", "--select", "invalid-field", cwd=root)) == ["passed b 1 rule"]


def test_of_many_that_passed_some_are_named(store: Callable[..., Path]) -> None:
    root = store({f"tasks/t{n:03}.md": TASK.format(owner="rj", status="ready", more="") for n in range(60)})
    told = passed(taskcheck("-v", "--select", "invalid-field", cwd=root))
    assert (len(told), told[-1]) == (51, "passed and 10 more")


WORDS = st.recursive(
    st.sampled_from(["a", "b", "ab"]),
    lambda part: st.one_of(
        part.map("not ({})".format), st.tuples(part, part).map("({0[0]}) and ({0[1]})".format),
        st.tuples(part, part).map("({0[0]}) or ({0[1]})".format),
    ),
    max_leaves=8,
)  # fmt: skip


@given(WORDS, st.sampled_from(["", "a", "b", "ba", "ab", "c"]))
def test_an_expression_means_what_python_takes_it_for(text: str, name: str) -> None:
    spaced = text.replace("(", "( ").replace(")", " )").split()
    python = " ".join(part if part in {"(", ")", "and", "or", "not"} else f"({part!r} in name)" for part in spaced)
    assert matching(text)(name) is bool(eval(python, {"name": name}))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Malformed):
        matching(text)("name")
