"""The only readers: every ledger is read once, in two steps; what git is asked depends on what the files say."""

from taskcheck.read.answers import changed, read_rest
from taskcheck.read.baseline import baseline_file, read_baseline
from taskcheck.read.distributions import read_entry_points
from taskcheck.read.folders import watched
from taskcheck.read.index import read_staging
from taskcheck.read.landed import read_landed, read_remote, read_since
from taskcheck.read.ledgers import read_files
from taskcheck.read.locate import Location, fix_folder, locate, own_folder
from taskcheck.read.processes import read_processes
from taskcheck.read.questions import Questions
from taskcheck.read.revision import read_revision
from taskcheck.read.runner import GitError

__all__ = [
    "GitError", "Location", "Questions", "baseline_file", "changed", "fix_folder", "locate", "own_folder",
    "read_baseline", "read_entry_points", "read_files", "read_landed", "read_processes", "read_remote", "read_rest",
    "read_revision", "read_since", "read_staging", "watched",
]  # fmt: skip
