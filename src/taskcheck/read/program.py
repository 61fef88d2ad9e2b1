"""Where git is, and what it is told of its surroundings: nothing that the folder one stands in could have put there.

An empty or relative element of ``PATH`` is a folder of whoever filled the current one: it is passed over.
"""

import os
import shutil
from pathlib import PurePath

ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "LC_ALL": "C",
}

LOCAL_VARIABLES = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
    "GIT_DIR", "GIT_EDITOR", "GIT_EXTERNAL_DIFF", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PAGER", "GIT_PREFIX",
    "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip
"""What ``git rev-parse --local-env-vars`` names and a hook exports: each would answer about another repository."""


def absolute_path() -> str:
    """Return ``PATH`` without its empty and relative elements."""
    elements = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = [element for element in elements if PurePath(element).is_absolute()]
    return os.pathsep.join(absolute)


def program(name: str) -> str | None:
    """Return where a program is, by the absolute elements of ``PATH``; None where none has it.

    On Windows the current folder may be looked at first: what is found there has no absolute path, and doesn't count.
    """
    found = shutil.which(name, path=absolute_path())
    if found is None or not PurePath(found).is_absolute():
        return None
    return found


def foreign_variables() -> list[str]:
    """Return the variables of this process that would make git answer about something else, or speak elsewhere."""
    found = []
    for name in os.environ:
        speaks_elsewhere = name.startswith(("GIT_TRACE", "GIT_SSH"))
        if speaks_elsewhere or name in LOCAL_VARIABLES:
            found.append(name)
    return found
