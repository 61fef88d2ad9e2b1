"""The decision table of task states, and what holds the rules to it."""
