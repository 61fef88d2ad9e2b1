"""Which hosts are GitHub's, where their API is, and which token is theirs: the environment says so, nobody else.

The host of a pull request stands in a task file, and anybody can write one: a token goes only where it came from.
The variables are those of GitHub's own tools: `gh help environment`, and the default variables of Actions.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from taskcheck.documents.frozen import field, frozen
from taskcheck.model.pulls import host_name

PUBLIC = "github.com"
_OF_PUBLIC = ("GH_TOKEN", "GITHUB_TOKEN")
_OF_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@frozen(kw_only=True)
class Site:
    """A host of GitHub's, and how to ask it."""

    host: str
    rest: str
    """URL of its REST API, without a slash at the end."""
    graphql: str
    token: str | None = field(default=None, shown=False)
    variable: str = _OF_PUBLIC[0]
    """The variable that its token came from, or that one for it belongs in."""


def sites(environment: Mapping[str, str]) -> dict[str, Site]:
    """Return the hosts that are GitHub's, by name: github.com, that of GH_HOST, and in Actions the one it runs for."""
    server = _host(environment.get("GITHUB_SERVER_URL", ""))
    named = _host(environment.get("GH_HOST", ""))
    found = {}
    for host in (PUBLIC, named, server):
        if host:
            found[host] = _site(host, server, environment)
    return found


def _site(host: str, server: str, environment: Mapping[str, str]) -> Site:
    """Return how to ask a host; of the one that Actions runs for, the environment says where its API is."""
    if _hosted(host):
        rest, graphql = f"https://api.{host}", f"https://api.{host}/graphql"
    else:
        rest, graphql = f"https://{host}/api/v3", f"https://{host}/api/graphql"
    if host == server:
        rest = environment.get("GITHUB_API_URL") or rest
        graphql = environment.get("GITHUB_GRAPHQL_URL") or graphql
    names = _variables(host, server)
    tokens = {name: environment.get(name, "").strip() for name in names}
    given = [name for name in names if tokens[name]]
    variable = given[0] if given else names[0]
    token = tokens[variable] or None
    rest = rest.rstrip("/")
    return Site(host=host, rest=rest, graphql=graphql, token=token, variable=variable)


def _hosted(host: str) -> bool:
    """Return whether a host is one of GitHub's own, and no company's."""
    return host == PUBLIC or host.endswith(".ghe.com")


def _variables(host: str, server: str) -> list[str]:
    """Return the variables that a host's token may be in, the first first; Actions' own token is the server's."""
    names = list(_OF_PUBLIC if _hosted(host) else _OF_ENTERPRISE)
    if host == server and "GITHUB_TOKEN" not in names:
        names.append("GITHUB_TOKEN")
    if server and host != server and "GITHUB_TOKEN" in names:
        names.remove("GITHUB_TOKEN")
    return names


def _host(url: str) -> str:
    """Return the host of a URL, or one as it is; empty where it is none that a pull request could be at."""
    whole = url if "://" in url else f"https://{url}"
    try:
        place = urlsplit(whole).netloc
    except ValueError:
        return ""
    if "@" in place:
        return ""
    return host_name(place)
