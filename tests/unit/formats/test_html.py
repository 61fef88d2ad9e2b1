"""The page as a file: whole, small, and silent whatever a task calls itself."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from taskcheck import Evidence, Finding, Place, Severity
from taskcheck.config import load as config
from taskcheck.formats import html, renderer
from taskcheck.formats.panels import Fact, panels, shortened
from taskcheck.model.cases import RunError
from taskcheck.model.report import Report
from taskcheck.model.sources import Source, Sources
from taskcheck.model.task import PullRequest
from taskcheck.model.verdict import Verdict
from taskcheck.plugins import manager as plugins
from taskcheck.report import build as report
from tests.judging import judge
from tests.samples import WHOLE

NOW = datetime(2026, 3, 24, 18, tzinfo=UTC)
SETTINGS = config.load(Path("/nowhere"), config.presets(config.builtin_presets()))
MEANT_TO_SPEAK = (
    "<script>alert(1)</script>", "</style></title><script>alert(1)</script>", "javascript:alert(1)",
    '"onmouseover="alert(1)', "' autofocus onfocus=alert(1) '", "<img src=x onerror=alert(1)>", "{{ 7*7 }}{% raw %}",
    "\u202egnp.exe\u2066", "<!--", "]]>", "&lt;b&gt;", "\x00\x1b[31m", "\ud800", "</bdi></details></li></ol>",
    "<base href=//evil>", "<meta http-equiv=refresh content=0>",
)  # fmt: skip


def reported(tasks: dict[str, str], signals: list[dict[str, str]] | None = None) -> Report:
    """The report of some task files, by all rules."""
    snapshot = json.dumps({"owner": "x", "generated_at": "2026-03-24T17:59:00Z", "escalation": {"signals": signals}})
    path = SETTINGS.paths.snapshot("x")
    sources = Sources(
        root=Path("/nowhere"),
        tasks=tuple(Source(path=f"tasks/{name}.md", data=text.encode()) for name, text in tasks.items()),
        snapshots=(Source(path=path, data=snapshot.encode(), name="x"),) if signals else (),
    )
    rules = plugins.load(third_party=False).rules()
    state, runs = judge(sources, SETTINGS, rules.values(), NOW)
    return report.build(state, runs, rules, (), Verdict())


@dataclass
class Seen(HTMLParser):
    """What a parser of HTML takes a page for."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("live", ["", "look-1"])
@pytest.mark.parametrize("text", MEANT_TO_SPEAK)
def test_texts_of_tasks_stay_text(text: str, live: str) -> None:
    quoted = json.dumps(text.encode("utf-8", "replace").decode())
    front = f"---\ntitle: {quoted}\nowner: {quoted}\nstatus: {quoted}\ndepends_on: [{quoted}]\n---\n"
    plain = '---\ntitle: "x"\nowner: "x"\nstatus: "x"\ndepends_on: ["x"]\n---\n'
    harmless, hostile = Seen(), Seen()
    harmless.feed(html.page(reported({"t": plain}), live=live))
    hostile.feed(page := html.page(reported({"t": front}), live=live, name=text, trouble=text))
    allowed = {tag for tag, _ in harmless.tags} | {"strong"}
    assert {tag for tag, _ in hostile.tags} <= allowed
    assert not any(name.startswith("on") for _, attributes in hostile.tags for name in attributes)
    assert [attributes for tag, attributes in hostile.tags if tag == "script"] == (
        [{"src": "/page.js", "defer": None}] if live else []
    )
    assert {name for _, attributes in hostile.tags for name in attributes if name in {"href", "src"}} <= {"src"}
    assert not any(character in page for character in "\x00\x1b\u202e\u2066\ud800")
    assert page.count("</html>") == 1


