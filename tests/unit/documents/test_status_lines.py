"""Lines of a text that say where a task stands: read as people read them, set without touching anything else."""

import os

import pytest
from hypothesis import example, given, settings, strategies as st

from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.frontgraft import set_keys
from taskcheck.documents.origin import Origin
from taskcheck.documents.shape import StatusLines
from taskcheck.documents.statusline import read_status_lines, set_status_lines

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("# T\n\nStatus: done\n", {"title": "T", "status": "done"}),
        ("# T\n**Status:** In Progress (since May)\n", {"title": "T", "status": "In Progress"}),
        ("**Status**: `todo`\n", {"status": "todo"}),
        ("__Status:__ done - at last\n", {"status": "done"}),
        ("- Status: on-hold\n", {"status": "on-hold"}),
        ("> Status: Done\n", {"status": "Done"}),
        ("## Status: review\n", {"status": "review"}),
        ("## Status\n\n**Ready for Review**\n\nText: x\n", {"status": "Ready for Review", "text": "x"}),
        ("Status: done\nStatus: todo\n", {"status": "done"}),
        ("Status:\n", {"status": None}),
        ("Status: x\nDepends on: a, [b], none\nPR-URL: https://x/1\n",
         {"status": "x", "depends_on": ("a", "b"), "pr_url": "https://x/1"}),
        ("Status: x\n**Depends on:** a-1, **b-2** (NEW), c (now, as it was, `d`), e(f)\n",
         {"status": "x", "depends_on": ("a-1", "b-2", "c", "e(f)")}),
        ("Status: x\nDepends on: a, Task 7, 1.2. Fills the left pane with data., and what comes before.\n",
         {"status": "x", "depends_on": ("a", "Task 7")}),
        ("Status: x\nDepends on: **ASK-1** and `ASK-2`, [a_b] & c-d (new), looks and feel, it-is and so on\n",
         {"status": "x", "depends_on": ("ASK-1", "ASK-2", "a_b", "c-d")}),
        ("---\nstatus: draft\n---\nStatus: done\n", {"status": "done"}),
        ("```\nStatus: no\n```\nStatus: yes\n", {"status": "yes"}),
        ("~~~~\nStatus: no\n~~~\nStatus: no\n~~~~~\nStatus: yes\n", {"status": "yes"}),
        ("A text with Status: done in it\n", None),
        ("    Status: code\n", None),
        ("# Status of things\n", None),
        ("**Status:** ✅ Complete\n", {"status": "Complete"}),
        ("Status: Done! 🎉 (at last)\n", {"status": "Done"}),
        ("Status: ✅\n", {"status": "✅"}),
        ("Status: ✔️ समाप्ति!\n", {"status": "समाप्ति"}),
        ("Status: Done?\n", {"status": "Done?"}),
        ("# FIX-1: Repair it\nStatus: done\n", {"title": "FIX-1: Repair it", "status": "done"}),
        ("# T\n# Owner: ana\nStatus: done\n", {"title": "T", "owner": "ana", "status": "done"}),
        ("# Status: done\n# T\n", {"status": "done", "title": "T"}),
        ("**Status:** done **Epic:** 2.5 - Loops **Owner:** ana (since\nMay)\n",
         {"status": "done", "epic": "2.5 - Loops", "owner": "ana (since"}),
        ("**Epic:** 2 **Story ID:** 2.4 **Status:** todo\n\n- Status: todo → done\n",
         {"epic": "2", "story_id": "2.4", "status": "todo"}),
        ("**Date:** 2026-05-01 | **Status**: In Review | __Owner:__ ben\n",
         {"date": "2026-05-01", "status": "In Review", "owner": "ben"}),
        ("**Epic:** 2 **Status:** done **Estimated\nEffort:** 5 hours\n",
         {"epic": "2", "status": "done", "effort": "5 hours"}),
        ("Status: done  # reviewed in May\n", {"status": "done"}),
        ("Status: C# port\n", {"status": "C# port"}),
        ("Note: whoever sets the **Status:** field\nStatus: done\n", {"note": "whoever sets the", "status": "done"}),
        ("- Status: done **Note:** it was late\n", {"status": "done"}),
        ("**Owner:** see __init__\nStatus: done\n", {"owner": "see __init", "status": "done"}),
        ("**Note:** as **TASK-2:** says\nStatus: done\n", {"note": "as **TASK-2:** says", "status": "done"}),
        ("<!-- Status: one of these\nStatus: done\n\nOwner: no\n-->\nStatus: todo\n", {"status": "todo"}),
        ("<!-- one line -->\nStatus: todo <!-- or\nOwner: ana\n", {"status": "todo", "owner": "ana"}),
        ("```\n<!--\n```\nStatus: todo\n", {"status": "todo"}),
        ("Status: **Blocked:** no key\n", {"status": "Blocked:** no key"}),
        ("# Status\n\ndone\n# T: x\n", {"status": "done", "title": "T: x"}),
        ("# T\n\nNo word.\n", None),
        ("\n" * 20_000 + "Status: done\n", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_lines_say(text: str, values: dict[str, object] | None, end: str) -> None:
    document = read_status_lines(text.replace("\n", end).encode())
    assert (document and dict(document.values)) == values


def test_markers_of_a_conflict_are_told() -> None:
    with pytest.raises(DocumentError, match="3:1: conflict-markers"):
        read_status_lines(b"# T\n\n<<<<<<< HEAD\nStatus: a\n=======\nStatus: b\n>>>>>>> x\n")


LINES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20),
    st.builds(
        lambda before, label, after, value: f"{before}{label}{after}{value}",
        st.sampled_from(["", "- ", "## ", "**", "> ", "   "]),
        st.sampled_from(["Status", "status", "Owner", "Depends on", "PR URL"]),
        st.sampled_from([":", ": ", ":** ", " : ", ""]),
        st.sampled_from(["done", "In Progress", "x (y)", "`a`", "", "a, b", "**b**", "a **Owner:** b", "a  "]),
    ),
    st.sampled_from(["```", "~~~", "---", "# T", "## Status", "<<<<<<< a", "Status"]),
)
VALUES = st.sampled_from(["done", "In Review", "x-1", "https://x/pull/1", "two\nlines", " padded ", "(a)", ""])


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(LINES, max_size=8),
    st.sampled_from(["status", "owner", "pr_url", "depends_on", "new"]),
    VALUES,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
