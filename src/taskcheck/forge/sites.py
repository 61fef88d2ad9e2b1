"""Which hosts are GitHub's, where their API is, and which token is theirs: the environment says so, nobody else.

The host of a pull request stands in a task file, and anybody can write one: a token goes only where it came from.
The variables are those of GitHub's own tools: `gh help environment`, and the default variables of Actions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from taskcheck.model.pulls import host_name

PUBLIC = "github.com"
_OF_PUBLIC = ("GH_TOKEN", "GITHUB_TOKEN")
_OF_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A host of GitHub's, and how to ask it."""

    host: str
    rest: str
    """URL of its REST API, without a slash at the end."""
    graphql: str
    token: str | None = field(default=None, repr=False)
    variable: str = _OF_PUBLIC[0]
    """The variable that its token came from, or that one for it belongs in."""


def sites(environment: Mapping[str, str]) -> dict[str, Site]:
    """The hosts that are GitHub's, by name: github.com, that of GH_HOST, and in Actions the one it runs for."""
    server = _host(environment.get("GITHUB_SERVER_URL", ""))
    named = (PUBLIC, _host(environment.get("GH_HOST", "")), server)
    return {host: _site(host, server, environment) for host in named if host}


def _site(host: str, server: str, environment: Mapping[str, str]) -> Site:
    hosted = host == PUBLIC or host.endswith(".ghe.com")
    names: tuple[str, ...] = _OF_PUBLIC if hosted else _OF_ENTERPRISE
    if host == server:
        names = tuple(dict.fromkeys((*names, "GITHUB_TOKEN")))
    elif server:  # Actions' own token is the server's
        names = tuple(name for name in names if name != "GITHUB_TOKEN")
    rest = f"https://api.{host}" if hosted else f"https://{host}/api/v3"
    graphql = f"https://api.{host}/graphql" if hosted else f"https://{host}/api/graphql"
    if host == server:
        rest = environment.get("GITHUB_API_URL") or rest
        graphql = environment.get("GITHUB_GRAPHQL_URL") or graphql
    variable = next((name for name in names if environment.get(name, "").strip()), names[0])
    token = environment.get(variable, "").strip() or None
    return Site(host=host, rest=rest.rstrip("/"), graphql=graphql, token=token, variable=variable)


def _host(url: str) -> str:
    """The host of a URL, or one as it is; empty where it is none that a pull request could be at."""
    try:
        place = urlsplit(url if "://" in url else f"https://{url}").netloc
    except ValueError:
        return ""
    return "" if "@" in place else host_name(place)
