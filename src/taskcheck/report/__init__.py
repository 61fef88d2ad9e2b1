"""From the results of all rules to one incident per task, and to the report of the whole check; pure."""
