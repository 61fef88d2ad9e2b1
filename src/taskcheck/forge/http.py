"""One run's conversation with a site of GitHub's: patient with what passes, bounded in size, cached where it may be."""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from cachecontrol import CacheControlAdapter, CacheController
from requests import exceptions
from requests.adapters import HTTPAdapter

from taskcheck.documents.frozen import frozen
from taskcheck.forge.cache import Kept, folder
from taskcheck.forge.sites import Site
from taskcheck.version import __version__

PAUSES = (0.5, 1.0)
"""Seconds before what failed in passing is tried again."""

SOCKET = (5.0, 10.0)
"""Seconds for a connection, and for the next bytes of an answer."""

LIMIT = 16 * 1024 * 1024
"""Bytes of an answer."""

REDIRECTS = 5
"""Requests for one answer; a repository that was renamed takes two."""

FARTHEST = 10 * 365 * 86_400.0
"""Seconds that a site can ask to wait; what is more is no time that anybody means."""

_SENDABLE = re.compile(r"[!-~]+")
_HEADERS = {"Accept": "application/vnd.github+json", "User-Agent": f"taskcheck/{__version__}"}
_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.SSLError, "its certificate can't be verified"),
    (exceptions.ProxyError, "the proxy refuses"),
    (exceptions.ConnectTimeout, f"no connection in {SOCKET[0]:g} s"),
    (exceptions.Timeout, f"nothing came for {SOCKET[1]:g} s"),
    (exceptions.ChunkedEncodingError, "its answer broke off"),
    (exceptions.ConnectionError, "no connection, or it was dropped"),
)


class Silent(Exception):
    """The site says nothing more in this run; the message says why."""


