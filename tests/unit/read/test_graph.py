"""What is reached from which commit, against git's own word: random histories with merges and many roots."""

import random
import subprocess
from itertools import product
from pathlib import Path

import pytest

from taskcheck.read.git import Git
from taskcheck.read.graph import Commit, Graph
from taskcheck.read.walk import MOST_OLDER, walk
from tests.e2e.repository import imported
from tests.samples import sampled

BEGAN = 1_774_000_000


class Made:
    """A repository of commits without files, made at one go, with git's word on them."""

    def __init__(self, root: Path, commits: list[tuple[int, ...]], times: list[int]) -> None:
        """Make a commit for each tuple of the numbers of its parents."""
        self.root = root
        subprocess.run(["git", "init", "-q", "-b", "main", root], check=True)
        said = []
        for number, parents in enumerate(commits):
            before = [parent + 1 for parent in parents]
            said += imported(number + 1, f"b{number}", times[number], before, {})
            said += [] if parents else [""]
        text = "\n".join(said) + "\n"
        subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input=text.encode(), check=True)
        self.names = [self.git("rev-parse", f"refs/heads/b{number}") for number in range(len(commits))]

    def git(self, *command: str) -> str:
        done = subprocess.run(["git", *command], cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout.strip()


def history(seed: int) -> tuple[list[tuple[int, ...]], list[int]]:
    """Random commits, each with up to three parents among the ten before it, and their times."""
    chance = random.Random(seed)
    commits: list[tuple[int, ...]] = [()]
    for number in range(1, 40):
        near = range(max(0, number - 10), number)
        wanted = chance.choices([0, 1, 2, 3], [1, 12, 6, 1])[0]
        commits.append(tuple(chance.sample(near, min(wanted, len(near)))))
    return commits, [BEGAN + 60 * number for number in range(len(commits))]


@pytest.mark.parametrize("seed", sampled(range(200), 40))
def test_reached_as_git_says(tmp_path: Path, seed: int) -> None:
    made = Made(tmp_path, *history(seed))
    chance = random.Random(seed)
    head, *tips = chance.sample(made.names, 6)
    with Git(tmp_path) as git:
        graph = walk(git, head, tips).graph
    root = graph.ancestors(head)
    for tip in tips:
        _, edge = graph.beyond(root, tip)
        bases = made.git("merge-base", "--all", head, tip).split()
        assert graph.newest(edge) == (bases[0] if bases else None)
        ahead = {graph.names[number] for number in graph.members(graph.between(head, tip))}
        assert ahead == set(made.git("rev-list", f"{head}..{tip}").split())
        behind = [graph.names[number] for number in graph.members(root & ~graph.ancestors(tip))]
        assert behind == made.git("rev-list", f"{tip}..{head}").split(), "in git's order, too"


@pytest.mark.parametrize("seed", sampled(range(200), 50))
def test_clocks_that_go_wrong(tmp_path: Path, seed: int) -> None:
    """Where a parent was made after its child, and all is listed, nothing is lost."""
    commits, times = history(seed)
    chance = random.Random(seed)
    made = Made(tmp_path, commits, [at + chance.randrange(-600, 600) for at in times])
    listed = made.git("rev-list", "--timestamp", "--parents", "--all").splitlines()
    rows = [Commit(name=name, parents=tuple(parents), at=int(at)) for at, name, *parents in map(str.split, listed)]
    graph = Graph.of(rows)
    for number, parents in enumerate(graph.parents):
        assert all(parent < number for parent in parents)
    reached: list[set[int]] = []
    for number, of_it in enumerate(commits):
        reached.append({number}.union(*(reached[parent] for parent in of_it)))
    for one, other in product(range(len(commits)), repeat=2):
        beyond = graph.members(graph.between(made.names[one], made.names[other]))
        expected = {made.names[number] for number in reached[other] - reached[one]}
        assert {graph.names[number] for number in beyond} == expected


def test_no_more_is_listed_than_is_needed(tmp_path: Path) -> None:
    line: list[tuple[int, ...]] = [(), *((number,) for number in range(300))]
    made = Made(tmp_path, [*line, (290,)], [BEGAN + number for number in range(302)])
    with Git(tmp_path) as git:
        graph = walk(git, made.names[300], [made.names[301]]).graph
        assert len(graph.names) == 13, "ten of root, one of the tip, the fork, and the name of its parent"
        alone = walk(git, made.names[300], [made.names[300]]).graph
        assert alone.names == [made.names[300]], "nobody asks what is behind it"
        assert alone.base(*alone.names, *alone.names) == made.names[300]
        since = walk(git, made.names[300], [], since=BEGAN + 250).graph
        assert since.times[since.edge] == BEGAN + 249 - MOST_OLDER
        deep = walk(git, made.names[300], [made.names[301]], line=20).graph
        assert len(deep.names) - deep.edge >= 20


def test_the_newest_of_a_set() -> None:
    graph = Graph.of([Commit(name=f"{number:040}", parents=(), at=number) for number in range(50)])
    commits = 0b1011_0110_1001
    for most in range(9):
        kept = graph.newest_of(commits, most)
        assert list(graph.members(kept)) == list(graph.members(commits))[:most]
