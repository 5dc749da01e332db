# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What holds for every test of a running tally, here, in tests/runtimes and in the guests of tests/kernels:
it needs root and the program, says how many tests ran, and nothing is left in the kernel or running after
any of them, nor in the kernel after all of them."""

import contextlib
import os

import pytest
import bpf_ids
import processes
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


class Kernel:
    """What BPF has there when the tests begin, and has left of them at the end."""

    before, left = None, frozenset()


kernel = Kernel()


def is_worker(config):
    """Whether this is one of several processes that share the tests (beside.py), so not the first."""
    return hasattr(config, "workerinput")


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        return
    if not support.TALLY.exists():
        pytest.exit(f"{support.TALLY} does not exist: make test-programs, or name it in TALLY", 4)
    if not any(support.WORKLOADS.glob("workload_*")):
        pytest.exit(f"there are no workloads in {support.WORKLOADS}: make test-programs, or name the folder in "
                    "TALLY_WORKLOADS", 4)
    if not is_worker(session.config):
        kernel.before = bpf_ids.loaded()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """When all workers have ended: of all that is new nothing is left that no process holds. Others may
    trace at the same time, so what a process holds is theirs, or is going away with it."""
    if kernel.before is None:
        return
    kernel.left = bpf_ids.loaded() - kernel.before

    def all_gone():
        kernel.left = bpf_ids.left_in_the_kernel(kernel.left)
        return not kernel.left

    try:
        support.eventually(all_gone, "all gone")
    except AssertionError:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if kernel.left:
        terminalreporter.write_line("FAILED: left in the kernel after all tests: " + ", ".join(
            f"{kind} {number}" for kind, number in sorted(kernel.left)))
    count = {
        outcome: len(terminalreporter.stats.get(outcome, []))
        for outcome in ("passed", "failed", "error", "skipped")
    }
    ran = count["passed"] + count["failed"] + count["error"]
    kind = config.rootpath.name
    terminalreporter.write_line(f"{kind} tests: {ran} ran, {count['skipped']} skipped")


@pytest.fixture(autouse=True)
def nothing_left_in_the_kernel():
    """After each test, nothing that its own processes have made is still there, unless a process holds it:
    one that the test has handed it to, or that is about to end."""
    bpf_ids.made.clear()
    yield

    def all_gone():
        bpf_ids.made.intersection_update(bpf_ids.left_in_the_kernel(bpf_ids.made))
        return not bpf_ids.made

    with contextlib.suppress(AssertionError):
        support.eventually(all_gone, "all gone")
    assert not bpf_ids.made, "left in the kernel"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    item.has_failed = getattr(item, "has_failed", False) or outcome.get_result().failed


@pytest.fixture(autouse=True)
def nothing_left_running(request, nothing_left_in_the_kernel):
    """What a test has launched ends with it. Only one that failed may leave that to us."""
    yield
    left = processes.kill_launched()
    assert not left or request.node.has_failed, f"still ran after the test: {left}"
