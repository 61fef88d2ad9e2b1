"""Faults of managers: split identities, work that isn't theirs, heartbeats old or wrong, ledgers that are broken."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.simulator.faults import Expected, Scene, expect, fault
from tests.simulator.world import moment, register, snapshot, stamp, tombstone

AT_WORK = {"hold": "working"}
WITH_WORK = {"hold": ["ready", "working"]}


def _alias(scene: Scene, owner: str) -> str:
    return scene.rng.choice([*scene.world.people[owner], owner.title()])


def _other(scene: Scene, task: str) -> str:
    """Somebody who doesn't act for the task, nor is one of its owners."""
    written = scene.world.root.front(task)["owner"]
    return scene.rng.choice(sorted(p for p in scene.world.people if p not in written and p != scene.manager(task)))


@fault(AT_WORK, of="manager")
def two_registers(scene: Scene, task: str) -> Iterator[Expected]:
    """A run that spelled the owner otherwise has written a register of its own."""
    owner = scene.manager(task)
    alias = _alias(scene, owner)
    row = scene.row(task)
    scene.life.forget(owner, task)
    value = {"owner": alias, "entries": {task: row}, "updated_at": stamp(scene.now)}
    scene.world.write_json(register(alias), value, scene.now)
    yield expect(owner, "split-manager")


@fault(WITH_WORK, of="manager")
def two_snapshots(scene: Scene, task: str) -> Iterator[Expected]:
    """An older heartbeat lies under another spelling."""
    owner = scene.manager(task)
    value = scene.world.json(snapshot(owner))
    alias = _alias(scene, owner)
    old = moment(value["generated_at"]) - timedelta(hours=scene.rng.randint(1, 99))
    scene.world.write_json(snapshot(alias), {**value, "owner": alias, "generated_at": stamp(old)}, old)
    yield expect(owner, "split-manager")


@fault(AT_WORK, of="manager")
def register_names_another(scene: Scene, task: str) -> Iterator[Expected]:
    """The owner inside a register is another spelling, or another person, than its path says."""
    owner = scene.manager(task)
    another = scene.rng.choice(sorted(scene.world.people.keys() - {owner}))
    inner = scene.rng.choice([_alias(scene, owner), another, "nobody-at-all"])
    path = register(owner)
    scene.world.edit_json(path, lambda value: value.update(owner=inner), scene.world.root.mtimes[path])
    yield expect(owner, "split-manager")


@fault(AT_WORK, of="manager")
def file_under_another_name(scene: Scene, task: str) -> Iterator[Expected]:
    """There is one register and one snapshot, and the path of one isn't built from the key."""
    owner = scene.manager(task)
    root = scene.world.root
    path = scene.rng.choice([register, snapshot])
    root.write(path(_alias(scene, owner)), root.files[path(owner)], root.mtimes[path(owner)])
    root.drop(path(owner))
    yield expect(owner, "split-manager")


@fault(of="manager")
def manager_of_nobody(scene: Scene) -> Iterator[Expected]:
    """A register, or a snapshot, of somebody who isn't declared."""
    if scene.rng.random() < 0.5:
        scene.world.write_json(register("zoe"), {"owner": "zoe", "entries": {}}, scene.now)
    else:
        value = {"owner": "zoe", "generated_at": stamp(scene.now), "counts": {}, "tasks": {}}
        scene.world.write_json(snapshot("zoe"), value, scene.now)
    yield expect("zoe", "role-routing")


@fault({**AT_WORK, "owner": ["person", "role"]})
def handed_over_and_kept(scene: Scene, task: str) -> Iterator[Expected]:
    """A task was given to another person while its old manager works on it."""
    scene.edit(task, owner=_other(scene, task))
    yield expect(task, "misrouted-task")


@fault({"hold": ["parked", "ready"], "owner": ["person", "role"]})
def heartbeat_holds_another_task(scene: Scene, task: str) -> Iterator[Expected]:
    """A manager's heartbeat holds what routes to somebody else."""
    row = {"status": scene.world.root.front(task)["status"], "dispatch_state": "queued"}
    scene.heartbeat(_other(scene, task), lambda value: value["tasks"].update({task: row}))
    yield expect(task, "misrouted-task")


@fault({**AT_WORK, "owner": ["person", "role"], "tombstone": True})
def dispatched_by_another(scene: Scene, task: str) -> Iterator[Expected]:
    """The run was begun by somebody whom the task doesn't route to."""
    other = _other(scene, task)
    scene.world.edit_json(tombstone(task), lambda value: value.update(owner=other), scene.now)
    yield expect(task, "misrouted-task")


@fault({"hold": ["parked", "ready"], "owner": "nobody"})
def work_of_nobody_registered(scene: Scene, task: str) -> Iterator[Expected]:
    """A task that is on purpose nobody's stands in a register."""
    person = scene.rng.choice(sorted(scene.world.people))
    scene.wake(person)
    scene.life.entry(person, task, registered_at=scene.ago(minutes=scene.rng.randint(1, 200)))
    yield expect(task, "misrouted-task")


