"""From dispatch to a terminal state."""
