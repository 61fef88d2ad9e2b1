"""Faults of task files: owners, fields, dependencies, folders, files that can't be read, suppressions."""

from collections.abc import Iterator
from datetime import timedelta

from tests.simulator.faults import Expected, Scene, expect, fault
from tests.simulator.life import ROLES
from tests.simulator.world import body, front, page, stamp

ANY = {"hold": ["parked", "ready", "working", "stopped", "review", "done"]}
OPEN = {"hold": ["parked", "ready", "working", "stopped", "review"]}
WAITING = {"hold": ["parked", "ready"]}
PARKED = {"hold": "parked"}


@fault({**ANY, "owner": ["person", "role"]})
def owner_spelled_otherwise(scene: Scene, task: str) -> Iterator[Expected]:
    """The owner is written as one of the person's other names, or in another case."""
    key = scene.world.root.front(task)["owner"]
    others = [key.upper(), f"'@{key}'", key.replace("-", "_").title(), *scene.world.people.get(key, ())]
    scene.edit(task, owner=scene.rng.choice([other for other in others if other != key]))
    yield expect(task, "noncanonical-owner")


@fault(OPEN)
def owner_is_nobody(scene: Scene, task: str) -> Iterator[Expected]:
    """The owner is a name like a person's, and nobody's: a longer one, or with a letter of another script."""
    scene.edit(task, owner=scene.rng.choice(["claude-opus", "dave-fowler-jr", "rjj", "miа-wong", "not-dave"]))  # noqa: RUF001
    yield expect(task, "role-routing", also=["misrouted-task"])


@fault(OPEN)
def role_without_person(scene: Scene, task: str) -> Iterator[Expected]:
    """The owner is a role, and who fills it isn't declared."""
    scene.world.roles["translator"] = "zoe"
    scene.edit(task, owner="translator")
    yield expect(task, "role-routing", also=["misrouted-task"])


@fault({"hold": "working", "tombstone": True, "owner": ["person", "role"]})
def running_for_nobody(scene: Scene, task: str) -> Iterator[Expected]:
    """A task is at work, and its owner is nobody any more: the role is the cause, the register a consequence."""
    scene.edit(task, owner="nobody-at-all")
    yield expect(task, "role-routing", "misrouted-task")


@fault({"hold": ["ready", "working"]})
def no_owner(scene: Scene, task: str) -> Iterator[Expected]:
    """A ready or active task has no owner."""
    scene.edit(task, owner=None)
    yield expect(task, "role-routing", also=["misrouted-task"])


@fault(ANY)
def required_key_missing(scene: Scene, task: str) -> Iterator[Expected]:
    """A task lacks its title."""
    scene.edit(task, title=None)
    yield expect(task, "invalid-field")


@fault(PARKED)
def no_owner_yet(scene: Scene, task: str) -> Iterator[Expected]:
    """A parked task has no owner: it may wait for one, but the key has to be there."""
    scene.edit(task, owner=None)
    yield expect(task, "invalid-field")


@fault(WAITING)
def status_unknown(scene: Scene, task: str) -> Iterator[Expected]:
    """A status that isn't in the vocabulary."""
    scene.edit(task, status=scene.rng.choice(["redy", "in progress", "todo", "in-review"]))
    yield expect(task, "invalid-field")


@fault(ANY)
def value_of_wrong_type(scene: Scene, task: str) -> Iterator[Expected]:
    """A value that no program can use."""
    key, value = scene.rng.choice(
        [
            ("pr_number", "soon"),
            ("created_at", "last week"),
            ("title", "[a, b]"),
            ("depends_on", "{a: b}"),
            ("pr_number", "0"),
        ]
    )
    scene.edit(task, **{key: value})
    yield expect(task, "invalid-field")


@fault({"hold": ["review", "done"]})
def pull_request_disagrees(scene: Scene, task: str) -> Iterator[Expected]:
    """The pull request's url names another one than its number."""
    scene.edit(task, pr_url="https://forge.example/o/r/pull/1001", pr_number="1002")
    yield expect(task, "invalid-field")


@fault({"hold": ["done"]})
def times_out_of_order(scene: Scene, task: str) -> Iterator[Expected]:
    """A task was completed before it was started, or created."""
    before = scene.world.root.front(task)[scene.rng.choice(["created_at", "started_at"])]
    at = scene.now.strptime(before, "%Y-%m-%dT%H:%M:%SZ") - timedelta(minutes=scene.rng.randint(6, 5000))
    scene.edit(task, completed_at=stamp(at))
    yield expect(task, "invalid-field")


@fault(ANY)
def same_task_twice(scene: Scene, task: str) -> Iterator[Expected]:
    """A second file has the same id."""
    root = scene.world.root
    folder = scene.rng.choice(["0-first", "zz-last"])
    root.write(f"tasks/{folder}/{task}.md", root.files[root.task(task)], scene.now)
    yield expect(task, "duplicate-task")


@fault(OPEN)
def waits_for_what_is_not_there(scene: Scene, task: str) -> Iterator[Expected]:
    """A dependency that is no task."""
    scene.edit(task, depends_on=scene.rng.choice(["[no-such-task]", "no-such-task"]))
    yield expect(task, "unknown-dependency")


@fault(PARKED, PARKED, PARKED)
def waits_in_a_circle(scene: Scene, one: str, two: str, three: str) -> Iterator[Expected]:
    """Three tasks wait for each other, or one for itself."""
    members = [one, two, three] if scene.rng.random() < 0.7 else [one]
    for member, other in zip(members, [*members[1:], members[0]], strict=True):
        scene.edit(member, depends_on=f"[{other}]")
        yield expect(member, "dependency-cycle")


