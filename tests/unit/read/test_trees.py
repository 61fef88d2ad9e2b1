"""The files of commits that are told from one another, against git's own word: random histories, whatever the order."""

import random
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from taskcheck.read.changes import Changes
from taskcheck.read.git import Git
from taskcheck.read.rawdiff import raw_files
from taskcheck.read.runner import GitError
from taskcheck.read.session import Session
from taskcheck.read.trees import EMPTY, Trees
from taskcheck.read.walk import walk
from tests.e2e.repository import imported
from tests.samples import sampled

PATHS = [f"{folder}/{name}.md" for folder in ("tasks", "tasks/done", "src") for name in "abcd"]


def build(root: Path, chance: random.Random, count: int, *, links: bool = True) -> list[str]:
    """Make commits of some files each, on several branches; their names."""
    subprocess.run(["git", "init", "-q", "-b", "main", root], check=True)
    said = []
    for number in range(count):
        parents = [chance.randint(1, number)] if number else []
        files = {path: chance.choice("xyz") for path in chance.sample(PATHS, 3)}
        said += imported(number + 1, f"b{number}", 1_774_000_000 + 60 * number, parents, files)
        for path in chance.sample(PATHS, 2) if number else []:
            said += [f"D {path}"] if chance.random() < 0.6 or not links else [f"M 120000 inline {path}", "data 1", "a"]
    git(root, "fast-import", "--quiet", said="\n".join([*said, ""]))
    return [git(root, "rev-parse", f"b{number}").strip() for number in range(count)]


def line(root: Path, count: int) -> list[str]:
    """Make commits one after the other, each of which adds a task file, in files of their own; their names."""
    subprocess.run(["git", "init", "-q", "-b", "main", root], check=True)
    git(root, "config", "fastimport.unpackLimit", "1000")
    said = []
    for number in range(count):
        parents = [number] if number else []
        said += imported(number + 1, "main", 1_774_000_000 + number, parents, {f"tasks/{number}.md": f"{number}"})
    git(root, "fast-import", "--quiet", said="\n".join([*said, ""]))
    return git(root, "rev-list", "--reverse", "main").split()


def git(root: Path, *command: str, said: str = "") -> str:
    return subprocess.run(["git", *command], cwd=root, input=said, check=True, capture_output=True, text=True).stdout


def listed(root: Path, commit: str) -> dict[str, str]:
    """The regular files of a commit's task folder by path, as git lists them."""
    rows = (line.split() for line in git(root, "ls-tree", "-r", commit, "tasks").splitlines())
    return {path: blob for mode, _, blob, path in rows if mode.startswith("100")}


def lose(root: Path, trees: Iterable[str]) -> None:
    """Take the objects of some trees away."""
    for name in git(root, "rev-parse", *trees).split():
        (root / ".git" / "objects" / name[:2] / name[2:]).unlink()


def told(trees: Trees, commit: str, base: str | None = None) -> dict[str, str]:
    """The regular files of a commit's task folder by path, as they are told."""
    listing = trees.of(commit, base)
    found = {path: listing.blob(path) for path in {*listing.root.files, *listing.base, *listing.own}}
    return {path: blob for path, blob in found.items() if blob}


