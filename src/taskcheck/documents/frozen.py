"""What all nouns are made with: classes whose instances never change, as ``dataclasses`` makes them, and quickly.

``dataclass`` writes and compiles six functions for each class, which for a hundred classes takes longer than a check of
a hundred tasks. Here all classes share theirs. `dataclasses` takes the classes for its own: what its ``fields``,
``replace`` and ``asdict`` need is made when it is asked for.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


class Field:
    """What a field holds where it isn't given, and whether it shows."""

    __slots__ = ("default", "default_factory", "shown")

    def __init__(self, default: object, default_factory: Callable[[], object] | None, *, shown: bool) -> None:
        self.default = default
        self.default_factory = default_factory
        self.shown = shown


MISSING = object()
"""In the place of a default where there is none."""


def field(*, default: Any = MISSING, default_factory: Callable[[], Any] | None = None, shown: bool = True) -> Any:
    """Return the description of a field of a frozen class, for more than a plain default.

    Args:
        default: what it holds where it isn't given.
        default_factory: makes that anew for each instance.
        shown: whether ``repr`` tells of it.
    """
    return Field(default, default_factory, shown=shown)


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, kw_only: bool = False, slots: bool = True, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, *, kw_only: bool = False, slots: bool = True, eq: bool = True) -> Any:
    """Make a class whose instances have the annotated fields and never change.

    Args:
        cls: the class; its bases may be frozen, too.
        kw_only: whether the fields are given by name alone.
        slots: whether instances hold their fields and nothing else; not where they keep what they once worked out.
        eq: whether instances with equal fields are equal.
    """
    if cls is None:
        return lambda cls: _made(cls, kw_only=kw_only, slots=slots, eq=eq)
    return _made(cls, kw_only=kw_only, slots=slots, eq=eq)


def names_of(thing: Any) -> tuple[str, ...]:
    """Return the names of the fields of a frozen class, or of an instance; none for anything else."""
    return tuple(getattr(thing, "__fields__", ()))


def fields_of(cls: Any) -> dict[str, Field]:
    """Return the fields of a frozen class by name."""
    return dict(cls.__fields__)


def replace(thing: T, **changes: Any) -> T:
    """Return a copy of an instance of a frozen class, or of a dataclass, with other values in some fields."""
    if not names_of(thing):
        import dataclasses

        return dataclasses.replace(thing, **changes)  # type: ignore[type-var]
    given = {name: getattr(thing, name) for name in names_of(thing)}
    return type(thing)(**{**given, **changes})


def _made(cls: Any, *, kw_only: bool, slots: bool, eq: bool) -> Any:
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= base.__dict__.get("__fields__", {})
    own = {name: _field(cls.__dict__.get(name, MISSING)) for name in cls.__annotations__}
    fields |= own
    kept = {name: value for name, value in cls.__dict__.items() if name not in _REPLACED and name not in own}
    namespace = {
        **_SHARED,
        **(_equality(fields) if eq else {}),
        **kept,
        "__qualname__": cls.__qualname__,
        "__fields__": fields,
        "__match_args__": () if kw_only else tuple(fields),
    }
    if slots:
        namespace["__slots__"] = tuple(own)
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__init__ = _init(made, fields, kw_only=kw_only, slots=slots)
    return made


_REPLACED = frozenset({"__dict__", "__weakref__"})


def _field(default: object) -> Field:
    return default if isinstance(default, Field) else Field(default, None, shown=True)


def _init(cls: Any, fields: dict[str, Field], *, kw_only: bool, slots: bool) -> Callable[..., None]:
    """Return what sets the fields of a new instance."""
    put = {name: getattr(cls, name).__set__ if slots else _putter(name) for name in fields}
    names = () if kw_only else tuple(fields)
    defaults, factories = _defaults(fields)
    count = len(fields)

    def initialize(self: Any, /, *values: Any, **given: Any) -> None:
        if values:
            given = _placed(cls, names, values, given)
        if len(given) != count:
            given = defaults | given
            for name, make in factories:
                if name not in given:
                    given[name] = make()
            if len(given) != count:
                raise _misfit(cls, given)
        try:
            for name, value in given.items():
                put[name](self, value)
        except KeyError:
            raise _misfit(cls, given) from None

    return initialize


def _defaults(fields: dict[str, Field]) -> tuple[dict[str, object], list[tuple[str, Callable[[], object]]]]:
    """Return the defaults of fields by name, and what makes those that are made anew."""
    defaults = {}
    factories = []
    for name, about in fields.items():
        if about.default_factory is not None:
            factories.append((name, about.default_factory))
        elif about.default is not MISSING:
            defaults[name] = about.default
    return defaults, factories


def _placed(cls: Any, names: tuple[str, ...], values: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return what is given for each field, the first ones by their place.

    Raises:
        TypeError: one is given twice, or there are too many.
    """
    placed = dict(zip(names, values, strict=False))
    if len(placed) != len(values):
        raise TypeError(f"{cls.__qualname__}() takes {len(names)} positional arguments but {len(values)} were given")
    if not given:
        return placed
    twice = placed.keys() & given.keys()
    if twice:
        raise TypeError(f"{cls.__qualname__}() got multiple values for argument {min(twice)!r}")
    return placed | given


def _putter(name: str) -> Callable[[Any, Any], None]:
    return lambda self, value: object.__setattr__(self, name, value)


def _misfit(cls: Any, given: dict[str, Any]) -> TypeError:
    """Return what is wrong where other fields are given than there are."""
    for name in given:
        if name not in cls.__fields__:
            return TypeError(f"{cls.__qualname__}() got an unexpected keyword argument {name!r}")
    missing = ", ".join(repr(name) for name in cls.__fields__ if name not in given)
    return TypeError(f"{cls.__qualname__}() missing required arguments: {missing}")


def _equality(names: Iterable[str]) -> dict[str, Any]:
    """Return what makes instances with equal fields equal."""
    names = tuple(names)
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def is_equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hashed(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": is_equal, "__hash__": hashed}


class _Shared:
    """What all frozen classes have alike."""

    def __repr__(self: Any) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name, about in self.__fields__.items() if about.shown)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def __setattr__(self, name: str, _: object) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _revived, (self.__class__, {name: getattr(self, name) for name in names_of(self)})

    def __replace__(self, /, **changes: Any) -> Any:
        return replace(self, **changes)


def _revived(cls: Any, given: dict[str, Any]) -> Any:
    """Return a copy, or what was pickled."""
    return cls(**given)


class _ForDataclasses:
    """What `dataclasses` keeps of a class, made when it is asked for: that of a dataclass with the same fields."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _: object, cls: Any) -> Any:
        import dataclasses

        twins = []
        for name, about in cls.__fields__.items():
            given = {} if about.default is MISSING else {"default": about.default}
            if about.default_factory is not None:
                given["default_factory"] = about.default_factory
            twins.append((name, cls.__annotations__.get(name, Any), dataclasses.field(**given, repr=about.shown)))
        twin = dataclasses.make_dataclass(cls.__name__, twins, frozen=True, kw_only=not cls.__match_args__)
        made = getattr(twin, self._name)
        setattr(cls, self._name, made)
        return made


_SHARED = {
    **{name: vars(_Shared)[name] for name in ("__repr__", "__setattr__", "__delattr__", "__reduce__", "__replace__")},
    "__dataclass_fields__": _ForDataclasses("__dataclass_fields__"),
    "__dataclass_params__": _ForDataclasses("__dataclass_params__"),
}
