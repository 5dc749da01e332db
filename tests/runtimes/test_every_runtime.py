# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What holds for the containers of every runtime."""

import time

from runtime import workload
from support import Run, Switches, measure, parse, run, settle

PAIRS, ROUNDS = 4, 500


def keys_of(container, reported):
    """How the records call a container."""
    return {
        "container": container.name,
        "container_id": container.identity,
        "runtime": reported,
        "pod": container.pod,
        "namespace": container.namespace,
        "systemd_unit": container.unit,
        "cgroup": container.cgroup,
    }


def test_listed(runtime, containers):
    container = containers.start("web", *workload("chatter", 1, 1))
    [found] = [record for record in parse(run("containers", "--json").out)
               if record["name"] == "web"]
    assert found.pop("processes") == len(container.pids())
    expected = keys_of(container, runtime.reported)
    assert found == {"schema": 1, "type": "container", "name": expected.pop("container"),
                     **expected}


def test_counts(runtime, containers):
    """All of a container's waits, and none of its neighbour, which is busy all the time."""
    web = containers.start("web", *workload("chatter", PAIRS, ROUNDS))
    busy = containers.start("busy", *workload("chatter", 2, 0))
    settle([busy])
    busy.go()
    before = Switches(busy.pids())
    measured = measure([web], "-c", "web")
    assert Switches(busy.pids()).since(before).total > 100
    assert measured.expected[0] > 2 * PAIRS * ROUNDS
    total = measured.result.total()
    assert total["key"] == keys_of(web, runtime.reported)
    measured.check(total["count"], measured.expected[0])
    # Nothing at all, where all that happens is the neighbour's.
    before = Switches(busy.pids())
    quiet = measure([web], "-c", "web", go=[], finish=lambda: time.sleep(0.5))
    assert Switches(busy.pids()).since(before).total > 100
    assert quiet.expected == [0]
    assert quiet.result.histograms("total") == []


def test_restarted(runtime, containers):
    """Its second life is asked for too, by the name alone."""
    container = containers.start("phoenix", *workload("chatter", PAIRS, ROUNDS))
    settle([container])
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "phoenix")
    expected, beside = 0, 0
    for life in (1, 2):
        before = settle([container])[0]
        container.go()
        after = settle([container])[0]
        expected += after.since(before).total
        # What it took to get there, and that all are killed, may be counted or not.
        beside += before.total + len(before)
        if life == 1:
            container = containers.restart(container)
    result = running.end()
    assert result.status == 0, result.err.decode()
    missing = Switches([1]).total - unseen.total
    totals = result.histograms("total")
    assert totals == result.histograms("total", container="phoenix", runtime=runtime.reported)
    count = sum(row["count"] for row in totals)
    # Before process 1 is the workload it is the runtime's, with threads of its own.
    assert expected - 4 - missing <= count <= expected + beside + 500


def test_a_short_life(runtime, containers):
    """200 ms within an interval of 5 s: gone with its files when it is reported."""
    running = Run("runqlat", "--json", "5", "1")
    runtime.run("brief", "/bin/sleep", "0.2")
    result = running.wait()
    assert result.status == 0, result.err.decode()
    [record] = result.histograms("interval", container="brief")
    assert record["key"]["runtime"] == runtime.reported
    assert record["count"] >= 1
