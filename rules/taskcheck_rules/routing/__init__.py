"""Who acts for whom: every open task has somebody, and only they hold it."""
