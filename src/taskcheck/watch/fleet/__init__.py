"""Many stores at once: processes that look, the order in which they do, and reports of other machines."""
