"""From fixes to bytes, and from bytes to disk: edits and plans are pure, `commit` is the only writer."""
