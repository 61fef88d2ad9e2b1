"""What is plainly right is read as pydantic would read it, and nothing else is."""

import os
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from taskcheck.assemble import records
from taskcheck.assemble.strict import strict_model, validated
from taskcheck.documents.frozen import names_of

MODELS = [
    records.RegisterRecord,
    records.SnapshotRecord,
    records.EntryRecord,
    records.RowRecord,
    records.SignalRecord,
    records.TombstoneRecord,
]
DOCUMENTS = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))

VALUES: list[Any] = [
    "", "dave", "ß", "\ud800", "2026-03-24T18:00:00Z", "2026-03-24 18:00", "2026-02-30", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00", "12", "true", None, True, False, 0, 12, -1, 2**31, 2**63, -(2**63), 2**70, 10**400,
    1.0, 1.5, float("nan"), (), ("a",), {}, {"a": 1}, {"ü": None}, {"\ud800": 1}, {"a": {"b": ()}},
]  # fmt: skip
RIGHT: dict[object, list[Any]] = {
    records.Word: ["dave", "ß"],
    records.Text: ["dave", "", None],
    records.Whole: [0, 12, -1, None],
    records.Flag: [True, False, None],
    records.Table: [{}, {"a": (1,)}, None],
    records.Timestamp: ["2026-03-24T18:00:00Z", "2026-03-24 18:00:00.5+02:00", "", None],
}


def document(model: Any, chance: Random) -> dict[str, Any]:
    """An object with some of a record's keys, mostly right, and others."""
    made = {}
    for name, kind in model.__annotations__.items():
        if chance.random() < 0.7:
            made[name] = chance.choice(VALUES if chance.random() < 0.05 else RIGHT[kind])
    if chance.random() < 0.3:
        made["unknown"] = chance.choice(VALUES)
    return made


def by_pydantic(model: Any, value: dict[str, Any]) -> Any:
    try:
        return model(**dict(strict_model(model).model_validate(value)))
    except ValidationError:
        return None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_it_reads_what_pydantic_reads(model: Any) -> None:
    chance = Random(11)
    sure = 0
    for _ in range(DOCUMENTS):
        value = document(model, chance)
        record = records.plain(model, value)
        if record is not None:
            sure += 1
            assert record == by_pydantic(model, value)
        troubles: list[Any] = []
        others: list[Any] = []
        assert records.validate(model, value, (), troubles) == validated(model, value, (), others)
        assert troubles == others
    assert sure > DOCUMENTS / 3


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_value_in_each_field(model: Any) -> None:
    needed = {"kind": "gone"} if "kind" in names_of(model) else {}
    for name, kind in model.__annotations__.items():
        for item in [*VALUES, *RIGHT[kind]]:
            value = {**needed, name: item}
            record = records.plain(model, value)
            if record is not None:
                assert record == by_pydantic(model, value), value
        for item in RIGHT[kind]:
            assert records.plain(model, {**needed, name: item}) is not None


def test_what_is_no_object_is_told() -> None:
    for value in ("text", (), None, 1):
        troubles: list[Any] = []
        assert records.validate(records.RowRecord, value, ("tasks", "a"), troubles) is None
        ((route, trouble),) = troubles
        assert route == ("tasks", "a")
        assert trouble.message.startswith("tasks.a should be an object, not ")
