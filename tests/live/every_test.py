# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What holds for every test of a running tally, here and in tests/runtimes: it needs root and the
program, says how many tests ran, and nothing is left in the kernel or running after any of them."""

import os

import pytest
import support


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "guest(since='6.1', before=None, cgroups='v2', everywhere=False): run on the kernels of tests/kernels "
        "too, from this one on and before that one, with such cgroups (v1, v2, any), on each or on one of them",
    )


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_sessionstart():
    if os.geteuid() == 0 and not support.TALLY.exists():
        pytest.exit(f"{support.TALLY} does not exist: build it, or name it in TALLY", 4)


def pytest_terminal_summary(terminalreporter, config):
    count = {
        outcome: len(terminalreporter.stats.get(outcome, []))
        for outcome in ("passed", "failed", "error", "skipped")
    }
    ran = count["passed"] + count["failed"] + count["error"]
    kind = config.rootpath.name
    terminalreporter.write_line(f"{kind} tests: {ran} ran, {count['skipped']} skipped")


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
