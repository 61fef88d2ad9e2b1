"""The only writer: a transaction over files, its journal, its locks. It imports nothing else of taskcheck."""

PENDING, COMMITTED = "pending.json", "committed.json"
"""Journals of a fix that hasn't come to its end (`commit`); here, for Windows can't import what locks."""
