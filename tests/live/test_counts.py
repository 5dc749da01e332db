# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Every wait is counted, once, for the container whose thread waited."""

import json
from pathlib import Path

import pytest
from containers import start_pair
from counters import measure
from support import CPUS, often

BYTES = often(20_011, 2003)


@pytest.mark.parametrize("cpus", [
    pytest.param((CPUS[0], CPUS[0]), marks=pytest.mark.guest(since="5.10", everywhere=True), id="same CPU"),
    pytest.param((CPUS[0], CPUS[-1]), id="different CPUs"),
])
def test_two_containers_wake_each_other(start, cpus):
    """Whoever runs when a thread is woken, here always the other container, the wait is its own."""
    both = start_pair(start, BYTES, cpus)
    measured = measure(both, go=both[:1])
    for container, expected in zip(both, measured.expected):
        assert expected > BYTES / 2  # they did wake each other
        total = measured.result.total(container=container.name)
        measured.check(total["count"], expected)
        assert total["key"]["cgroup"] == container.cgroup
        assert total["key"]["runtime"] == "namespaces"


@pytest.mark.guest(since="5.10")
def test_only_the_container_asked_for(start):
    left, right = start_pair(start, BYTES, (CPUS[0], CPUS[0]))
    measured = measure([left, right], "-c", "left", go=[left])
    measured.check(measured.result.total(container="left")["count"], measured.expected[0])
    assert len(measured.result.histograms("total")) == 1


@pytest.mark.guest(since="5.10")
def test_short_lived_threads(start):
    if Path("/sys/kernel/realtime").exists():
        pytest.skip("locks sleep on this kernel, also when the dying thread has added up how often it slept")
    check_short_lived(start, "threads", often(5003, 503))


@pytest.mark.guest(since="5.10")
def test_thread_numbers_used_again(start):
    """Nothing of a dead thread is charged to the next one of its number."""
    spawned = check_short_lived(start, "processes", often(2003, 601))
    assert spawned["reused"] > often(1500, 300)


def check_short_lived(start, kind, number):
    container = start("spawn", "spawn", kind, number)
    spawned = {}
    measured = measure([container], finish=lambda: spawned.update(json.loads(container.line())))
    # Each was started and, where its nap was not over before it could sleep, woken: on a busy machine half
    # of them were not.
    assert spawned["waits"] >= number
    measured.check(measured.result.total(container="spawn")["count"],
                   measured.expected[0] + spawned["waits"])
    return spawned


@pytest.mark.parametrize("options", [
    pytest.param((), id="all"),
    pytest.param(("-c", "nested"), marks=pytest.mark.guest(since="5.10"), id="by name"),
    pytest.param(("--cgroup", "PATH"), id="by cgroup"),
])
def test_sub_cgroups_made_after_the_start(start, options):
    times = often(2000, 101)
    container = start("nested", "subcgroups", times)
    options = [container.cgroup if option == "PATH" else option for option in options]
    measured = measure([container], *options, finish=container.line)
    assert measured.expected[0] >= times
    measured.check(measured.result.total(container="nested")["count"], measured.expected[0])


@pytest.mark.alone
def test_whole_host_against_its_context_switches(start):
    """All rows together: at least the workload, at most what /proc/stat counts, which has switches
    to the idle thread too."""
    container = start("host", "chatter", 5, 2000)

    def all_switches():
        with open("/proc/stat") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("ctxt"))

    before = all_switches()
    measured = measure([container], "--by", "none")
    after = all_switches()
    total = measured.result.total()
    assert total["key"] == {}
    assert measured.expected[0] - measured.unseen - 2 <= total["count"] <= after - before
