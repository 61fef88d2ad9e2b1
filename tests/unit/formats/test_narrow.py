"""What a narrow terminal shows: no word is lost, and what is broken goes on further right than it begins."""

from dataclasses import replace

from taskcheck.formats import status, text, timeline
from taskcheck.model.finding import Evidence, Finding, HandEdit, Severity
from taskcheck.model.report import Report
from taskcheck.model.task import Place
from tests.unit.formats.reports import incident, report, story

WIDTH = 40


def broken() -> Report:
    """A report whose texts are all longer than a line."""
    place = Place(path="tasks/fix.md", line=3)
    found = Finding(
        rule="invalid-field",
        family="task",
        severity=Severity.ERROR,
        message="status of fix is 'nonsense', outside of the vocabulary; did you mean ready?",
        expected="a status of the vocabulary of this store",
        task="fix",
        place=place,
        evidence=(Evidence(place=place, saw="status: nonsense, and not a word more"),),
        remedy=HandEdit(
            says="its status is one of those that the store has", note="or declare the word in taskcheck.toml"
        ),
    )
    whole = replace(incident("fix", found), title="Fix login of people without a password", owner="ana")
    return replace(report(), incidents=(whole,), exit_code=1, notes=("nothing was fetched since the day before",))


STATUS = """\
nobody is at work

disagree: 1
error   Fix login of people without a p…
        invalid-field · fix · ana
        error invalid-field: status of
          fix is 'nonsense', outside of
          the vocabulary; did you mean
          ready?
        signal fix: fix, from fix,
          2026-03-24T18:00:00Z,
          unexplained, fix
        edit tasks/fix.md:3 so that
          its status is one of those
          that the store has
        or declare the word in
          taskcheck.toml

2 tasks in 1 checkout: 1 incident (1
  error)
as of 2026-03-24T18:00:00Z
"""

TEXT = """\
error   fix  invalid-field
        Fix login of people without a
        password · fix · ana
  status of fix is 'nonsense', outside
    of the vocabulary; did you mean
    ready?
      status: nonsense, and not a
          word more  tasks/fix.md:3
      expected: a status of the
      vocabulary of this store
  signals  fix (unexplained)
  next  edit tasks/fix.md:3 so
        that its status is one of those
        that the store has
        or declare the word in
        taskcheck.toml

note    nothing was fetched
        since the day before
2 tasks in 1 checkout: 1 incident (1
error)
"""

TIMELINE = """\
words enough for a line and more title
words enough for a line and more
  root          words
                enough for a line and
                more, since 2026-03-24
                18:00:00 UTC
                worktree:words enough
                for a line and
                more:tasks/words enough
                for a line and more.md:3
            nothing recorded for 5h

2026-03-24
  18:00:00  words enough for a
            line and more (words enough
            for a line and more)  words
            enough for a line and more
            worktree:words enough for a
            line and more:tasks/words
            enough for a line and
            more.md:3

at no known time
            words enough for a line and
            more  words enough for a
            line and more
            worktree:words enough for a
            line and more:tasks/words
            enough for a line and
            more.md:3
            error metadata-drift: root
              says words enough for a
              line and more

not known: words enough for a line and
  more
as of 2026-03-24T18:00:00Z
"""


def test_status() -> None:
    assert status.render(broken(), width=WIDTH, verbose=True) == STATUS


def test_report() -> None:
    assert text.render(broken(), width=WIDTH, verbose=True, colour=False) == TEXT


def test_timeline() -> None:
    assert timeline.as_text(story("words enough for a line and more"), width=WIDTH, verbose=True) == TIMELINE
