"""Where things with a name come from."""

from pathlib import Path

import pytest

from digit_classifier import registry
from digit_classifier.registry import Registry


def test_a_file_that_the_registry_names_adds_to_it_at_the_first_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boxes_of_ours.py").write_text(
        "from digit_classifier import registry\nregistry.PROBE.register('boxes', 7)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    probe: Registry[int] = Registry("thing", "digit_classifier.nothing", "boxes_of_ours")
    monkeypatch.setattr(registry, "PROBE", probe, raising=False)
    assert list(probe) == ["boxes"]
    assert probe["boxes"] == 7
