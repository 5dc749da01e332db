# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What holds for the containers of every runtime."""

from runtime import workload
from counters import Measured, Switches, keep_going, measure, settle
from runs import Run, parse, run

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
    measured = measure([web], "-c", "web", finish=lambda: keep_going(busy))
    assert Switches(busy.pids()).since(before).total >= 100
    assert measured.expected[0] > PAIRS * ROUNDS
    total = measured.result.total()
    assert total["key"] == keys_of(web, runtime.reported)
    measured.check(total["count"], measured.expected[0])
    # Nothing at all, where all that happens is the neighbour's.
    before = Switches(busy.pids())
    quiet = measure([web], "-c", "web", go=[], finish=lambda: keep_going(busy))
    assert Switches(busy.pids()).since(before).total >= 100
    assert quiet.expected == [0]
    assert quiet.result.histograms("total") == []


def test_restarted(runtime, containers):
    """Its second life is asked for too, by the name alone."""
    container = containers.start("phoenix", *workload("chatter", PAIRS, ROUNDS))
    settle([container])
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "phoenix", "--by", "container,pid")
    lives = []
    for life in (1, 2):
        before = settle([container])[0]
        container.go()
        after = settle([container])[0]
        # Process 1 was the runtime's own program first, whose other threads are gone without a record.
        lives.append([{key: count for key, count in switches.items() if key[0] != container.pid}
                      for switches in (after.since(before), after)])
        if life == 1:
            container = containers.restart(container)
    result = running.end()
    assert result.status == 0, result.err.decode()
    measured = Measured(result, [], Switches([1]).total - unseen.total)
    totals = result.histograms("total")
    assert totals == result.histograms("total", container="phoenix", runtime=runtime.reported)
    # Of how the first life is killed nobody else keeps a record; of the second the kernel has it all.
    for expected, ever in lives:
        pids = {pid for pid, _ in expected}
        count = sum(row["count"] for row in totals if row["key"]["pid"] in pids)
        assert sum(expected.values()) > PAIRS * ROUNDS
        measured.check(count, sum(expected.values()), sum(ever.values()) if ever is lives[-1][1] else count)


def test_a_short_life(runtime, containers):
    """200 ms within an interval: gone with its files when it is reported."""
    running = Run("runqlat", "--json", "1000")
    runtime.run("brief", "/bin/sleep", "0.2")
    result = running.end()
    assert result.status == 0, result.err.decode()
    [record] = result.histograms("interval", container="brief")
    assert record["key"]["runtime"] == runtime.reported
    assert record["count"] >= 1
