"""Pull requests of a Forgejo or Gitea server: FORGEJO_URL says which, FORGEJO_TOKEN may say who asks.

The host of a pull request stands in a file that anybody may have written: only the one server is ever asked, and told
the token; a redirect to another isn't followed. What a library says of an error may repeat what it was given, so no
answer has its words.
"""

import json
import os
import re
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from taskcheck import PullAddress, PullState, Unavailable, timestamp

PATIENCE = 10
"""Seconds without a byte."""

IN_ALL = 60
"""Seconds for all answers."""

LIMIT = 4 * 1024 * 1024
"""Bytes of an answer."""

_NAME = re.compile(r"(?!\.\.?/)[\w.-]{1,100}/(?!\.\.?\Z)[\w.-]{1,100}", re.ASCII)
_TOKEN = re.compile(r"[!-~]+")
_DEFAULT_PORT = re.compile(r":(?:443|80)\Z")
_ABSENT = Unavailable("there is no such pull request, or the token may not see it")
_STRANGE = Unavailable("the forge's answer is invalid")

Answer = PullState | Unavailable


def pull_requests(queries: Sequence[PullAddress]) -> dict[PullAddress, Answer]:
    """What the server says of its own pull requests; once it can't be reached it isn't asked again."""
    base = _base(os.environ.get("FORGEJO_URL", ""))
    token = os.environ.get("FORGEJO_TOKEN", "").strip()
    if base is None:
        return {}
    host = _DEFAULT_PORT.sub("", base.netloc.lower())
    until = monotonic() + IN_ALL
    answers: dict[PullAddress, Answer] = {}
    silent = None
    if token and not _TOKEN.fullmatch(token):
        silent = Unavailable("the token in FORGEJO_TOKEN can't be sent: it has characters that no token has")
    for query in (query for query in queries if query.host == host):
        try:
            answers[query] = silent or _asked(base, token, query, until)
        except HTTPError as error:
            error.close()
            silent = answers[query] = Unavailable(f"{host} answered {error.code}")
        except (OSError, HTTPException) as error:
            silent = answers[query] = Unavailable(f"{host} can't be reached ({type(error).__name__})")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            answers[query] = _STRANGE
    return answers


def _base(url: str) -> SplitResult | None:
    try:
        base = urlsplit(url.strip().rstrip("/"))
    except ValueError:
        return None
    return base if base.scheme in {"http", "https"} and "@" not in base.netloc else None


def _asked(base: SplitResult, token: str, query: PullAddress, until: float) -> Answer:
    """What the server says of one; its repository is below the path at which the server is."""
    name = query.repository.removeprefix(f"{base.path.strip('/')}/")
    if not _NAME.fullmatch(name):
        return _ABSENT
    request = Request(f"{base.geturl()}/api/v1/repos/{name}/pulls/{query.number}")  # noqa: S310 - ours
    if token:
        request.add_header("Authorization", f"token {token}")
    try:
        with build_opener(_SameHost).open(request, timeout=PATIENCE) as response:
            said = json.loads(_read(response, until))
    except HTTPError as error:
        if error.code == 404:
            error.close()
            return _ABSENT
        raise
    return _state(said, query)


def _read(response: HTTPResponse, until: float) -> bytes:
    content = bytearray()
    while chunk := response.read1(64 * 1024):
        content += chunk
        if len(content) > LIMIT or monotonic() > until:
            raise TimeoutError
    return bytes(content)


def _state(said: Any, query: PullAddress) -> Answer:
    merged, into = said["merged"], said["base"]["ref"]
    if said["number"] != query.number or merged not in (True, False) or not into or not isinstance(into, str):
        return _STRANGE
    state = "merged" if merged else said["state"]
    if state not in {"open", "closed", "merged"} or (merged and said["state"] != "closed"):
        return _STRANGE
    commit = said.get("merge_commit_sha") if merged else None
    return PullState(
        state=state,
        into=into,
        commit=commit if isinstance(commit, str) else None,
        at=timestamp(said.get("merged_at") or said.get("closed_at") or ""),
    )


class _SameHost(HTTPRedirectHandler):
    """Follows no redirect to another server."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
