"""From fixes to bytes, and from bytes to disk: edits and plans are pure, `commit` is the only writer."""

PENDING, COMMITTED = "pending.json", "committed.json"
"""Journals of a fix that hasn't come to its end (`commit`); here, for Windows can't import what locks."""
