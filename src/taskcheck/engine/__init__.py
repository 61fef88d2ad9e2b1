"""Rules times subjects gives results: what a rule is, which of them run, and how much of what they say counts."""