@example(["## Status", "Status: done"], "status", "x", "\n", False)
def test_exactly_one_line_changes_or_none(lines: list[str], key: str, value: str, end: str, bom: bool) -> None:
    data = ("\ufeff" * bom + end.join(lines)).encode()
    try:
        before = read_status_lines(data)
        after = set_status_lines(data, {(key,): value})
    except (DocumentError, Refused):
        return
    assert before is not None
    read = read_status_lines(after)
    assert read is not None
    assert dict(read.values) == {**before.values, key: value}
    old, new = data.splitlines(keepends=True), after.splitlines(keepends=True)
    assert sum(line not in old for line in new) <= 3, "the last line gets an end, a paragraph a blank line"
    assert set_status_lines(after, {(key,): value}) == after, "a second time changes nothing"


@pytest.mark.parametrize("written", ["✅ Done", "Done 🎉", "**🟢 Done**"])
def test_a_mark_goes_with_the_status_that_it_stands_beside(written: str) -> None:
    data = f"# T\n\n**Status:** {written} (at last)\nOwner: ana\n".encode()
    after = set_status_lines(data, {("status",): "Blocked"}).decode()
    assert "Blocked" in after
    assert not {"✅", "🎉", "🟢"} & set(after)
    assert after.endswith(" (at last)\nOwner: ana\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("* Owner: ana\n* Status: **Todo**\n* Area: x\n", "* Owner: ana\n* Status: **Done**\n* Pr url: U\n* Area: x\n"),
        ("- **Status**: Todo\n", "- **Status**: Done\n- **Pr url**: U\n"),
        ("**Status:** Todo\n", "**Status:** Done\n**Pr url:** U\n"),
        ("> __Status:__ Todo\n", "> __Status:__ Done\n> __Pr url:__ U\n"),
        ("Status: Todo\ntext\n", "Status: Done\nPr url: U\ntext\n"),
        ("## Status: Todo\n\ntext\n", "## Status: Done\nPr url: U\n\ntext\n"),
        ("## Status\n\nTodo\n\n## Why\n", "## Status\n\nDone\n\nPr url: U\n\n## Why\n"),
        ("**Date:** x  \n**Status:** Todo  \n", "**Date:** x  \n**Status:** Done  \n**Pr url:** U  \n"),
        ("**Date:** x  \n**Status:** Todo\n\nText\n", "**Date:** x  \n**Status:** Done  \n**Pr url:** U\n\nText\n"),
        ("**Status:** Todo **Epic:** 2 (of\n3)\n", "**Status:** Done **Epic:** 2 (of\n3)\n\n**Pr url:** U\n"),
        ("**Epic:** 2 **Status:** Todo\n", "**Epic:** 2 **Status:** Done\n**Pr url:** U\n"),
        ("**Status: Todo**\n", "**Status: Done**\nPr url: U\n"),
        ("**Status:** Todo | **Epic:** 2\n\nText\n", "**Status:** Done | **Epic:** 2\n\n**Pr url:** U\n\nText\n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_new_label_has_the_form_of_that_of_the_status(before: str, after: str, end: str) -> None:
    """Markdown takes a line without a mark of its own for the rest of the item above it."""
    data = before.replace("\n", end).encode()
    changed = set_status_lines(data, {("status",): "Done", ("pr_url",): "U"})
    assert changed == after.replace("\n", end).encode()


@pytest.mark.parametrize(
    ("root", "after"),
    [
        ("**Epic:** 13 **Status:** Todo **Size:** 2\n", "**Epic:** 13 **Status:** Done **Pr url:** U **Size:** 2\n"),
        ("**Epic:** 13 **Status:** Doing **Size:** 2\n", "**Epic:** 13 **Status:** Done **Pr url:** U **Size:** 2\n"),
        ("**Epic:** 14 **Status:** Todo **Size:** 2\n", "**Epic:** 14 **Status:** Done **Size:** 2\n\n**Pr url:** U\n"),
        ("**Epic:** 14\n**Status:** Doing\n", "**Epic:** 14\n**Status:** Done\n**Pr url:** U\n"),
    ],
)
def test_a_line_with_several_labels_is_taken_once_or_not(root: str, after: str) -> None:
    origin = Origin(
        base="**Epic:** 13 **Status:** Todo **Size:** 2\n",
        text="**Epic:** 13 **Status:** Done **Pr url:** U **Size:** 2\n",
    )
    values = {("status",): "Done", ("pr_url",): "U"}
    assert set_keys(root.encode(), values, origin, shape=StatusLines()).decode() == after
