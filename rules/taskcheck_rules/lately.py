"""What was done a moment ago, so that more may follow."""

from datetime import datetime

from taskcheck import Entry, Settings, age


def just_made(entry: Entry, settings: Settings, now: datetime) -> str:
    """Return that an entry is younger than what a worker takes to start; empty where it isn't, or doesn't say."""
    limits = settings.limits
    made = entry.last_sign
    if made is None or not -limits.clock_skew <= now - made <= limits.pickup_grace:
        return ""
    return f"it was made {age(now - made)} ago"
