"""The entry points that are read are those that `importlib.metadata` finds."""

import os
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from taskcheck.read.distributions import read_entry_points

Write = Callable[[str, str], Path]
OURS = "[taskcheck]\nours = ours:plugin\n"


def found_by_importlib(group: str = "taskcheck") -> list[tuple[str, str]]:
    return [(point.name, point.value) for point in entry_points(group=group)]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a distribution's file: its folder is put on the path."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name / "entry_points.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        (path.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: named\nVersion: 1\n")
        folder = str(path.parents[1])
        if folder not in sys.path:
            monkeypatch.setattr(sys, "path", [*sys.path, folder])
        return path

    return written


def test_here() -> None:
    for group in ("taskcheck", "pytest11", "console_scripts", "none"):
        assert read_entry_points(group) == found_by_importlib(group)
    assert ("builtin", "taskcheck_rules") in read_entry_points("taskcheck")


def test_installed_linked_and_as_setuptools_leaves_it(write: Write) -> None:
    write("site/ours-1.0.dist-info", OURS)
    write("checkout/src/theirs.egg-info", "[taskcheck]\ntheirs=theirs\n")
    write("site/Some.Thing-2.dist-info", "[taskcheck]\nthing = a.b:c.d [extra]\n")
    write("site/none-2.dist-info", "[console_scripts]\nnone = none:main\n")
    assert {("ours", "ours:plugin"), ("thing", "a.b:c.d [extra]")} < set(read_entry_points("taskcheck"))
    assert read_entry_points("taskcheck") == found_by_importlib()


def test_of_two_with_one_name_the_first_on_the_path_counts(write: Write) -> None:
    write("one/ours_x-1.0.dist-info", OURS)
    write("two/Ours.X-2.0.dist-info", OURS.replace("ours:", "later:"))
    write("two/ours-3.0.dist-info", "[taskcheck]\nother = other\n")
    read = read_entry_points("taskcheck")
    assert read == found_by_importlib()
    assert ("ours", "ours:plugin") in read
    assert ("ours", "later:plugin") not in read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "taskcheck\nours = ours\n",
        "[other]\n[taskcheck]\n# a comment\n\n  ours  =  ours : plugin  \r\nmore = a = b\n[last]\nnone = none\n",
        "[[taskcheck]]\nours = ours\n",
        "[ taskcheck ]\nours = ours\n",
        "[taskcheck.more]\nours = ours\n[taskcheck]\n",
        "[taskcheck]\nours = ours\n[other]\nx = y\n[taskcheck]\nagain = again\n",
        "[taskcheck]\n\N{SNOWMAN} = ours\n",
    ],
)
def test_a_file_says_what_it_says(write: Write, text: str) -> None:
    write("site/ours-1.0.dist-info", text)
    assert read_entry_points("taskcheck") == found_by_importlib()


def test_what_cant_be_read_is_passed_over(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("site/ours-1.0.dist-info", OURS)
    path.unlink()
    path.mkdir()
    (tmp_path / "site" / "file-1.dist-info").write_text("no folder")
    (tmp_path / "site" / "gone-1.dist-info").symlink_to(tmp_path / "none")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "nowhere")])
    assert read_entry_points("taskcheck") == found_by_importlib()


def test_the_folder_that_one_stands_in(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("site/ours-1.0.dist-info", OURS)
    monkeypatch.chdir(tmp_path / "site")
    monkeypatch.setattr(sys, "path", ["", *[place for place in sys.path if not place.startswith(os.fspath(tmp_path))]])
    assert ("ours", "ours:plugin") in read_entry_points("taskcheck")
    assert read_entry_points("taskcheck") == found_by_importlib()


def test_an_archive_and_an_egg_are_importlibs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "ours.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("ours-1.dist-info/entry_points.txt", OURS)
        file.writestr("ours-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    egg = tmp_path / "theirs-1-py3.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO" / "entry_points.txt").write_text("[taskcheck]\ntheirs = theirs\n")
    (egg / "EGG-INFO" / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: theirs\nVersion: 1\n")
    for place, point in ((archive, ("ours", "ours:plugin")), (egg, ("theirs", "theirs"))):
        monkeypatch.setattr(sys, "path", [*sys.path, str(place)])
        assert point in read_entry_points("taskcheck")
        assert read_entry_points("taskcheck") == found_by_importlib()


def test_a_finder_of_somebodys_own_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(*_: object) -> list[object]:
            asked.append(1)
            return []

    asked: list[int] = []
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert read_entry_points("taskcheck") == found_by_importlib()
    assert len(asked) == 2


def test_importlib_isnt_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "importlib.metadata", None)
    assert ("builtin", "taskcheck_rules") in read_entry_points("taskcheck")
