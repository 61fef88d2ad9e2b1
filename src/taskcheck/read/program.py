"""Where git is, and what it is told of its surroundings: nothing that the folder one stands in could have put there.

An empty or relative element of ``PATH`` is a folder of whoever filled the current one: it is passed over.
"""

import os
import stat

from taskcheck.documents.bounded import read_head, stamp_of

ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "LANGUAGE": "C",
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
    return os.pathsep.join(filter(os.path.isabs, elements))


def program(name: str) -> str | None:
    """Return where a program is, by the absolute elements of ``PATH``; None where none has it."""
    for folder in filter(None, absolute_path().split(os.pathsep)):
        path = f"{folder}/{name}"
        if _is_program(path):
            return path
    return None


_COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""How programs of Linux and macOS begin."""


def compiled(name: str) -> str:
    """Return what tells a program from every other: where it is, and what the file system says of it.

    Empty for a script, which may start any other program, and where there is no program of the name.
    """
    path = program(name)
    try:
        data, found = read_head(path, len(_COMPILED[0])) if path is not None else (b"", None)
    except OSError:
        return ""
    return f"{path} {stamp_of(found)}" if found is not None and data in _COMPILED else ""


def _is_program(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and os.access(path, os.X_OK)


def environment() -> dict[str, str]:
    """Return the variables that git gets: this process's, but for those that would mislead it, and our own."""
    variables = {name: value for name, value in os.environ.items() if not is_foreign(name)}
    return {**variables, **ENVIRONMENT, "PATH": absolute_path()}


def is_foreign(name: str) -> bool:
    """Return whether a variable would make git answer about something else, or speak elsewhere."""
    return name in LOCAL_VARIABLES or name.startswith(("GIT_TRACE", "GIT_SSH"))
