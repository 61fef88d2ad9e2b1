"""Every preset is a valid configuration by itself, is found by its marks, and is the only one found by them."""

from pathlib import Path

import pytest

from taskcheck.config import load as config, settings as settings_module
from taskcheck.config.pattern import Pattern
from taskcheck.config.schema import Config
from taskcheck.config.settings import Stage, Vocabulary
from taskcheck.documents.toml import read_toml

PRESETS = config.presets(config.builtin_presets())


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_preset(name: str, tmp_path: Path) -> None:
    preset = PRESETS[name]
    Config.model_validate(dict(preset.tables))
    assert preset.about
    if not preset.detect:
        (tmp_path / "taskcheck.toml").write_text(f'preset = "{name}"\n')
        assert config.load(tmp_path, PRESETS).preset == name
        return
    mark = tmp_path / preset.detect[0]
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.mkdir() if "." not in mark.name[1:] else mark.touch()
    assert config.detect(tmp_path, PRESETS) == name
    settings = config.load(tmp_path, PRESETS)
    assert settings.preset == name
    assert settings.source is None
    for stage in (Stage.READY, Stage.ACTIVE, Stage.DONE):
        assert settings.words(stage), "a queue needs to know what is ready, active and done"
    for statuses in settings.outcomes.values():
        assert all(settings.stage(status) for status in statuses)


def test_what_is_read_of_a_preset_at_first_is_what_stands_there() -> None:
    """Nobody looks at the tables of formats that a store doesn't have, and a preset of ours needn't be checked."""
    for name, preset in config.presets(config.builtin_presets(), checked=False).items():
        whole = read_toml(preset.text)
        assert (preset.about, list(preset.detect)) == (whole.pop("about"), whole.pop("detect"))
        assert preset.tables == PRESETS[name].tables == whole


def test_a_preset_of_a_plugin_is_read_as_a_whole() -> None:
    text = 'about = """of a\n[table]"""\n[paths]\ntasks = ["a/*.md"]\n'
    assert config.presets({"mine": text})["mine"].about == "of a\n[table]"
    with pytest.raises(config.ConfigError, match="preset mine: "):
        config.presets({"mine": "[paths]\ntasks = [\n"})


def test_without_marks_the_default_is_taken(tmp_path: Path) -> None:
    assert config.detect(tmp_path, PRESETS) == config.DEFAULT_PRESET


def test_a_users_tables_go_over_the_presets_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "taskcheck.toml").write_text(
        '[statuses]\nready = ["queued"]\nreview = []\n[limits]\nclock_skew = "1m"\n'
    )
    settings = config.load(tmp_path, PRESETS)
    assert settings.words(Stage.READY) == ("queued",)
    assert settings.words(Stage.ACTIVE) == ("in_progress",)
    assert settings.outcomes["completed_with_pr"] == ("completed",), "outcomes keep to the statuses that are left"
    assert settings.limits.clock_skew.total_seconds() == 60
    assert settings.limits.pickup_grace.total_seconds() == 900


def test_pyproject_is_second_to_taskcheck_toml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.taskcheck.people]\nrj = []\n")
    assert dict(config.load(tmp_path, PRESETS).people) == {"rj": ()}
    (tmp_path / "taskcheck.toml").write_text("[people]\ndave = []\n")
    assert dict(config.load(tmp_path, PRESETS).people) == {"dave": ()}


def test_a_word_of_the_users_table_leaves_the_presets_classes(tmp_path: Path) -> None:
    """A configuration that was written when dropped tasks were called done goes on meaning what it meant."""
    (tmp_path / "taskcheck.toml").write_text('[statuses]\ndone = ["completed", "Cancelled"]\nstopped = ["in_review"]\n')
    settings = config.load(tmp_path, PRESETS)
    assert settings.words(Stage.DROPPED) == ()
    assert settings.stage("cancelled") is Stage.DONE
    assert settings.words(Stage.REVIEW) == ()
    assert settings.stage("in_review") is Stage.STOPPED


def test_two_classes_of_the_users_own_have_no_word_in_common(tmp_path: Path) -> None:
    (tmp_path / "taskcheck.toml").write_text('[statuses]\ndone = ["completed"]\nready = ["Completed"]\n')
    with pytest.raises(config.ConfigError, match=r"'completed' is both ready and done|'Completed' is both"):
        config.load(tmp_path, PRESETS)


def test_the_patterns_of_a_list_of_statuses_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(settings_module, "Pattern", lambda text: made.append(text) or Pattern(text))
    vocabulary = Vocabulary(words=frozenset({"done"}), exclude=("drafts/*.md", "archive/**"))
    assert [vocabulary.covers(f"{folder}/{n}.md") for folder in ("tasks", "drafts") for n in range(3)] == [True] * 3 + [
        False
    ] * 3
    assert made == ["drafts/*.md", "archive/**"]
