"""Keys set as another copy has them: in its lines, where it has them, and nothing else."""

import pytest

from taskcheck.documents import Refused
from taskcheck.documents.frontgraft import Origin, changed_with, meeting, set_keys
from taskcheck.documents.shape import PLAIN

BODY = "---\n\n# Do it\n"


def front(*lines: str) -> str:
    return "\n".join(("---", *lines, BODY))


BASE = front("title: t", "status: ready", "owner: ana", "labels: [a]")


def taken(root: str, theirs: str, base: str = BASE, **values: str) -> tuple[str, str]:
    """Root with some keys of the copy, and what a merge of the copy would meet there."""
    origin = Origin(theirs, base)
    data = set_keys(root.encode(), {(key,): value for key, value in values.items()}, origin)
    return data.decode(), meeting(origin, data)


def test_a_key_comes_with_its_line_and_the_comment_above_it() -> None:
    theirs = front(
        "title: t", "status: ready", "# where it went", 'pr_number:  "7" # draft', "owner: ana", "labels: [a]"
    )
    assert taken(BASE, theirs, pr_number="7") == (theirs, "")


def test_a_key_moves_with_the_copy() -> None:
    theirs = front("status: done", "title: t", "owner: ana", "labels: [a]")
    assert taken(BASE, theirs, status="done") == (theirs, "")


def test_what_root_said_of_the_key_is_overwritten() -> None:
    root = front("title: t", "status: in_progress", "owner: ana", "labels: [a]", "pr_number: 1")
    theirs = front("title: t", "status: done", "pr_number: 7", "owner: ana", "labels: [a]")
    assert taken(root, theirs, status="done", pr_number="7") == (theirs, "")


def test_a_comment_of_roots_stays_and_is_met() -> None:
    root = front("title: t", "status: in_progress # by ben", "owner: ana", "labels: [a]")
    theirs = front("title: t", "status: done", "owner: ana", "labels: [a]")
    after, met = taken(root, theirs, status="done")
    assert after == front("title: t", "status: done # by ben", "owner: ana", "labels: [a]")
    assert met == "line 3 (status)"


def test_somebody_elses_key_in_the_change_stays_and_is_met() -> None:
    theirs = front("title: t", "status: done", "owner: ben", "labels: [a]")
    after, met = taken(BASE, theirs, status="done")
    assert after == BASE.replace("ready", "done")
    assert met == "lines 3-4 (owner, status)"


def test_what_the_copy_only_spells_otherwise_comes_along() -> None:
    theirs = front("title: t", "status: done", "owner: 'ana'", "labels: [a]")
    assert taken(BASE, theirs, status="done") == (theirs, "")


def test_a_key_that_root_has_elsewhere_is_not_there_twice() -> None:
    root = front("pr_number: 1 # mine", "title: t", "status: ready", "owner: ana", "labels: [a]")
    theirs = front("title: t", "status: ready", "owner: ana", "labels: [a]", "pr_number: 7")
    after, met = taken(root, theirs, pr_number="7")
    assert after == root.replace("1 #", "7 #")
    assert met.startswith("the merged file: "), met
    assert "pr_number" in met


def test_keys_of_a_mapping_in_braces() -> None:
    base = front("{", "  title: t,", "  status: ready,", "  owner: ana", "}")
    theirs = front("{", "  title: t,", "  status: done,", "  pr_number: 7,", "  owner: ana", "}")
    assert taken(base, theirs, base, status="done", pr_number="7") == (theirs, "")
    one_line = front("{title: t, status: ready}")
    other = front("{title: t, status: done}")
    assert taken(one_line, other, one_line, status="done") == (other, "")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_new_key_below_the_one_that_it_follows(mark: str) -> None:
    """Where the whole change can't be taken."""
    theirs = mark + front("  title: t", "  status: done", "  pr_number: 7", "  labels: [b]")
    base = mark + front("  title: t", "  status: done", "  labels: [a]")
    after, met = taken(base, theirs, base, pr_number="7")
    assert after == base.replace("done\n", "done\n  pr_number: 7\n")
    assert met == "lines 4-5 (labels, pr_number)"


def test_a_file_that_both_sides_added() -> None:
    theirs = front("title: t", "status: done")
    assert taken(front("title: t", "status: ready"), theirs, "", status="done") == (theirs, "")
    after, met = taken(front("title: t", "status: ready", "owner: ana"), theirs, "", status="done")
    assert "status: done" in after
    assert met


def test_which_keys_go_together() -> None:
    theirs = front("title: u", "status: done", "updated_at: 1", "owner: ana", "labels: [b]")
    origin = Origin(theirs, BASE)
    assert changed_with(frozenset({"status"}), origin, shape=PLAIN) == {"title", "status", "updated_at"}
    assert changed_with(frozenset({"owner"}), origin, shape=PLAIN) == {"owner"}


def test_what_cannot_be_compared_is_no_clean_merge() -> None:
    long = BODY + "".join(f"{n}\n" for n in range(200_000))
    base, theirs = ("---\ntitle: t\nstatus: " + status + "\n" + long for status in ("ready", "done"))
    origin = Origin(theirs, base)
    with pytest.raises(Refused):
        changed_with(frozenset({"status"}), origin, shape=PLAIN)
    data = set_keys(base.replace("# Do it", "# Do that").encode(), {("status",): "done"}, origin)
    assert meeting(origin, data) == "lines that can't be compared"
