"""Pull requests of a Forgejo or Gitea server: FORGEJO_URL says which, FORGEJO_TOKEN may say who asks.

The host of a pull request stands in a file that anybody may have written: only the one server is ever asked, and told
the token.
"""

import json
import os
from collections.abc import Sequence
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from taskcheck import PullAddress, PullState, Unavailable, timestamp

PATIENCE = 10
"""Seconds for an answer."""


def pull_requests(queries: Sequence[PullAddress]) -> dict[PullAddress, PullState | Unavailable]:
    """What the server says of its own pull requests; once it can't be reached it isn't asked again."""
    base = os.environ.get("FORGEJO_URL", "").rstrip("/")
    answers: dict[PullAddress, PullState | Unavailable] = {}
    silent = None
    for query in queries:
        if base and query.host == urlsplit(base).netloc.lower():
            try:
                answers[query] = silent or _asked(base, query)
            except (OSError, ValueError, KeyError, TypeError) as error:
                silent = answers[query] = Unavailable(f"{query.host}: {error}")
    return answers


def _asked(base: str, query: PullAddress) -> PullState | Unavailable:
    request = Request(f"{base}/api/v1/repos/{quote(query.repository)}/pulls/{query.number}")  # noqa: S310 - ours
    if token := os.environ.get("FORGEJO_TOKEN"):
        request.add_unredirected_header("Authorization", f"token {token}")
    try:
        with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - as above
            said = json.load(response)
    except HTTPError as error:
        if error.code == 404:
            return Unavailable("there is no such pull request, or the token may not see it")
        raise
    return PullState(
        state="merged" if said["merged"] else "open" if said["state"] == "open" else "closed",
        into=said["base"]["ref"],
        commit=said["merge_commit_sha"] if said["merged"] else None,
        at=timestamp(said["merged_at"] or said["closed_at"] or ""),
    )
