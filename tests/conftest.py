"""Marks tests by what they start: `make test-fast` leaves those out, and one process shares it."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
BROWSER = {"browser"}
# Fixtures that start `digits` as a process of its own, or a server.
PROCESS = {"server", "keeping", "start", "digits"}
# What costs seconds to make and is made once, where all that use it run in one process.
SHARED = {
    "training": {"keras", "finished_run", "own_copy"},
    "server": {"browser", "server", "keeping"},
}
PROCESSES = {"test_wheel.py", "test_nothing_leaves.py", "test_help_examples.py", "test_plugin.py",
             "test_script.py", "test_shell.py", "test_dockerfile.py", "test_lesson.py"}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        needs = set(getattr(item, "fixturenames", ()))
        if needs & BROWSER:
            item.add_marker(pytest.mark.browser)
        if needs & PROCESS or item.path.name in PROCESSES:
            item.add_marker(pytest.mark.process)
        if item.path.is_relative_to(TESTS / "training"):
            item.add_marker(pytest.mark.train)
        room = item.path.relative_to(TESTS).parts[0]
        if needs & SHARED.get(room, set()):
            item.add_marker(pytest.mark.xdist_group(room))
