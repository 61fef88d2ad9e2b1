"""Writes docs/rules/*.md from the rules' own docstrings: `python docs/generate.py`; a test says when it is due."""

from pathlib import Path

from taskcheck import Rule, plugins

FOLDER = Path(__file__).parent / "rules"


def page(rule: Rule) -> str:
    """A rule's page."""
    summary, _, rest = rule.doc.partition("\n")
    inputs = ", ".join(f"`{name}`" for name in (*rule.subjects, *rule.inputs))
    lines = [
        f"# {rule.name}",
        "",
        summary,
        "",
        f"Family `{rule.family}` · severity {rule.severity.label} · looks at {inputs}",
        rest.rstrip(),
    ]
    if rule.explains:
        lines += ["", "## Explains", "", ", ".join(f"`{name}`" for name in rule.explains)]
    return "\n".join(lines) + "\n"


def index(rules: list[Rule]) -> str:
    """The list of all rules by family."""
    rows = [
        f"| [{rule.name}]({rule.name}.md) | {rule.family} | {rule.severity.label} | {rule.doc.partition(chr(10))[0]} |"
        for rule in rules
    ]
    return "\n".join(["# Rules", "", "| rule | family | severity | what it finds |", "|---|---|---|---|", *rows]) + "\n"


def pages() -> dict[str, str]:
    """All pages by file name."""
    rules = sorted(plugins.load(third_party=False).rules().values(), key=lambda rule: (rule.family, rule.name))
    return {"README.md": index(rules), **{f"{rule.name}.md": page(rule) for rule in rules}}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
