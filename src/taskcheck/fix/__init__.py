"""From fixes to a plan, and from a plan to what is written: edits, overlay and plan are pure."""
