"""Frozen classes are what dataclasses would make of them, and `dataclasses` takes them for its own."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import pytest

from taskcheck.documents.frozen import field, frozen, names_of, replace


def both(**options: bool) -> Callable[[Callable[[], type]], list[Any]]:
    """The class that a function makes, frozen and as a dataclass."""

    def make(body: Callable[[], type]) -> list[Any]:
        plain = {"slots": True, **options}
        return [frozen(**options)(body()), dataclasses.dataclass(frozen=True, **plain)(body())]

    return make


@both()
def placed() -> type:
    class Placed:
        """Has a sentence."""

        checkout: str
        path: str = "here"
        route: tuple[str, ...] = ()

        def joined(self) -> str:
            return f"{self.checkout}/{self.path}"

    return Placed


@both(kw_only=True)
def named() -> type:
    class Named:
        note: str | None = None
        name: str
        """It may follow one with a default."""

    return Named


@frozen
class Held:
    name: str
    by_name: Mapping[str, int] = field(default_factory=dict)
    secret: str = field(default="", shown=False)


@frozen(slots=False)
class Counted:
    text: str
    asked: list[int]

    @cached_property
    def length(self) -> int:
        self.asked.append(1)
        return len(self.text)


@frozen(slots=False)
class Longer(Counted):
    more: str = "more"


@frozen(eq=False)
class Itself:
    name: str


CALLS = [
    ((), {}),
    (("root",), {}),
    (("root", "a"), {}),
    (("root", "a", ("b",)), {}),
    (("root", "a", ("b",), "c"), {}),
    (("root",), {"checkout": "root"}),
    (("root",), {"path": "a"}),
    ((), {"checkout": "root", "path": "a", "route": ()}),
    ((), {"checkout": "root", "none": 1}),
    ((), {"checkout": "root", "path": "a", "none": 1}),
    ((), {"path": "a"}),
    ((), {"name": "a"}),
    ((), {"name": "a", "note": "b"}),
    (("a",), {}),
    ((), {"note": "b"}),
]


def made(cls: Any, values: tuple[Any, ...], given: dict[str, Any]) -> object:
    try:
        return cls(*values, **given)
    except TypeError:
        return TypeError


@pytest.mark.parametrize("classes", [placed, named], ids=["placed", "named"])
@pytest.mark.parametrize(("values", "given"), CALLS)
def test_it_is_made_as_a_dataclass_is(classes: list[Any], values: tuple[Any, ...], given: dict[str, Any]) -> None:
    ours, theirs = (made(cls, values, given) for cls in classes)
    if TypeError in (ours, theirs):
        assert ours is theirs
        return
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert ours != theirs
    assert ours == made(type(ours), values, given)
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]


def test_it_says_what_is_wrong_with_a_call() -> None:
    cls = placed[0]
    with pytest.raises(TypeError, match="unexpected keyword argument 'none'"):
        cls(checkout="root", path="a", none=1)
    with pytest.raises(TypeError, match="missing required arguments: 'checkout'"):
        cls(path="a")
    with pytest.raises(TypeError, match="takes 3 positional arguments but 4"):
        cls(1, 2, 3, 4)
    with pytest.raises(TypeError, match="multiple values for argument 'checkout'"):
        cls(1, checkout=2)


def test_it_never_changes() -> None:
    for thing in (placed[0]("root"), Counted("a", [])):
        with pytest.raises(dataclasses.FrozenInstanceError):
            thing.path = "there"
        with pytest.raises(dataclasses.FrozenInstanceError):
            del thing.path
    with pytest.raises(AttributeError):
        object.__setattr__(placed[0]("root"), "none", 1)


def test_the_class_keeps_what_it_had() -> None:
    ours, theirs = placed
    assert (ours.__name__, ours.__qualname__, ours.__doc__) == ("Placed", theirs.__qualname__, "Has a sentence.")
    assert ours("a", "b").joined() == "a/b"
    assert ours.__match_args__ == theirs.__match_args__
    assert named[0].__match_args__ == named[1].__match_args__
    match ours("root", "a"):
        case ours("root", path):
            assert path == "a"
        case _:
            pytest.fail("it is no pattern")


def test_a_default_is_made_for_each() -> None:
    one, other = Held("a"), Held("a")
    assert one == other
    assert one.by_name is not other.by_name
    assert repr(one) == "Held(name='a', by_name={})"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_what_was_worked_out_is_kept() -> None:
    asked: list[int] = []
    thing = Longer("text", asked)
    assert (thing.length, thing.length, thing.more) == (4, 4, "more")
    assert asked == [1]
    assert names_of(Longer) == ("text", "asked", "more")
    assert replace(thing, text="a").length == 1


def test_one_may_be_equal_to_itself_alone() -> None:
    assert Itself("a") != Itself("a")
    assert len({Itself("a"), Itself("a")}) == 2


def test_another_is_made_of_one() -> None:
    thing = Held("a", {"b": 1}, "c")
    changed = Held("d", {"b": 1}, "c")
    assert replace(thing, name="d") == changed
    assert dataclasses.replace(thing, name="d") == changed
    assert thing.__replace__(name="d") == changed
    with pytest.raises(TypeError):
        replace(thing, none=1)
    assert copy.copy(thing) == copy.deepcopy(thing) == pickle.loads(pickle.dumps(thing)) == thing


def test_a_dataclass_may_be_made_of_one() -> None:
    @dataclasses.dataclass(frozen=True)
    class More(Held):
        more: int = 1

    assert dataclasses.is_dataclass(Held)
    assert dataclasses.asdict(More("a", more=2)) == {"name": "a", "by_name": {}, "secret": "", "more": 2}
    assert names_of(object()) == ()
