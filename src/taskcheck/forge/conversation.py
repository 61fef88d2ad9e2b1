"""One run's conversation with a site of GitHub's: patient with what passes, bounded in size, cached where it may be."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

import requests
from cachecontrol import CacheControlAdapter
from cachecontrol.caches import FileCache
from requests import exceptions

from taskcheck import __version__
from taskcheck.forge.sites import Site

PAUSES = (0.5, 1.0)
"""Seconds before what failed in passing is tried again."""

SOCKET = (5.0, 10.0)
"""Seconds for a connection, and for the next bytes of an answer."""

LIMIT = 16 * 1024 * 1024
"""Bytes of an answer."""

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


@dataclass(frozen=True, slots=True)
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
        if site.token is None:  # the cache holds a request's headers too, and a token belongs in no file
            adapter = CacheControlAdapter(cache=_Cache(_cache_folder()))
            self._session.mount("https://", adapter)
            self._session.mount("http://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str) -> Any:
        """The JSON at a URL; None where there is nothing.

        Raises:
            Silent: the site doesn't say.
        """
        reply = self._reply("GET", url)
        return None if reply.status in {404, 410} else self._json(reply)

    def query(self, url: str, query: str) -> Mapping[str, Any]:
        """The data that a GraphQL query gives; what isn't there is None in it.

        Raises:
            Silent: the site doesn't say.
        """
        said = self._json(self._reply("POST", url, {"query": query}))
        data = said.get("data") if isinstance(said, dict) else None
        if isinstance(data, dict):
            return data
        errors = said.get("errors") if isinstance(said, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        raise Silent(f"{self._site.host} gave no data{_told(first)}")

    def _authorized(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token; where there is none, what a .netrc file says doesn't take its place."""
        if self._site.token:
            request.headers["Authorization"] = f"Bearer {self._site.token}"
        return request

    def _reply(self, method: str, url: str, body: Mapping[str, str] | None = None) -> _Reply:
        """What the site replies, once it is more than a passing failure.

        Raises:
            Silent: it isn't in time, or the site refuses.
        """
        for pause in (*PAUSES, None):
            try:
                reply = self._sent(method, url, body)
            except exceptions.RequestException as error:
                cause = next((words for kind, words in _CAUSES if isinstance(error, kind)), type(error).__name__)
                why, wait = f"{self._site.host} can't be reached: {cause}", pause
            else:
                if reply.status in {200, 404, 410}:
                    return reply
                why, wait = self._refusal(reply, pause)
            if wait is None or time.monotonic() + wait > self._until:
                raise Silent(why)
            time.sleep(wait)
        raise AssertionError

    def _sent(self, method: str, url: str, body: Mapping[str, str] | None) -> _Reply:
        redirects = method == "GET"
        with self._session.request(
            method, url, json=body, timeout=SOCKET, stream=True, allow_redirects=redirects
        ) as response:
            content = bytearray()
            for chunk in response.iter_content(64 * 1024):
                content += chunk
                if len(content) > LIMIT:
                    raise Silent(f"{self._site.host} answered with more than {LIMIT:,} bytes")
            return _Reply(response.status_code, response.headers, bytes(content))

    def _refusal(self, reply: _Reply, pause: float | None) -> tuple[str, float | None]:
        """Why a reply is no answer, and the seconds after which it may be one; None for never."""
        host, status = self._site.host, reply.status
        if status >= 500:
            return f"{host} answered {status}", pause
        if status == 401:
            return f"{host} doesn't take the token of {self._site.variable} (401)", None
        wait = _asked_wait(reply.headers) if status in {403, 429} else None
        if wait is None:
            return f"{host} answered {status}{_told(_parsed(reply.body))}", None
        more = "" if self._site.token else f"; it answers more to a token in {self._site.variable}"
        said = _date(reply.headers)
        until = f" until {datetime.fromtimestamp(said.timestamp() + wait, UTC):%H:%M}Z" if said else ""
        return f"{host}'s rate limit is used up{until}{more}", wait if pause is not None else None

    def _json(self, reply: _Reply) -> Any:
        try:
            return json.loads(reply.body)
        except ValueError as error:
            raise Silent(f"{self._site.host} answered with something else than JSON") from error


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait that the site asks for, by its own clock; None where it asks for nothing."""
    after = headers.get("Retry-After", "")
    if after.isdecimal():
        return float(after)
    reset, now = headers.get("X-RateLimit-Reset", ""), _date(headers)
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal() and now:
        return max(1.0, int(reset) - now.timestamp())
    return None


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _told(answer: Any) -> str:
    """The message in an answer, short."""
    said = answer.get("message") if isinstance(answer, dict) else None
    return f": {' '.join(said.split())[:120]}" if isinstance(said, str) and said else ""


def _cache_folder() -> Path | None:
    """Where answers are kept; None where nobody has a home."""
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(named) if named and Path(named).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return base / "taskcheck" / "forge"


class _Session(requests.Session):
    """A session that tells nobody who we are once it was sent elsewhere, whatever a .netrc file says."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:  # noqa: ARG002
        prepared_request.headers.pop("Authorization", None)


class _Cache(FileCache):
    """Files, where they can be written; a cache that can't be used costs nothing but its help."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__(str(folder or os.devnull))

    def get(self, key: str) -> bytes | None:
        with suppress(OSError):
            return super().get(key)
        return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:
        with suppress(OSError):
            super().set(key, value, expires)

    def delete(self, key: str) -> None:
        with suppress(OSError):
            super().delete(key)
