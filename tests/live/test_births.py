# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers and cgroups that come and go while tally runs.

Who a new cgroup belongs to is asked again 20, 100 and 500 ms after its birth: one made by hand has
its name only from the moment when its host name is set."""

import os
import time
from pathlib import Path

import pytest
from support import PARENT, Run, Switches, hierarchy, settle

PAIRS, ROUNDS = 4, 500


def start_and_let_match(start, *arguments):
    """A new container, at the moment when tally must know its name. If it takes long to make one,
    that may be only after it is asked for the last time."""
    begun = time.monotonic()
    container = start(*arguments)
    took = time.monotonic() - begun
    time.sleep(0.2 if took < 0.09 else 0.6)
    return container


@pytest.mark.parametrize("pause", [
    pytest.param(0, marks=pytest.mark.guest(since="5.10"), id="alone"),
    pytest.param(0.55, id="soon after another birth"),
])
def test_restarted(start, pause):
    """Its second life is asked for too, by the name alone. Each birth is matched again for itself,
    not only the one of an unrelated cgroup `pause` seconds before."""
    unrelated = hierarchy() / f"{PARENT}-unrelated"
    first = start("phoenix", "chatter", PAIRS, ROUNDS)
    settle([first])
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "phoenix")
    expected, beside = 0, 0
    container = first
    for life in (1, 2):
        before = settle([container])[0]
        container.go()
        after = settle([container])[0]
        expected += after.since(before).total
        # What it took to get there, and that all are killed, may be counted or not.
        beside += before.total + len(container.pids())
        if life == 1:
            first.stop()
            time.sleep(0.5)
            if pause:
                unrelated.mkdir()
                unrelated.rmdir()
                time.sleep(pause)
            container = start_and_let_match(start, "phoenix", "chatter", PAIRS, ROUNDS)
    result = running.end()
    assert result.status == 0, result.err.decode()
    missing = Switches([1]).total - unseen.total
    count = sum(row["count"] for row in result.histograms("total", container="phoenix"))
    assert expected > 2 * 2 * PAIRS * ROUNDS
    # Before process 1 is the workload, some short-lived commands make the container.
    assert expected - 4 - missing <= count <= expected + beside + 200
    assert len(result.histograms("total")) == len(result.histograms("total", container="phoenix"))


def test_named_after_it_was_first_seen(start):
    """Until its host name is set, a container made by hand has another: that of the host. The last
    look at it, not the first, decides whether it is asked for."""
    start("late-1", "chatter", 1, 1)
    running = Run("runqlat", "--json", "-c", "late-*")
    begun = time.monotonic()
    container = start("early", "chatter", PAIRS, ROUNDS)
    container.exec("hostname", "late-2")
    assert time.monotonic() - begun < 0.45, "this machine is too slow for this test"
    time.sleep(0.6)
    before = settle([container])[0]
    unseen = Switches([1])
    container.go()
    expected = settle([container])[0].since(before).total
    missing = Switches([1]).total - unseen.total
    result = running.end()
    assert result.status == 0, result.err.decode()
    counts = [row["count"] for row in result.histograms("total", container="late-2")]
    assert counts and sum(counts) >= expected - 2 - missing


def test_a_short_life_has_its_name(start):
    running = Run("runqlat", "--json")
    time.sleep(0.3)
    brief = start_and_let_match(start, "brief", "chatter", 1, 0)
    brief.go()
    time.sleep(0.1)
    cgroup = brief.cgroup
    brief.stop()
    time.sleep(0.3)
    result = running.end()
    assert result.status == 0, result.err.decode()
    total = result.total(container="brief")
    assert total["count"] > 20
    assert total["key"]["cgroup"] == cgroup and total["key"]["runtime"] == "namespaces"


@pytest.mark.alone
def test_many_cgroups_that_come_and_go(start):
    """More than any set of them would hold. They take neither the run nor the memory with them, and
    one that comes after them is part of the container as well."""
    container = start("many", "chatter", 2, 200)
    inner = container.directory / "inner"
    path = os.fspath(inner)
    resident = 0

    def come_and_go():
        nonlocal resident
        for _ in range(70_000):
            os.mkdir(path)
            os.rmdir(path)
        assert running.process.poll() is None
        status = Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
        inner.mkdir()
        for pid in container.pids():
            (inner / "cgroup.procs").write_text(str(pid))

    settle([container])
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "many")
    come_and_go()
    before = settle([container])[0]
    container.go()
    expected = settle([container])[0].since(before).total
    missing = Switches([1]).total - unseen.total
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert expected > 2 * 2 * 200
    # That its processes are moved may count as well.
    assert expected - 2 - missing <= result.total(container="many")["count"] <= expected + 50
    assert resident < 40 * 1024  # KiB
