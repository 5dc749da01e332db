# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Fixtures of the live tests, and what holds for each of them: nothing is left behind."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import support


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_sessionstart():
    if os.geteuid() == 0 and not support.TALLY.exists():
        pytest.exit(f"{support.TALLY} does not exist: build it, or name it in TALLY", 4)


def pytest_terminal_summary(terminalreporter):
    count = {
        outcome: len(terminalreporter.stats.get(outcome, []))
        for outcome in ("passed", "failed", "error", "skipped")
    }
    ran = count["passed"] + count["failed"] + count["error"]
    terminalreporter.write_line(f"live tests: {ran} ran, {count['skipped']} skipped")


@pytest.fixture(scope="session")
def container_files():
    """Where the container maker keeps its files, in this run of the tests."""
    folder = tempfile.mkdtemp(prefix="tally-live-", dir="/run")
    os.environ["TALLY_CONTAINERS"] = folder
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(container_files):
    """start(NAME, WORKLOAD, ARGUMENT...) makes a container; all are stopped after the test."""
    started = []

    def start_one(*arguments, **options):
        started.append(support.Container(*arguments, **options))
        return started[-1]

    yield start_one
    for container in started:
        container.stop()
    # The maker removes the cgroup above them with the last one.
    assert not (support.hierarchy() / support.PARENT).exists()
    assert container_files not in Path("/proc/self/mounts").read_text()
    assert os.listdir(container_files) in ([], ["image"])


@pytest.fixture(autouse=True)
def nothing_left_in_the_kernel():
    """After each test, BPF has nothing new that no process holds. Others may trace at the same
    time, so what a process holds is theirs, or is going away with it."""
    before = support.loaded()
    yield
    support.eventually(
        lambda: not support.loaded() - before - support.held(), "BPF programs and maps gone"
    )
