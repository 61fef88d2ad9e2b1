"""Asks GitHub about pull requests: with a token in batches (GraphQL), without one each by itself (REST)."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from taskcheck.documents.values import timestamp
from taskcheck.forge.sites import Site, sites
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.sources import Unavailable
from taskcheck.plugins.deadline import within
from taskcheck.plugins.marker import hookimpl

PATIENCE = 30.0
"""Seconds that a site may take for all of its answers."""

BATCH = 100
"""Pull requests of one GraphQL query: each costs the same point of the rate limit, whatever it asks for."""

_NAME = re.compile(r"(?!\.\.?/)[\w.-]{1,100}/(?!\.\.?\Z)[\w.-]{1,100}", re.ASCII)
_MOST = 2**31 - 1
_FIELDS = "state baseRefName mergedAt closedAt mergeCommit { oid }"
_ABSENT = Unavailable("there is no such pull request, or the token may not see it")
_STRANGE = Unavailable("the forge's answer is invalid")

Answer = PullState | Unavailable
Answers = dict[PullAddress, Answer]


@hookimpl
def taskcheck_pull_requests(queries: Sequence[PullAddress]) -> Answers:
    """Return what GitHub's hosts say of pull requests of theirs."""
    answers: Answers = {}
    for host, site in sites(os.environ).items():
        mine = [query for query in queries if query.host == host]
        if mine:
            answers |= _within(PATIENCE, site, mine)
    return answers


def _within(patience: float, site: Site, queries: Sequence[PullAddress]) -> Answers:
    """Return the answers that came in time; nothing that a socket or a name server does can take longer."""
    answers: Answers = {}

    def ask() -> None:
        for query, answer in _asked(site, queries, patience):
            answers[query] = answer

    with suppress(TimeoutError):
        within(patience, ask)
    late = Unavailable(f"{site.host} gave no answer within {patience:g} s")
    return {query: answers.get(query, late) for query in queries}


def _asked(site: Site, queries: Sequence[PullAddress], patience: float) -> Iterator[tuple[PullAddress, Answer]]:
    """Yield an answer for each query, as it comes."""
    possible = []
    for query in queries:
        if _NAME.fullmatch(query.repository) and 0 < query.number <= _MOST:
            possible.append(query)
        else:
            yield query, _ABSENT
    try:
        from taskcheck.forge.http import Conversation
    except ImportError:
        missing = Unavailable("--online needs an extra for GitHub: pip install 'taskcheck-lint[online]'")
        yield from dict.fromkeys(possible, missing).items()
        return
    with Conversation(site, patience) as conversation:
        yield from _conversed(site, conversation, possible)


def _conversed(site: Site, conversation: Any, queries: Sequence[PullAddress]) -> Iterator[tuple[PullAddress, Answer]]:
    """Yield an answer for each query; once the site is silent, that for all that are left."""
    from taskcheck.forge.http import Silent

    ask, size = (_batch, BATCH) if site.token else (_single, 1)
    for start in range(0, len(queries), size):
        try:
            yield from ask(site, conversation, queries[start : start + size]).items()
        except Silent as silent:
            yield from dict.fromkeys(queries[start:], Unavailable(str(silent))).items()
            return


def _single(site: Site, conversation: Any, batch: Sequence[PullAddress]) -> Answers:
    """Return the answer to one query, by REST."""
    (query,) = batch
    found = conversation.get(f"{site.rest}/repos/{query.repository}/pulls/{query.number}")
    if found is None:
        return {query: _ABSENT}
    try:
        merged = found.get("merged_at")
        if found["number"] != query.number or (merged and found["state"] != "closed"):
            return {query: _STRANGE}
        state = "merged" if merged else found["state"]
        commit = found.get("merge_commit_sha") if merged else None
        return {query: _state(state, found["base"]["ref"], commit, merged or found.get("closed_at"))}
    except (KeyError, TypeError, AttributeError, ValueError):
        return {query: _STRANGE}


def _batch(site: Site, conversation: Any, batch: Sequence[PullAddress]) -> Answers:
    """Return the answers to some queries, by one of GraphQL: each repository and pull request has an alias in it."""
    pulls: dict[str, list[str]] = {}
    for query in batch:
        part = f"p{query.number}: pullRequest(number: {query.number}) {{ {_FIELDS} }}"
        pulls.setdefault(query.repository, []).append(part)
    aliases = {}
    parts = []
    for number, (repository, parts_of) in enumerate(pulls.items()):
        aliases[repository] = f"r{number}"
        owner, _, name = repository.partition("/")
        parts.append(f'r{number}: repository(owner: "{owner}", name: "{name}") {{ {" ".join(parts_of)} }}')
    found, refusals = conversation.query(site.graphql, f"query {{ {' '.join(parts)} }}")
    return {query: _of_graph(found, refusals, aliases[query.repository], f"p{query.number}") for query in batch}


def _of_graph(data: Mapping[str, Any], refusals: Mapping[tuple[str, ...], str], repository: str, pull: str) -> Answer:
    """Return the answer under the aliases of a repository and a pull request."""
    try:
        found = (data[repository] or {}).get(pull)
        if found is None:
            refusal = refusals.get((repository,)) or refusals.get((repository, pull))
            return Unavailable(f"its forge gave nothing: {refusal}") if refusal else _ABSENT
        commit = (found.get("mergeCommit") or {}).get("oid")
        at = found.get("mergedAt") or found.get("closedAt")
        return _state(found["state"].lower(), found["baseRefName"], commit, at)
    except (KeyError, TypeError, AttributeError, ValueError):
        return _STRANGE


def _state(state: object, into: object, commit: object, at: object) -> PullState:
    """Return the state that an answer's fields say.

    Raises:
        ValueError: it is none.
    """
    moment = timestamp(at) if isinstance(at, str) else None
    known = isinstance(into, str) and into and (at is None or moment)
    if known and (state == "open" or state == "merged" or state == "closed"):  # noqa: PLR1714 - for a type checker
        return PullState(state=state, into=str(into), commit=commit if isinstance(commit, str) else None, at=moment)
    raise ValueError(state)
