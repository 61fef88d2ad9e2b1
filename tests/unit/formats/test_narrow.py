"""What a narrow terminal shows: no word is lost, and what is broken goes on further right than it begins."""

from dataclasses import replace

from taskcheck.formats import status, text, timeline
from taskcheck.formats.lines import styled
from taskcheck.formats.prose import prose
from taskcheck.model.finding import Evidence, Finding, HandEdit, Severity
from taskcheck.model.report import Report
from taskcheck.model.step import Step
from taskcheck.model.task import Place
from taskcheck.model.timeline import Timeline
from taskcheck.model.unseen import FILES, Unseen
from tests.unit.formats.reports import incident, quoting, story

WIDTH = 40
WORDS = "words of a text"
STEP = Step(
    kind="wait", text="wait for the next heartbeat of the manager", note="it is due in a minute or two, if it lives"
)


def broken() -> Report:
    """A report whose texts are broken, with each kind of line."""
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
    told = quoting(WORDS)
    return replace(
        told,
        incidents=(*told.incidents, whole),
        notices=("the cache of this store can't be read",),
        notes=("nothing was fetched since the day before",),
        unseen=(Unseen(kind=FILES, where="tasks/old", why="it has files that look like tasks"),),
        root="root is 3 commits behind its trunk origin/main",
    )


def told_long() -> Timeline:
    return replace(story(WORDS), gaps=("when the worker began, and on which host",))


STATUS = """\
words of a text
  heartbeat 5s old, stale · no register

at work: 1
  words of a text
    process 7 on words of a text · for…
    words of a text title
    worktree words of a text · branch
      words of a text · log words of a
      text

waiting for a person: 1
  1 stopped: words of a text (0s,
    words of a text)

disagree: 3
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
error   words of a text title
        metadata-drift · words of a text
        error metadata-drift: root
          says words of a text
        error worker-gone: root says
          words of a text
        signal words of a text: words
          of a text, from words of a
          text, 2026-03-24T18:00:00Z,
          unexplained, words of a text
        taskcheck --fix --unsafe-fixes \\
        'words of a text'
        unsafe: review it with --diff
          instead of --fix
info    words of a text2 title
        signals only · words of a text2
        signal words of a text2: words
          of a text2, from words of a
          text2, 2026-03-24T18:00:00Z,
          unexplained, words of a text2
        taskcheck check --verbose \\
        'words of a text2'

failed  words of a text: words of a
  text
notice  the cache of this store can't
  be read
unseen  tasks/old: it has files that
  look like tasks
skipped snapshot-stale: words of a
  text
unsure  words of a text (words of a
  text): metadata-drift: words of a text
2 tasks in 1 checkout: 3 incidents (3
  errors); 1 suppressed, 1 in the
  baseline, 2 fixable with --fix
  --unsafe-fixes, 2 rules skipped
incomplete: the parts that failed were
  not checked
as of 2026-03-24T18:00:00Z
"""

TEXT = """\
error   words of a text
        metadata-drift
        words of a text title · words of
        a text · words of a text
  root says words of a text
      words of a text  tasks/words
          of a text.md:3
      words of a text
          worktree:words of a
          text:tasks/words of a
          text.md:3
      words of a text  branch:words
          of a text:words of a text.md
      expected: it says words of a text
      unsafe fix: words of a text (words
      of a text)
  explains
    error worker-gone: root says words
      of a text
        words of a text  tasks/words
            of a text.md:3
        words of a text
            worktree:words of a
            text:tasks/words of a
            text.md:3
        words of a text
            branch:words of a text:words
            of a text.md
        expected: it says words of a
        text
        unsafe fix: words of a text
        (words of a text)
  signals  words of a text (unexplained)
  next  taskcheck --fix --unsafe-fixes 'words of a text'
        unsafe: review it with --diff
        instead of --fix

info    words of a text2
        signals only
        words of a text2 title · words
        of a text2 · words of a text2
  signals  words of a text2
  (unexplained)
  next  taskcheck check --verbose 'words of a text2'

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

kept    words of a text
        worker-gone
        words of a text  words of a text
        not made: words of a text
note    nothing was fetched
        since the day before

manager words of a text  heartbeat 5s
old
root    root is 3 commits behind
        its trunk origin/main
failed  words of a text: words of a text
notice  the cache of this store
        can't be read
unseen  tasks/old: it has files
        that look like tasks
skipped snapshot-stale: words of a text
unsure  words of a text (words
        of a text): metadata-drift:
        words of a text
2 tasks in 1 checkout: 3 incidents (3
errors); 1 suppressed, 1 in the
baseline, 2 fixable with --fix
--unsafe-fixes, 2 rules skipped
incomplete: the parts that failed were
not checked
"""

TIMELINE = """\
words of a text title
words of a text
  root          words of a
                text, since 2026-03-24
                18:00:00 UTC
                worktree:words of a
                text:tasks/words of a
                text.md:3
            nothing recorded for 5h

2026-03-24
  18:00:00  words of a text
            (words of a text)  words of
            a text  worktree:words of a
            text:tasks/words of a
            text.md:3

at no known time
            words of a text  words of a
            text  worktree:words of a
            text:tasks/words of a
            text.md:3
            error metadata-drift: root
              says words of a text

next: wait for the next heartbeat
      of the manager
  it is due in a minute or two, if it
    lives
not known: when the worker began, and
  on which host
as of 2026-03-24T18:00:00Z
"""


def test_status() -> None:
    assert status.render(broken(), width=WIDTH, verbose=True) == STATUS


def test_report() -> None:
    assert text.render(broken(), width=WIDTH, verbose=True, colour=False) == TEXT


def test_timeline() -> None:
    assert timeline.as_text(told_long(), step=STEP, width=WIDTH, verbose=True) == TIMELINE


MARKDOWN = """\
Its worker is gone, with no end that is recorded.

## Why
Nobody works on it, but the register still says so.
- Retries and cool-downs raise more alarms.
- People wait.

```console
$ taskcheck rule worker-gone --format text --verbose
```
"""

PROSE = """\
Its worker is gone, with no end that is
recorded.

## Why
Nobody works on it, but the register
still says so.
- Retries and cool-downs raise more
  alarms.
- People wait.

```console
$ taskcheck rule worker-gone --format
text --verbose
```

"""


def test_documentation() -> None:
    assert styled(prose(MARKDOWN), WIDTH, colour=False) == PROSE