@frozen
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Conversation:
    """Requests to one site, all of them within some seconds."""

    def __init__(self, site: Site, patience: float) -> None:
        self._site = site
        self._until = time.monotonic() + patience
        self._session = _Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = self._authorized
        place = folder() if site.token is None else None  # a request's headers are kept too: no token goes into a file
        if place:
            self._mount(CacheControlAdapter(cache=Kept(place), controller_class=_AnswersAlone))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str) -> Any:
        """Return the JSON at a URL; None where there is nothing.

        Raises:
            Silent: the site doesn't say.
        """
        reply = self._reply("GET", url)
        return None if reply.status in {404, 410} else self._json(reply)

    def query(self, url: str, query: str) -> tuple[Mapping[str, Any], Mapping[tuple[str, ...], str]]:
        """The data that a GraphQL query gives, with None for what isn't there; and by path why something is withheld.

        Raises:
            Silent: the site doesn't say.
        """
        said = self._json(self._reply("POST", url, {"query": query}))
        data = said.get("data") if isinstance(said, dict) else None
        errors = said.get("errors") if isinstance(said, dict) else None
        listed = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        if not isinstance(data, dict):
            raise Silent(f"{self._site.host} gave no data{self._told(next(iter(listed), None))}")
        withheld = {
            tuple(map(str, error["path"])): self._told(error).removeprefix(": ")
            for error in listed
            if isinstance(error.get("path"), list) and error.get("type") != "NOT_FOUND"
        }
        return data, withheld

    def _mount(self, adapter: HTTPAdapter) -> None:
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def _authorized(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the token; where there is none, what a .netrc file says doesn't take its place.

        Raises:
            Silent: the token is none; what the libraries say of such a header repeats it.
        """
        if self._site.token:
            if not _SENDABLE.fullmatch(self._site.token):
                raise Silent(f"the token in {self._site.variable} can't be sent: it has characters that no token has")
            request.headers["Authorization"] = f"Bearer {self._site.token}"
        return request

    # Decisions: each way in which a try can end, and whether it is worth another one.
    def _reply(self, method: str, url: str, body: Mapping[str, str] | None = None) -> _Reply:
        """Return what the site replies, once it is more than a passing failure.

        Raises:
            Silent: it isn't in time, or the site refuses.
        """
        for pause in (*PAUSES, None):
            try:
                reply = self._sent(method, url, body)
            except Silent:
                raise
            except Exception as error:  # noqa: BLE001 - an odd URL, proxy or certificate is anything but RequestException
                cause = next((words for kind, words in _CAUSES if isinstance(error, kind)), type(error).__name__)
                why, wait = f"{self._site.host} can't be reached: {cause}", pause
                if not isinstance(error, exceptions.RequestException):
                    self._mount(HTTPAdapter())  # what the cache gave may be what is odd
            else:
                limited = method == "POST" and _limited(reply)
                if reply.status in {200, 404, 410} and not limited:
                    return reply
                why, wait = self._refusal(reply, pause)
            if wait is None or time.monotonic() + wait > self._until:
                raise Silent(why)
            time.sleep(wait)
        raise AssertionError

    def _sent(self, method: str, url: str, body: Mapping[str, str] | None) -> _Reply:
        for _ in range(REDIRECTS):
            reply = self._once(method, url, body)
            if method != "GET" or reply.status not in {301, 302, 307, 308} or "Location" not in reply.headers:
                return reply
            moved = urljoin(url, reply.headers["Location"])
            if urlsplit(moved)[:2] != urlsplit(url)[:2]:
                raise Silent(f"{self._site.host} redirects to another host ({reply.status})")
            url = moved
        raise Silent(f"{self._site.host} redirects too many times")

    def _once(self, method: str, url: str, body: Mapping[str, str] | None) -> _Reply:
        with self._session.request(method, url, json=body, timeout=SOCKET, stream=True) as response:
            content = bytearray()
            for chunk in response.iter_content(64 * 1024):
                content += chunk
                if len(content) > LIMIT:
                    raise Silent(f"{self._site.host} answered with more than {LIMIT:,} bytes")
            return _Reply(response.status_code, response.headers, bytes(content))

    def _refusal(self, reply: _Reply, pause: float | None) -> tuple[str, float | None]:
        """Return why a reply is no answer, and the seconds after which it may be one; None for never."""
        host, status = self._site.host, reply.status
        if status >= 500:
            return f"{host} answered {status}", pause
        if status == 401:
            return f"{host} doesn't take the token of {self._site.variable} (401)", None
        wait = _asked_wait(reply.headers) if status in {200, 403, 429} else None
        if wait is None:
            return f"{host} answered {status}{self._told(_parsed(reply.body))}", None
        more = "" if self._site.token else f"; it allows more with a token in {self._site.variable}"
        said = _date(reply.headers, "Date")
        until = f" until {_shown(said.timestamp() + wait, wait)}" if said and wait < FARTHEST else ""
        return f"{host}'s rate limit is used up{until}{more}", wait if pause is not None else None

    def _json(self, reply: _Reply) -> Any:
        said = _parsed(reply.body)
        if said is None:
            raise Silent(f"{self._site.host} didn't answer with JSON")
        return said

    def _told(self, answer: Any) -> str:
        """Return the message in an answer, short, and without the token if it repeats that."""
        said = answer.get("message") if isinstance(answer, dict) else None
        if not isinstance(said, str) or not said:
            return ""
        said = said.replace(self._site.token, self._site.variable) if self._site.token else said
        return f": {' '.join(said.split())[:120]}"


def _limited(reply: _Reply) -> bool:
    """Return whether GraphQL gives no data because of a limit; its status is 200 then too."""
    said = _parsed(reply.body)
    return isinstance(said, dict) and not said.get("data") and _asked_wait(reply.headers) is not None


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that the site asks for, by its own clock; None where it asks for nothing."""
    after, now = headers.get("Retry-After", ""), _date(headers, "Date")
    if after.isdecimal():
        return min(float(after), FARTHEST)
    until, reset = _date(headers, "Retry-After"), headers.get("X-RateLimit-Reset", "")
    if until and now:
        return max(0.0, (until - now).total_seconds())
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal() and now:
        return min(max(1.0, float(reset) - now.timestamp()), FARTHEST)
    return None


def _shown(moment: float, wait: float) -> str:
    """Return a moment in UTC, with the day where it isn't within one of now."""
    form = "%H:%MZ" if wait < 86_400 else "%Y-%m-%d %H:%MZ"
    return datetime.fromtimestamp(moment, UTC).strftime(form)


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(headers.get(name, ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _parsed(body: bytes) -> Any:
    """Return the JSON of a body; None where it is none, or null."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


class _AnswersAlone(CacheController):
    """Keeps no redirect, which a cache would believe forever."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "status_codes": (200,)})


class _Session(requests.Session):
    """A session that follows nobody by itself: it reads the whole of a redirect first, however much that is."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None
