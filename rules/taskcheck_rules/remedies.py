"""What settles the findings of several rules."""

from taskcheck import Command, HandEdit

FINISH = Command(
    ("taskcheck", "finish", "{task}", "--outcome", "OUTCOME", "--reason", "REASON"),
    blanks=(("OUTCOME", "{outcomes}"), ("REASON", "what is left to do, in a few words")),
    needs=("tombstones",),
)
"""Somebody says how the work on the task was left."""

RUN = Command(
    ("taskcheck", "run", "{task}", "--", "COMMAND"),
    blanks=(("COMMAND", "the command that does the work"),),
    note="or taskcheck finish, to leave it for later",
    needs=("tombstones", "people"),
)
"""The task is dispatched again."""

ANOTHER_ID = HandEdit("the two tasks have different ids, and references name the right one")
"""Two tasks have one id."""
