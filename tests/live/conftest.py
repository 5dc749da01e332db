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
    with support.starting() as start_one:
        yield start_one
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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    item.has_failed = getattr(item, "has_failed", False) or outcome.get_result().failed


@pytest.fixture(autouse=True)
def nothing_left_running(request, nothing_left_in_the_kernel):
    """What a test has launched ends with it. Only one that failed may leave that to us."""
    yield
    left = support.kill_launched()
    assert not left or request.node.has_failed, f"still ran after the test: {left}"