def _redate(scene: Scene, owner: str, by: timedelta) -> None:
    at = scene.now - by
    path = snapshot(owner)
    scene.world.edit_json(path, lambda value: value.update(generated_at=stamp(at)), min(at, scene.now))


@fault(WITH_WORK, of="manager")
def heartbeat_old(scene: Scene, task: str) -> Iterator[Expected]:
    """The last heartbeat is too old, by a second or by days."""
    owner = scene.manager(task)
    _redate(scene, owner, timedelta(minutes=10, seconds=scene.rng.choice([1, 60, 99_999, 999_999])))
    yield expect(owner, "snapshot-stale")


@fault(WITH_WORK, of="ledger")
def heartbeat_in_the_future(scene: Scene, task: str) -> Iterator[Expected]:
    """The heartbeat is dated later than the clocks may differ."""
    owner = scene.manager(task)
    scene.heartbeat(owner, lambda value: value.update(tasks={}, counts={}, escalation={}))
    _redate(scene, owner, -timedelta(minutes=5, seconds=scene.rng.choice([1, 60, 99_999])))
    yield expect(owner, "snapshot-stale")


@fault({"hold": "parked"}, of="manager")
def heartbeat_says_another_status(scene: Scene, task: str) -> Iterator[Expected]:
    """A row's status contradicts a task file that wasn't written since."""
    owner = scene.manager(task)
    scene.heartbeat(owner, lambda value: value["tasks"][task].update(status="ready"))
    yield expect(owner, "snapshot-mismatch")


@fault({"hold": "working", "here": False, "idle": timedelta(hours=1)}, of="manager")
def heartbeat_misses_an_entry(scene: Scene, task: str) -> Iterator[Expected]:
    """A row says that the task isn't registered, and it is."""
    owner = scene.manager(task)
    scene.rest(owner)
    scene.heartbeat(owner, lambda value: value["tasks"][task].update(registered=False))
    yield expect(owner, "snapshot-mismatch")


@fault(WITH_WORK, of="manager")
def heartbeat_miscounts(scene: Scene, task: str) -> Iterator[Expected]:
    """A count that no reading of the heartbeat gives."""
    owner = scene.manager(task)
    name = scene.rng.choice(["active", "attention", "escalation"])
    scene.life.edit_register(owner, lambda rows: None)
    scene.rest(owner)
    scene.heartbeat(owner, lambda value: value["counts"].update({name: 97}))
    yield expect(owner, "snapshot-mismatch")


@fault(AT_WORK, of="manager")
def runtime_state_tracked(scene: Scene, task: str) -> Iterator[Expected]:
    """Git tracks a register or a snapshot."""
    owner = scene.manager(task)
    scene.world.forced.add(scene.rng.choice([register, snapshot])(owner))
    yield expect(owner, "tracked-runtime-state")


def _torn(scene: Scene, path: str) -> None:
    data = scene.world.root.files[path]
    torn = scene.rng.choice([data[:-3], data[: len(data) // 2], b"", b"\xff" + data, b"[1, 2", data + b"}"])
    at = scene.rng.choice([scene.now, scene.world.root.mtimes[path]])
    scene.world.root.write(path, torn, at)


@fault(WITH_WORK, of="ledger")
def snapshot_torn(scene: Scene, task: str) -> Iterator[Expected]:
    """A heartbeat was cut off while it was written."""
    owner = scene.manager(task)
    _torn(scene, snapshot(owner))
    yield expect(owner, "unreadable-state")


@fault(AT_WORK, of="ledger")
def register_torn(scene: Scene, task: str) -> Iterator[Expected]:
    """A register was cut off while it was written."""
    owner = scene.manager(task)
    fresh = [name for name in scene.life.rows(owner) if scene.status(name) == "ready"]
    _torn(scene, register(owner))
    yield expect(owner, "unreadable-state")
    # Of a pickup that only this register dates, nobody knows any more that it is a fresh one.
    yield from (replace(expect(name, "metadata-drift"), optional=True) for name in fresh)


@fault({"hold": ["working", "stopped", "review"], "tombstone": True})
def tombstone_torn(scene: Scene, task: str) -> Iterator[Expected]:
    """A tombstone was cut off while it was written."""
    _torn(scene, tombstone(task))
    scene.signal(task, "stuck_in_progress")
    yield expect(task, "unreadable-state", also=["stale-in-progress"], signals=["stuck_in_progress"])


@fault(AT_WORK, of="manager")
def entry_of_wrong_type(scene: Scene, task: str) -> Iterator[Expected]:
    """A row holds a value that can't be used."""
    owner = scene.manager(task)
    key, wrong = scene.rng.choice([("pid", "many"), ("launched_at", "noon"), ("branch", 7), ("registered_at", {})])
    values: dict[str, Any] = {key: wrong}
    scene.life.edit_register(owner, lambda rows: rows[task].update(values))
    yield expect(owner, "unreadable-state")