@pytest.mark.parametrize("seed", sampled(range(100), 20))
def test_what_is_told_from_a_neighbour_is_what_git_lists(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    commits = build(tmp_path, chance, 12)
    head, *others = chance.sample(commits, 10)
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
        trees.load(others[:3], dict(zip(others[:3], chance.sample(commits, 3), strict=True)))
        trees.follow(others)
        for commit in (head, *others):
            found = told(trees, commit)
            assert found == listed(tmp_path, commit)
            link = trees.link(commit)
            before = told(trees, link.before)
            assert {path for path in PATHS if found.get(path) != before.get(path)} <= {*link.paths}


@pytest.mark.parametrize("seed", sampled(range(100), 20))
def test_task_files_alone_are_told_as_with_all_others(tmp_path: Path, seed: int) -> None:
    """What commits made of them, whichever of the two git was asked for, and for both."""
    chance = random.Random(seed)
    head, *tips = reversed(build(tmp_path, chance, 12, links=False))
    made = []
    for whole in (0, -1, 0b1011 << 4):
        with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
            graph = walk(asked, head, tips).graph
            changes = Changes(graph, asked.deltas, lambda path: path.startswith("tasks/"))
            everything = (1 << len(graph.names)) - 1
            changes.index(everything & whole)
            changes.index_versions(everything, trees)
            told = {path: list(changes.versions(path, everything)) for path in changes.paths()}
            changes.require(everything)
            assert told == {path: list(changes.versions(path, everything)) for path in changes.paths()}
            made.append(told)
    assert made[0] == made[1] == made[2]
    assert any(made[0].values())


def test_a_tree_that_is_gone_costs_its_own_commit_alone(tmp_path: Path) -> None:
    """Git can't tell it from its neighbours either, so it is asked about these by themselves."""
    commits = line(tmp_path, 9)
    whole = [listed(tmp_path, commit) for commit in commits]
    lost = git(tmp_path, "rev-parse", f"{commits[4]}:tasks").strip()
    (tmp_path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    head, *others = reversed(commits)
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
        trees.follow(others)
        for commit, files in zip(commits, whole, strict=True):
            if commit != commits[4]:
                assert told(trees, commit) == files
        with pytest.raises(GitError, match=lost):
            trees.of(commits[4])


def test_what_git_cannot_tell_of_neighbours_costs_no_patience(tmp_path: Path) -> None:
    """It is asked about a few lost trees as often as if each commit were told from root's."""
    commits = line(tmp_path, 120)
    whole = [listed(tmp_path, commit) for commit in commits]
    lost = {15, 45, 75, 105}
    lose(tmp_path, [f"{commits[number]}:tasks" for number in lost])
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], commits[-1], EMPTY[40])) as trees:
        trees.load(commits[1:-1], dict(zip(commits[-2:0:-1], commits[-3::-1], strict=True)))
        for number in range(1, 119):
            if lost.isdisjoint({number, number - 1}):
                assert told(trees, commits[number], commits[number - 1]) == whole[number]


def test_git_is_not_started_for_each_of_many_commits_without_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a clone without trees: it isn't asked any more where it ended too often."""
    commits = line(tmp_path, 200)
    lose(tmp_path, [f"{commit}:tasks" for commit in commits[:-1]])
    started = []

    def counted(session: Session, *arguments: Any) -> None:
        started.append(arguments)
        begun(session, *arguments)

    begun = Session.__init__
    monkeypatch.setattr(Session, "__init__", counted)
    head, *others = reversed(commits)
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
        trees.follow(others)
        with pytest.raises(GitError, match="diff-tree"):
            trees.of(others[-1])
    assert len(started) < 80


def test_a_base_that_git_cannot_read_is_named_and_not_the_tip_that_left_there(tmp_path: Path) -> None:
    commits = line(tmp_path, 4)
    lose(tmp_path, [f"{commits[1]}^{{tree}}"])
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], commits[3], EMPTY[40])) as trees:
        trees.load([commits[2]], {commits[2]: commits[1]})
        with pytest.raises(GitError, match=commits[1]):
            trees.of(commits[2], commits[1])


def test_a_change_is_told_once_whatever_comes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = []

    def counted(out: bytes) -> Iterator[tuple[str, dict[str, str | None]]]:
        for header, files in raw_files(out):
            entries.extend(files)
            yield header, files

    monkeypatch.setattr("taskcheck.read.trees.raw_files", counted)
    commits = line(tmp_path, 30)
    head, *others = reversed(commits)
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
        trees.follow(others)
        assert len(told(trees, commits[0])) == 1
    assert len(entries) == len(others) + len(commits), "what each has otherwise, and root's files"