def test_what_is_shown_is_isolated_from_its_surroundings() -> None:
    front = "---\ntitle: שלום\nowner: עולם\nstatus: ready\ndepends_on: [אבג]\n---\n"
    page = renderer("html")(reported({"דהו": front}))
    assert "<bdi>שלום</bdi>" in page
    assert "<bdi class=owner>עולם</bdi>" in page
    assert "<bdi class=subject>דהו</bdi>" in page


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = html.render(reported({"t": "---\nstatus: nonsense\n---\n"}))
    seen = Seen()
    seen.feed(page)
    policy = next(a["content"] for tag, a in seen.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src '{html.style_hash()}'; base-uri 'none'; form-action 'none'"
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & {tag for tag, _ in seen.tags}
    assert "url(" not in page
    assert "@import" not in page
    assert not any("style" in attributes for _, attributes in seen.tags), "the policy would drop it"


def test_a_page_before_anything_could_be_looked_at() -> None:
    page = html.page(None, name="store", trouble="there is no folder /store", live="look-1")
    assert '<p class="banner error" role="alert">' in page
    assert "there is no folder /store" in page
    assert "<h1>store: can&#39;t be looked at</h1>" in page
    assert "needs a look" not in page


def test_what_could_not_be_checked_is_not_called_healthy() -> None:
    clean = reported({"t": "---\ntitle: T\nowner: x\nstatus: completed\n---\n"})
    assert "<h1>nothing needs a look</h1>" in html.render(clean)
    failed = replace(clean, errors=(RunError(where="rule x", message="it crashed"),))
    assert "<h1>nothing needs a look, and not everything could be checked</h1>" in html.render(failed)
    assert "it crashed" in html.render(failed)
    assert "<title>(!) " in html.render(failed)


def test_what_a_forge_kept_to_itself_is_said() -> None:
    report = replace(reported({}), notices=("nothing is known of <acme/shop#12>: no answer in 30 s",))
    assert "<li><bdi>nothing is known of &lt;acme/shop#12&gt;: no answer in 30 s</bdi></li>" in html.render(report)


def test_same_report_same_bytes() -> None:
    tasks = {"a": "---\nstatus: nonsense\n---\n", "b": "---\nstatus: [\n---\n"}
    assert html.render(reported(tasks)) == html.render(reported(dict(reversed(tasks.items()))))


MANY = 10_000 if WHOLE else 1_000


def many(count: int) -> Report:
    """Thousands of incidents, each with two findings and a raw signal."""
    name = "make-the-dashboard-load-its-cards-in-the-background-{}"
    front = (
        "---\ntitle: Load the cards of the dashboard, part {}\nowner: dave\nstatus: begun\ndepends_on: [gone-{}]\n---\n"
    )
    tasks = {name.format(n): front.format(n, n) for n in range(count)}
    at = "2026-03-24T17:00:00Z"
    signals = [
        {"task": task, "kind": "pickup_overdue", "level": "attention", "at": at, "detail": "late"} for task in tasks
    ]
    return reported(tasks, signals)


def test_thousands_of_incidents_are_a_small_file(tmp_path: Path) -> None:
    large = many(MANY)
    assert len(large.incidents) == MANY
    assert len(large.findings) >= 2 * MANY
    assert all(incident.signals for incident in large.incidents)
    assert len(html.render(large).encode()) < 1_700 * MANY


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://github.com/acme/shop/pull/12", ("#12 on github.com", "https://github.com/acme/shop/pull/12")),
        ("https://git.example.org/a/b/pulls/3", ("#3 on git.example.org", "https://git.example.org/a/b/pulls/3")),
        ("javascript:alert(1)//github.com/a/b/pull/1", None),
        ("https://github.com@evil.example/a/b/pull/1", None),
        ("https://gith\u200bub.com/a/b/pull/1", None),
        ("https://github.com/acme/shop", None),
        ("data:text/html,https://github.com/a/b/pull/1", None),
    ],
)
def test_a_pull_request_leads_to_a_forge_alone(url: str, link: tuple[str, str] | None) -> None:
    assert html.pull_link(PullRequest.at(url)) == link
    front = f"---\ntitle: T\nowner: x\nstatus: nonsense\npr_url: {json.dumps(url)}\n---\n"
    seen = Seen()
    seen.feed(html.render(reported({"t": front})))
    anchors = [attributes for tag, attributes in seen.tags if tag == "a"]
    assert [anchor["href"] for anchor in anchors] == ([link[1]] if link else [])
    assert all(anchor["rel"] == "noreferrer noopener" for anchor in anchors)


def test_evidence_is_told_by_key_and_what_differs_is_marked() -> None:
    root = Evidence(place=Place(path="tasks/a.md", line=3), saw="status is ready, no pull request", side="root")
    worktree = Evidence(
        place=Place(path="tasks/a.md", checkout="worktree:a", line=4), saw="status is in_review", side="worktree"
    )
    ledger = Evidence(place=Place(path="x" * 200), saw="registered by x")
    finding = Finding(
        rule="r", family="f", severity=Severity.ERROR, message="m", place=root.place, evidence=(root, worktree, ledger)
    )
    told = panels(finding)
    assert [panel.side for panel in told] == ["root", "worktree a", "ledgers"]
    assert told[0].files[0].facts == (Fact(key="status", value="ready", words="no pull request", line=3, differs=True),)
    assert told[1].files[0].facts == (Fact(key="status", value="in_review", line=4, differs=True),)
    assert told[2].files[0].facts == (Fact(words="registered by x"),)
    assert len(told[2].files[0].short) == 64


@pytest.mark.parametrize(("most", "left"), [(8, "abcdefgh"), (7, "abc…fgh"), (6, "ab…fgh"), (2, "…h")])
def test_a_long_name_loses_its_middle(most: int, left: str) -> None:
    assert shortened("abcdefgh", most) == left
