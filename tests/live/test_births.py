# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers and cgroups that come and go while tally runs.

Whose a new cgroup is, is asked again and again for 10 s after its birth: one made by hand has its name only
from the moment when its host name is set. What happens in it until then is kept, and counted if it is asked
for."""

import os
import time
from pathlib import Path

import pytest
from counters import Measured, Switches, settle
from runs import Run
from support import eventually

PAIRS, ROUNDS = 4, 500


@pytest.mark.guest(since="5.10")
def test_restarted(start):
    """Its second life is asked for too, by the name alone."""
    container = start("phoenix", "chatter", PAIRS, ROUNDS)
    settle([container])
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "phoenix", "--by", "container,pid")
    lives = []
    for life in (1, 2):
        before = settle([container])[0]
        container.go()
        after = settle([container])[0]
        lives.append((after.since(before), after))
        if life == 1:
            container.stop()
            time.sleep(0.5)
            container = start("phoenix", "chatter", PAIRS, ROUNDS)
    result = running.end()
    assert result.status == 0, result.err.decode()
    measured = Measured(result, [expected for expected, _ in lives], Switches([1]).total - unseen.total)
    rows = result.histograms("total")
    assert {row["key"]["container"] for row in rows} == {"phoenix"}
    # Of the commands that make the container, and of how its first life is killed, nobody else keeps a
    # record; of the second life the kernel does, from its beginning.
    for expected, ever in lives:
        pids = {pid for pid, _ in expected}
        assert expected.total > PAIRS * ROUNDS
        count = sum(row["count"] for row in rows if row["key"]["pid"] in pids)
        measured.check(count, expected.total, ever.total if ever is after else count)


def test_named_after_it_was_first_seen(start):
    """Until its host name is set, a container made by hand has another: that of the host. The last
    look at it, not the first, decides whether it is asked for."""
    start("late-1", "chatter", 1, 1)
    running = Run("runqlat", "--json", "-c", "late-*")
    for more in (2, 1, 0):
        begun = time.monotonic()
        container = start("early", "chatter", PAIRS, ROUNDS)
        container.exec("hostname", "late-2")
        if time.monotonic() - begun < 9 or not more:
            break
        container.stop()  # it has taken too long: by then tally may have looked for the last time
    before = settle([container])[0]
    unseen = Switches([1])
    container.go()
    expected = settle([container])[0].since(before)
    unseen = Switches([1]).total - unseen.total
    result = running.end()
    assert result.status == 0, result.err.decode()
    measured = Measured(result, [expected], unseen)
    counts = [row["count"] for row in result.histograms("total", container="late-2",
                                                        cgroup=container.cgroup)]
    assert sum(counts) >= expected.total - 2 - measured.missing


def test_a_short_life_has_its_name(start):
    unseen = Switches([1])
    running = Run("runqlat", "--json")
    brief = start("brief", "chatter", 1, 0)
    before = Switches(brief.pids())
    brief.go()
    eventually(lambda: Switches(brief.pids()).since(before).total > 100, "some waits")
    least = Switches(brief.pids()).since(before)
    cgroup = brief.cgroup
    brief.stop()
    time.sleep(0.3)
    result = running.end()
    assert result.status == 0, result.err.decode()
    measured = Measured(result, [least], Switches([1]).total - unseen.total)
    total = result.total(container="brief")
    assert total["count"] >= least.total - 2 - measured.missing
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

    before = settle([container])[0]
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "many")
    come_and_go()
    container.go()
    expected = settle([container])[0].since(before)
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert expected.total > 2 * 2 * 200
    measured = Measured(result, [expected], Switches([1]).total - unseen.total)
    measured.check(result.total(container="many")["count"], expected.total)
    assert resident < 40 * 1024  # KiB
