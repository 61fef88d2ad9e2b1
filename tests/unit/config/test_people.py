"""Folding, resolving, routing and suggesting of names: the contract's section on the canonical owner, as tables."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from taskcheck.assemble.people import parse_people
from taskcheck.config import load as config
from taskcheck.config.people import (
    AmbiguousNames,
    Owner,
    People,
    fold,
)
from taskcheck.config.settings import Settings
from taskcheck.model.sources import Source, Sources

PEOPLE = People.of(
    persons={
        "dave-fowler": ("dave", "dave@example.com"),
        "rj": (),
        "ren\u00e9": (),
        "strauss": (),
        "claude-opus": (),
        "claude-sonnet": (),
    },
    roles={
        "technical-writer": "RJ",
        "designer": "dave",
        "product-critic": False,
        "tester": None,
        "scout": "mia",
        "captain": "technical-writer",
    },
)


@pytest.mark.parametrize(
    ("spelling", "folded"),
    [
        ("dave-fowler", "davefowler"),
        ("Dave Fowler", "davefowler"),
        ("dave.fowler", "davefowler"),
        ("DAVE_FOWLER", "davefowler"),
        ("  dave\t-\u00a0fowler\n", "davefowler"),  # all white space, the no-break space too
        ("@dave", "dave"),
        (" @dave", "dave"),
        ("\uff20dave", "dave"),  # a full width @ is one
        ("@@dave", "@dave"),  # only one is dropped
        ("dave@", "dave@"),
        ("dave@example.com", "dave@examplecom"),
        ("\uff24\uff21\uff36\uff25\uff0d\uff26", "davef"),  # full width
        ("\ufb01nn", "finn"),  # a ligature
        ("Strau\u00df", "strauss"),
        ("\u1e9e", "ss"),
        ("rene\u0301", "ren\u00e9"),  # a combining mark is composed
        ("RENE\u0301", "ren\u00e9"),
        ("rene", "rene"),  # and never dropped
        ("\u017fam", "sam"),  # the long s
        ("dave\u2024fowler", "davefowler"),  # the one dot leader is a dot under NFKC
        ("dave\u200b", "dave\u200b"),  # zero width, but no white space
        ("da\u00advid", "da\u00advid"),  # a soft hyphen
        ("dave\u2010fowler", "dave\u2010fowler"),  # another hyphen
        ("d\u0430ve", "d\u0430ve"),  # Cyrillic
        ("011", "011"),
        ("", ""),
        ("@", ""),
        (" .-_ ", ""),
    ],
)
def test_fold(spelling: str, folded: str) -> None:
    assert fold(spelling) == folded


@given(st.text(max_size=20))
def test_a_fold_has_nothing_left_to_fold(spelling: str) -> None:
    """But for a second @, which is part of the name."""
    folded = fold(spelling)
    if not folded.startswith("@"):
        assert fold(folded) == folded


@pytest.mark.parametrize(
    ("spelling", "owner"),
    [
        ("dave-fowler", Owner("dave-fowler", "person")),
        ("Dave.Fowler", Owner("dave-fowler", "person")),
        ("@dave", Owner("dave-fowler", "person")),
        ("Dave@Example.com", Owner("dave-fowler", "person")),
        ("RJ", Owner("rj", "person")),
        ("r.j.", Owner("rj", "person")),
        ("Strau\u00df", Owner("strauss", "person")),
        ("rene\u0301", Owner("ren\u00e9", "person")),
        ("Technical Writer", Owner("technical-writer", "role")),
        ("dave@example.org", None),
        ("claude", None),
        ("claude-opus-4", None),
        ("rene", None),
        ("d\u0430ve", None),
        ("dave\u200b", None),
        ("false", None),
        ("", None),
        ("@", None),
        (" - ", None),
        (None, None),
    ],
)
def test_resolve(spelling: str | None, owner: Owner | None) -> None:
    assert PEOPLE.resolve(spelling) == owner
    assert PEOPLE.person(spelling) == (owner.key if owner and owner.kind == "person" else None)


@pytest.mark.parametrize(
    ("spelling", "person", "why"),
    [
        ("rj", "rj", "rj is a declared person"),
        ("dave", "dave-fowler", "dave is dave-fowler"),
        ("Technical_Writer", "rj", "role technical-writer is filled by rj"),
        ("designer", "dave-fowler", "role designer is filled by dave-fowler"),
        ("product-critic", None, "role product-critic is unfilled on purpose"),
        ("tester", None, "role tester is filled by nobody"),
        ("scout", None, "role scout is filled by mia, who isn't a declared person"),
        ("captain", None, "role captain is filled by technical-writer, who isn't a declared person"),
        ("ghost", None, "ghost is neither a declared person nor a role"),
        ("", None, "no owner"),
        (None, None, "no owner"),
    ],
)
def test_route(spelling: str | None, person: str | None, why: str) -> None:
    routed = PEOPLE.route(spelling)
    assert (routed.person, routed.why) == (person, why)
    assert routed.deliberate == (spelling == "product-critic")


@pytest.mark.parametrize(
    ("spelling", "suggested"),
    [
        ("claude", ("claude-opus", "claude-sonnet")),
        ("claude-opus-4", ("claude-opus",)),
        ("dave@example.org", ("dave-fowler",)),  # the local part
        ("@dav", ("dave-fowler",)),
        ("rene", ("ren\u00e9",)),
        ("dave-fwoler", ("dave-fowler",)),
        ("dave-fowlr", ("dave-fowler",)),
        ("dave-fovler", ("dave-fowler",)),
        ("teste", ("tester",)),
        ("sckout", ("scout",)),
        ("etsetr", ()),  # two slips
        ("zoe", ()),
        ("rk", ()),  # another name of two letters
        ("r", ()),  # a letter is no beginning of a name
        ("", ()),
        ("@", ()),
    ],
)
def test_suggestions(spelling: str, suggested: tuple[str, ...]) -> None:
    assert PEOPLE.suggestions(spelling) == suggested
    assert PEOPLE.look_alikes(spelling) == ()


@pytest.mark.parametrize(
    ("spelling", "looks_like"),
    [
        ("d\u0430ve", "dave-fowler"),  # Cyrillic a
        ("D\u0410VE", "dave-fowler"),
        ("dave-f\u03bfwler", "dave-fowler"),  # Greek omicron
        ("dave-f0wler", "dave-fowler"),
        ("c1aude-opus", "claude-opus"),
        ("r\u0458", "rj"),
        ("dave\u200b-fowler", "dave-fowler"),
        ("da\u00adve", "dave-fowler"),
        ("dave\u2010fowler", "dave-fowler"),
        ("dave\u2013fowler", "dave-fowler"),
        ("t\u0435chnical-writer", "technical-writer"),
    ],
)
def test_look_alikes(spelling: str, looks_like: str) -> None:
    assert PEOPLE.resolve(spelling) is None
    assert PEOPLE.look_alikes(spelling) == (looks_like,)
    assert PEOPLE.suggestions(spelling)[0] == looks_like


@pytest.mark.parametrize("spelling", ["dave-fowler", "Dave", "@RJ", "Technical Writer"])
def test_a_name_is_no_look_alike_of_itself(spelling: str) -> None:
    assert PEOPLE.look_alikes(spelling) == ()


@pytest.mark.parametrize(
    ("persons", "roles", "named"),
    [
        ({"dave": (), "Dave": ()}, {}, ("'dave'", "'Dave'")),
        ({"dave-fowler": (), "davefowler": ()}, {}, ("'dave-fowler'", "'davefowler'")),
        ({"dave-fowler": ("dave",), "dave": ()}, {}, ("'dave' (person dave-fowler)", "'dave' (person dave)")),
        ({"a-person": ("x.y",), "b-person": ("@XY",)}, {}, ("'x.y' (person a-person)", "'@XY' (person b-person)")),
        ({"strauss": (), "strau\u00df": ()}, {}, ("'strauss'", "'strau\u00df'")),
        ({"rj": ()}, {"RJ": "rj"}, ("'rj' (person rj)", "'RJ' (role RJ)")),
        ({}, {"tester": None, "Tester": False}, ("'tester' (role tester)", "'Tester' (role Tester)")),
    ],
)
def test_two_names_with_one_fold(
    persons: dict[str, tuple[str, ...]], roles: dict[str, str | None], named: tuple[str, str]
) -> None:
    with pytest.raises(AmbiguousNames) as raised:
        People.of(persons, roles)
    for name in named:
        assert name in str(raised.value)


@pytest.mark.parametrize("name", ["", "@", "-", " . "])
def test_a_name_of_which_nothing_is_left(name: str) -> None:
    with pytest.raises(AmbiguousNames, match="names nobody"):
        People.of({"dave": (name,)}, {})


def test_a_person_may_list_one_fold_twice() -> None:
    people = People.of({"dave-fowler": ("dave", "davefowler", "Dave.Fowler", "@dave")}, {})
    assert people.person("DAVE") == "dave-fowler"


def test_nobody_declared() -> None:
    nobody = People.of({}, {})
    assert not nobody
    assert nobody.resolve("dave") is None
    assert nobody.suggestions("dave") == ()


def settings(folder: Path, toml: str) -> Settings:
    (folder / "taskcheck.toml").write_text(toml, encoding="utf-8")
    return config.load(folder, config.presets(config.builtin_presets()))


def team(folder: Path, toml: str, people: dict[str, str], roles: dict[str, str]) -> People:
    def sources(where: str, files: dict[str, str]) -> tuple[Source, ...]:
        return tuple(Source(path=f"{where}/{name}", data=text.encode()) for name, text in files.items())

    found = Sources(root=folder, people=sources("tasks/team", people), roles=sources("tasks/team/roles", roles))
    return parse_people(found, settings(folder, toml))[0]


def test_a_team_file_adds_its_aliases_to_a_configured_person(tmp_path: Path) -> None:
    people = team(
        tmp_path,
        '[people]\ndave-fowler = ["dave"]\n',
        {"dave.md": "---\naliases: [dfowler, DF]\n---\n", "rj.md": "---\nslug: RJ\naliases: ray\n---\n"},
        {},
    )
    assert {name: people.person(name) for name in ("dave", "d.fowler", "df", "ray", "rj")} == {
        "dave": "dave-fowler", "d.fowler": "dave-fowler", "df": "dave-fowler", "ray": "RJ", "rj": "RJ",
    }  # fmt: skip
    assert dict(people.declared_in) == {"dave-fowler": "taskcheck.toml", "RJ": "tasks/team/rj.md"}


def test_an_alias_of_two_people_is_told_of_wherever_it_stands(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousNames, match=r"'dave' \(person dave-fowler\) and 'Dave' \(person rj\)"):
        team(tmp_path, '[people]\ndave-fowler = ["dave"]\n', {"rj.md": "---\naliases: [Dave]\n---\n"}, {})


@pytest.mark.parametrize(
    ("front_matter", "person", "deliberate"),
    [
        ("filled_by: rj\nowner: ghost", "rj", False),
        ("owner: rj", "rj", False),
        ("filled_by:\nowner: RJ", "rj", False),
        ("filled_by: ''\nowner: RJ", "rj", False),
        ("filled_by: {name: rj}\nowner: RJ", "rj", False),
        ("filled_by: [{name: rj}]", None, False),
        ("filled_by: false\nowner: rj", None, True),
        ("filled_by: False", None, True),
        ("filled_by: no", None, False),
        ("filled_by: ghost\nowner: rj", None, False),
        ("title: Tester", None, False),
    ],
)
def test_who_fills_a_role_by_its_file(tmp_path: Path, front_matter: str, person: str | None, deliberate: bool) -> None:
    people = team(tmp_path, "[people]\nrj = []\n", {}, {"tester.md": f"---\n{front_matter}\n---\n"})
    routed = people.route("tester")
    assert (routed.person, routed.deliberate) == (person, deliberate)


def test_the_configuration_wins_over_a_role_file(tmp_path: Path) -> None:
    toml = '[people]\nrj = []\n[roles]\ntester = "rj"\ncritic = false\n'
    files = {"tester.md": "---\nfilled_by: ghost\n---\n", "Critic.md": "---\nfilled_by: rj\n---\n"}
    people = team(tmp_path, toml, {}, files)
    assert people.route("tester").person == "rj"
    assert people.route("critic").deliberate
