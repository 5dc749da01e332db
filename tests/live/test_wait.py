# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""--container of what is not there yet: measured from its first instruction, with --wait, and from the
first of every later life without."""

import functools
import os
import signal
import subprocess
import time

import pytest
from cgroups import hierarchy
from containers import starting
from runs import Run, run
from support import MAKER, PARENT, SOON, WORKLOADS, eventually

CALLS = 1009
PROGRAM = WORKLOADS / "workload_calls"


@pytest.fixture
def parent():
    """The cgroup above those of these tests, empty at the end."""
    yield f"/{PARENT}"
    if (hierarchy() / PARENT).exists():
        (hierarchy() / PARENT).rmdir()


def live(name, calls=CALLS, parent=PARENT):
    """A whole life: `calls` getppid, and none by whatever makes the container."""
    subprocess.run([MAKER, "run", name, "--cgroup-parent", parent, "--", PROGRAM, "getppid",
                    str(calls)], input=b"x", check=True, timeout=SOON, stdout=subprocess.DEVNULL)


def getppids(result, scope="total"):
    """The getppid calls by container, of one scope."""
    calls = {}
    for row in result.records:
        if row["type"] == "counts" and row["scope"] == scope:
            name = row["key"].get("container", "")
            calls[name] = calls.get(name, 0) + row["values"]["calls"]
    return calls


def count_getppid(*arguments):
    return Run("syscount", "--json", "-s", "getppid", *arguments)


def test_from_its_first_instruction(parent):
    """All of them and nothing of its neighbours', though each of them was measured until its name was
    known."""
    running = count_getppid("-c", "later", "--wait")
    for name in ("sooner", "later", "late"):
        live(name)
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert "there is no container 'later' yet" in result.err.decode()
    assert getppids(result) == {"later": CALLS}
    assert not result.lost


def test_every_life_of_it(parent):
    """Without --wait too, once it was there."""
    running = count_getppid("-c", "later", "--wait", 0.2)
    for _ in range(5):
        live("later")
        live("another", 503)
    result = running.end()
    assert getppids(result) == {"later": 5 * CALLS}
    assert getppids(result, "interval") == {"later": 5 * CALLS}


@pytest.mark.parametrize("by", ["comm", "none", "cgroup"])
def test_kept_apart_where_rows_are_others(parent, by):
    """What is held back is told apart by the cgroup, also if no row says it."""
    running = count_getppid("-c", "later", "--wait", "--by", by)
    live("neighbour")
    live("later")
    assert sum(getppids(running.end()).values()) == CALLS


def test_histograms_are_held_back_too(parent):
    running = Run("syslat", "--json", "-s", "getppid", "-c", "later", "--wait", "--by", "comm", 0.1)
    live("neighbour")
    live("later")
    result = running.end()
    assert result.total()["count"] == CALLS
    assert sum(row["count"] for row in result.histograms("interval")) == CALLS


def within_a_trial(test):
    """A test in which a container gets its name late, but while its calls are kept for it: for 10 s. Twice
    more where it has taken longer."""

    @functools.wraps(test)
    def until_in_time(start):  # pylint: disable=unused-argument
        for more in (2, 1, 0):
            began = time.monotonic()
            try:
                with starting() as start_one:
                    return test(start_one)
            except (AssertionError, KeyError):
                if not more or time.monotonic() - began < 10:
                    raise
        return None

    return until_in_time


@within_a_trial
def test_a_name_that_comes_late(start):
    """What it did before it had its name is counted as soon as it has it."""
    running = count_getppid("-c", "named-late", "--wait", 0.3)
    container = start("early", "calls", "getppid", CALLS)
    container.go()
    container.line()
    time.sleep(1)  # more than one report without it
    container.exec("hostname", "named-late")
    time.sleep(1.5)
    result = running.end()
    # The shells that make it, and that of `exec`, ask for their own parent once each.
    assert getppids(result)["named-late"] in range(CALLS, CALLS + 4)
    assert getppids(result) == {"named-late": getppids(result, "interval")["named-late"]}


def test_one_that_never_comes(parent):
    running = count_getppid("-c", "never", "--wait")
    live("neighbour")
    result = running.end()
    assert result.status == 0
    assert getppids(result) == {}


@within_a_trial
def test_sub_cgroups_of_it(start):
    """A child that is made before the container's name is known belongs to it as well."""
    running = count_getppid("-c", "named-late", "--wait")
    container = start("early", "calls", "getppid", CALLS)
    inner = container.directory / "inner"
    inner.mkdir()
    for pid in container.pids():
        (inner / "cgroup.procs").write_text(str(pid))
    container.go()
    container.line()
    container.exec("hostname", "named-late")
    time.sleep(1.5)
    assert getppids(running.end())["named-late"] in range(CALLS, CALLS + 4)


@within_a_trial
def test_a_sub_cgroup_that_is_gone_by_then(start):
    """What it did there waits for the container's name like all else."""
    running = count_getppid("-c", "named-late", "--wait")
    container = start("early", "calls", "getppid", CALLS)
    inner = container.directory / "inner"
    inner.mkdir()
    pids = container.pids()
    for directory in (inner, container.directory):
        for pid in pids:
            (directory / "cgroup.procs").write_text(str(pid))
        if directory == inner:
            container.go()
            container.line()
    eventually(lambda: remove(inner), "a cgroup without processes")
    time.sleep(1.5)
    container.exec("hostname", "named-late")
    time.sleep(1.5)
    assert getppids(running.end())["named-late"] in range(CALLS, CALLS + 4)


def remove(directory):
    """Whether it could be removed: a cgroup counts as empty a moment after its last process left."""
    try:
        directory.rmdir()
    except OSError:
        return False
    return True


@within_a_trial
@pytest.mark.alone
def test_among_many_others(start):
    """More cgroups than one would think wait for a name at the same time."""
    running = count_getppid("-c", "named-late", "--wait")
    others = hierarchy() / f"{PARENT}-others"
    others.mkdir()
    try:
        for number in range(17_000):
            os.mkdir(others / str(number))
        container = start("early", "calls", "getppid", CALLS)
        container.go()
        container.line()
        time.sleep(1.2)  # a reading without the name
        container.exec("hostname", "named-late")
        time.sleep(1.5)
        result = running.end()
    finally:
        for directory in others.iterdir():
            if directory.is_dir():
                directory.rmdir()
        others.rmdir()
    assert getppids(result)["named-late"] in range(CALLS, CALLS + 4)
    assert not result.lost


@pytest.mark.alone
def test_births_that_could_not_be_told(start):
    """tally stands still, more cgroups come and go than the kernel can keep events of, and only then
    the container is made: a loss, but the container's calls are there. Without INTERVAL too."""
    running = count_getppid("-c", "later", "--wait")
    running.process.send_signal(signal.SIGSTOP)
    (hierarchy() / PARENT).mkdir()
    for number in range(1000):
        directory = hierarchy() / PARENT / str(number)
        directory.mkdir()
        directory.rmdir()
    container = start("later", "calls", "getppid", CALLS)
    container.go()
    container.line()
    running.process.send_signal(signal.SIGCONT)
    result = running.end()
    assert getppids(result)["later"] in range(CALLS, CALLS + 4)
    assert result.end["lost"]["cgroup_event"] > 0 and not result.lost


def test_wait_needs_a_container():
    result = run("syscount", "--wait", status=2)
    assert "name it with -c" in result.sentence


def test_without_wait_it_must_be_there():
    result = run("syscount", "-c", "no-such-container", status=2)
    assert "--wait waits for one" in result.sentence
