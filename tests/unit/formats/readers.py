"""Each format read as its consumer reads it: what isn't well-formed, or speaks, is refused."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import cmarkgfm
from cmarkgfm.cmark import Options
from jsonschema import Draft4Validator
from lxml import etree, html

from tests.samples import sampled

SCHEMAS = Path(__file__).parent / "schemas"

SPACES = {ord(c): " " for c in map(chr, range(0x3001)) if unicodedata.category(c) == "Zs"}


def silent(text: str) -> None:
    """No character that isn't there to be seen."""
    assert not [line for line in text.translate(SPACES).split("\n") if not line.isprintable()]


def commands(text: str) -> list[str]:
    """What the runners of GitHub, Azure and TeamCity execute; GitHub trims lines as Unicode does."""
    lines = re.split(r"[\n\r]", text)
    found = [line for line in lines if re.match(r"::[^:].*::", line.lstrip()) or line.lstrip().startswith("::")]
    return found + re.findall(r"##\w*\[.*", text)


def read_json(text: str) -> Any:
    """JSON for a parser that insists on Unicode."""
    value = json.loads(text, parse_constant=lambda name: 1 / 0)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def read_jsonl(text: str) -> list[Any]:
    return [read_json(line) for line in text.splitlines()]


@cache
def sarif_schema() -> Draft4Validator:
    return Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text()))


def read_sarif(text: str) -> Any:
    value = read_json(text)
    (run,) = value["runs"]
    # Of thousands that one function wrote, some are enough: the schema takes two milliseconds for each.
    some = sampled(run["results"], 50) if len(run["results"]) > 500 else run["results"]
    sarif_schema().validate({**value, "runs": [{**run, "results": some}]})
    for result in value["runs"][0]["results"]:
        for message in (result["message"], *(place["message"] for place in result.get("relatedLocations", ()))):
            assert not re.search(r"(?<!\\)\]\(", message["text"]), "a link in a message"
    for uri in re.findall(r'"uri": "(.*)"', text):
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
    return value


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


def read_junit(text: str) -> Any:
    """By the schema of Jenkins' xUnit plugin; file and line, which GitLab and editors read, are beyond it."""
    root = etree.fromstring(text.encode("utf-8"), etree.XMLParser(huge_tree=True, resolve_entities=False))
    for case in root.iter("testcase"):
        line = case.attrib.pop("line", "1")
        assert line.isdecimal()
        assert case.attrib.pop("file", "x")
    junit_schema().assertValid(root)
    return root


SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def read_gitlab(text: str) -> list[Any]:
    """By the fields that GitLab documents: description, check_name, fingerprint, severity, location.path and line."""
    issues: list[Any] = read_json(text)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert all(issue[name] and isinstance(issue[name], str) for name in ("description", "check_name"))
        assert re.fullmatch(r"[0-9a-f]{16}", issue["fingerprint"])
        assert issue["severity"] in SEVERITIES
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith(("./", "/"))
        assert issue["location"]["lines"]["begin"] >= 1
    fingerprints = [issue["fingerprint"] for issue in issues]
    assert len(fingerprints) == len(set(fingerprints))
    return issues


def read_github(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The annotations, parsed and unescaped as the runner does: command, properties, message."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
        if match is None:
            assert not commands(line)
            continue
        given = dict(part.split("=", 1) for part in match[2].split(","))
        properties = {name: _unescaped(value, {"%3A": ":", "%2C": ","}) for name, value in given.items()}
        found.append((match[1], properties, _unescaped(match[3], {})))
    return found


def _unescaped(text: str, more: dict[str, str]) -> str:
    for code, character in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, character)
    return text


OURS = re.compile(r"https://github\.com/taskcheck/taskcheck/blob/main/docs/rules/[\w-]+\.md")


def read_markdown(text: str) -> list[str]:
    """The elements that GitHub's own parser makes of it, without code; no tag of it is filtered afterwards."""
    assert len(text) <= 65_536
    extensions = ["table", "autolink", "strikethrough", "tasklist"]
    rendered = cmarkgfm.markdown_to_html_with_extensions(text, Options.CMARK_OPT_UNSAFE, extensions)
    root = html.fragment_fromstring(rendered, create_parent="main")
    for link in root.iter("a"):
        assert OURS.fullmatch(link.get("href")), link.get("href")
    for element in root.iter("code", "a"):
        element.text = "x"
    words = " ".join(root.itertext())
    assert not re.search(r"(?<![\w`])@\w|(?<!\w)#\d|\w#\d|:[a-z_+0-9]+:(?!\w)|://|www\.", words), words
    assert not re.search(r"\b(?:[0-9a-f]{7,40}|[A-Za-z]+-[0-9]+)\b", words), words
    return [str(element.tag) for element in root.iter(etree.Element) if element.tag != "code"]