@fault({"hold": ["ready", "working"]}, {"hold": ["parked", "review", "stopped"]})
def begun_too_early(scene: Scene, task: str, other: str) -> Iterator[Expected]:
    """A task is ready or active, and one that it waits for isn't done."""
    scene.edit(task, depends_on=f"[{other}]")
    yield expect(task, "ready-too-early")


@fault(OPEN)
def in_the_folder_of_another_status(scene: Scene, task: str) -> Iterator[Expected]:
    """The file of an open task lies where completed ones do."""
    root = scene.world.root
    old = root.task(task)
    data = root.files[old]
    root.drop(old)
    root.write(f"tasks/completed/{task}.md", data, scene.now)
    yield expect(task, "status-contradicted")


@fault(OPEN)
def text_says_another_status(scene: Scene, task: str) -> Iterator[Expected]:
    """The text below says that the task is done."""
    root = scene.world.root
    path = root.task(task)
    data = root.files[path]
    root.write(path, page(front(data), f"{body(data)}\n## Status: **Completed** (today)\n"), scene.now)
    yield expect(task, "status-contradicted")


def _broken(scene: Scene, data: bytes) -> bytes:
    """A task file with front matter that can't be read."""
    fence = data.index(b"\n---\n", 4)
    return scene.rng.choice(
        [
            data[:fence],
            data.replace(b"\nstatus:", b"\n<<<<<<< HEAD\nstatus:", 1),
            data.replace(b"\nstatus:", b"\nstatus: ready\nstatus:", 1),
            data.replace(b"\nstatus:", b"\nnote: caf\xe9\nstatus:", 1),
            data.replace(b"\nstatus:", b"\nnote: *anchor\nstatus:", 1),
            b"\xef\xbb\xbf" + data,
        ]
    )


@fault(ANY, of="ledger")
def task_file_unreadable(scene: Scene, task: str) -> Iterator[Expected]:
    """Root's file can't be read."""
    root = scene.world.root
    path = root.task(task)
    root.write(path, _broken(scene, root.files[path]), scene.now)
    yield expect(task, "unreadable-task")


@fault({"hold": ["working", "review", "stopped"], "here": True})
def copy_unreadable(scene: Scene, task: str) -> Iterator[Expected]:
    """The worktree's file can't be read."""
    tree = scene.world.worktrees.get(f".worktrees/{task}") or scene.world.worktrees[f"../trees/{task}"]
    path = tree.task(task)
    tree.write(path, _broken(scene, tree.files[path]), scene.now)
    yield expect(task, "unreadable-task", also=["missing-terminal-state"])


@fault(ANY)
def suppression_in_file(scene: Scene, task: str) -> Iterator[Expected]:
    """A task accepts a finding that it doesn't have, or without a reason."""
    reason = scene.rng.choice(["", "moves next month"])
    rule = scene.rng.choice(["unknown-dependency", "misrouted-task"])
    scene.edit(task, taskcheck=f'{{ignore: {{{rule}: "{reason}"}}}}')
    yield expect(task, "unused-suppression")


@fault(of="manager")
def suppression_in_settings(scene: Scene) -> Iterator[Expected]:
    """A suppression of the configuration matches nothing, or has expired."""
    table = {"rule": "role-routing", "task": "ancient-*", "reason": "moves next month"}
    scene.world.suppress.append(scene.rng.choice([table, {**table, "until": "2026-01-31"}]))
    yield expect("repository", "unused-suppression")


@fault({**PARKED, "owner": "role"}, of="manager")
def suppression_expired(scene: Scene, task: str) -> Iterator[Expected]:
    """What was accepted until yesterday is found again, and so is the suppression."""
    owner = scene.rng.choice(ROLES)
    scene.edit(task, owner=f"{owner}-of-old")
    until = (scene.now - timedelta(days=1)).date().isoformat()
    scene.world.suppress.append({"rule": "role-routing", "task": task, "reason": "moves", "until": until})
    yield expect(task, "role-routing")
    yield expect("repository", "unused-suppression")


@fault({"hold": "ready"})
def one_id_in_two_checkouts(scene: Scene, task: str) -> Iterator[Expected]:
    """Root and a worktree each file a task of their own under one name, in folders of their own."""
    name = f"{task}-next"
    stray = scene.world.worktrees[f".worktrees/{scene.stray(task)}"]
    owner = scene.world.root.front(task)["owner"]
    ours = page({"title": "Ours", "owner": owner, "status": "draft"}, "\n# Ours\n")
    theirs = page({"title": "Theirs", "owner": owner, "status": "in_review"}, "\n# Theirs\n")
    scene.world.root.write(f"tasks/{name}.md", ours, scene.now)
    scene.life.commit_root("File a task")
    stray.write(f"tasks/later/{name}.md", theirs, scene.now)
    scene.world.commit(stray, scene.now, "File a task too")
    yield expect(name, "id-collision")


@fault({"hold": "ready"})
def one_id_in_two_worktrees(scene: Scene, task: str) -> Iterator[Expected]:
    """Two worktrees each file a task of their own under one name; root has neither."""
    name = f"{task}-next"
    owner = scene.world.root.front(task)["owner"]
    for title in ("Ours", "Theirs"):
        stray = scene.world.worktrees[f".worktrees/{scene.stray(task)}"]
        data = page({"title": title, "owner": owner, "status": "ready"}, f"\n# {title}\n")
        stray.write(f"tasks/{title.lower()}/{name}.md", data, scene.now)
        scene.world.commit(stray, scene.now, f"File {title}")
    yield expect(name, "id-collision")
