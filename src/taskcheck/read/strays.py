"""Files of tasks that registers name and root hasn't: branches, stashes and submodules may have them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.history import Met
from taskcheck.read.allowlist import object_id
from taskcheck.read.at_tips import blobs_at
from taskcheck.read.files import small_text
from taskcheck.read.history import History
from taskcheck.read.locate import Location
from taskcheck.read.objects import Objects
from taskcheck.read.outline import Outline
from taskcheck.read.places import Places
from taskcheck.read.tasks import TaskPaths

MOST_TIPS = 1000
"""Branches and stashes that are looked at; the stashes first, then those of this clone."""

_CALLED = {"heads": "branch ", "remotes": ""}
"""What stands before the name of a branch."""

_STASHED = expression(r"(?m)^\S++ (\S++)")
_SUBMODULE = expression(r"(?m)^[ \t]*+path *+= *+(.++)$")


@frozen
class Strays:
    """What other commits than root's have at the paths of such tasks, and what nobody looks into."""

    found: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By commit and path in the repository: who has it."""
    submodules: tuple[Met, ...] = ()

    @staticmethod
    def of(
        objects: Objects, outline: Outline, location: Location, known: TaskPaths, paths: Collection[str]
    ) -> "Strays":
        """Return what branches and stashes have at some paths of the store, and the submodules among its task files.

        Raises:
            GitSilent: git gives no answer at all.
        """
        if not paths:
            return Strays()
        tips = dict(list(_tips(objects, outline).items())[:MOST_TIPS])
        blobs = blobs_at(Places(objects), {(tip, location.prefix + path) for tip in tips for path in paths})
        found = {spot: tips[spot[0]] for spot in sorted(blobs)}
        return Strays(found, tuple(_submodules(location, known.folders(location.prefix))))

    @property
    def tips(self) -> set[str]:
        """The commits that have such a file."""
        return {tip for tip, _ in self.found}

    def without_inherited(self, history: History) -> "Strays":
        """Return the same without the files that a branch has from root's history, which has removed them since.

        Raises:
            GitSilent: git gives no answer at all.
        """
        bases = history.bases(self.tips)
        origins = {(tip, path): (bases[tip], path) for tip, path in self.found if tip in bases}
        inherited = blobs_at(Places(history.git.objects), set(origins.values()))
        own = {spot: who for spot, who in self.found.items() if origins.get(spot) not in inherited}
        return replace(self, found=own)

    @property
    def met(self) -> tuple[Met, ...]:
        """All of it, each with a clause."""
        return (*self.submodules, *(Met(path, f"{who} has {path}") for (_, path), who in self.found.items()))


def _tips(objects: Objects, outline: Outline) -> dict[str, str]:
    """Return the commits of stashes and branches, each with what it is in words."""
    log = small_text(outline.about.folder / "logs/refs/stash") or ""
    stashes = list(filter(object_id, reversed(_STASHED.findall(log))))
    tips = dict.fromkeys(stashes, "a stash")
    for parents in objects.parents(stashes).values():
        tips.update(dict.fromkeys(parents[2:], "a stash"))
    for ref, commit in outline.refs.ids.items():
        _, kind, name = ref.split("/", 2)
        if object_id(commit):
            tips.setdefault(commit, _CALLED[kind] + name)
    return tips


def _submodules(location: Location, folders: Sequence[str]) -> Iterator[Met]:
    """Yield the submodules that lie in the folders of task files: nobody looks into them."""
    text = small_text(Path(str(location.top)) / ".gitmodules") or ""
    for path in _SUBMODULE.findall(text):
        if not folders or f"{path}/".startswith(tuple(f"{folder}/" for folder in folders)):
            yield Met(path, f"{path} is a submodule, which isn't looked into", holds_any=True)
