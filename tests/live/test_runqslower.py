# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""runqslower: each long wait for a CPU is told, of the thread that waited."""

from pathlib import Path

import pytest

from containers import start_pair
from counters import Measured, Switches, measure
from runs import Run
from support import CPUS, PARENT, eventually, often

BYTES = often(20_011, 503)


@pytest.mark.guest
@pytest.mark.parametrize("tool, every_wait", [("runqslower", ("--min-us", "0")), ("runqlat", ("--events",))])
def test_each_wait_of_two_containers(start, tool, every_wait):
    """Without a limit every wait is told, as often as the kernel has given the thread a CPU. runqlat has none
    unless it is given."""
    left, right = start_pair(start, BYTES, (CPUS[0], CPUS[0]))
    measured = measure([left, right], *every_wait, "-c", "left", go=[left], tool=tool)
    events = measured.result.events()
    measured.check(len(events), measured.expected[0])
    assert {(each["tool"], each["name"]) for each in events} == {(tool, "slow_waits")}
    assert {each["tool"] for each in measured.result.records} == {tool}
    assert f"tally: {tool} is measuring".encode() in measured.result.err
    assert {each["container"] for each in events} == {"left"}
    # On this one CPU, it mostly waited until the other slept.
    behind = measured.result.events(previous_container="right")
    assert len(behind) > BYTES / 2
    assert {each["previous_pid"] for each in behind} == set(right.pids())
    assert {each["previous_comm"] for each in behind} == {"workload_pingpo"}
    assert {each["cpu"] for each in events} == {CPUS[0]}
    assert {each["cause"] for each in behind} <= {"woken", "preempted"}


def waited(pid):
    """Nanoseconds in the run queue, as the kernel counts them (by another clock)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1])


def test_long_waits_behind_a_neighbour(start):
    left, right = (start(name, "spin", 1, cpu=CPUS[0]) for name in ("left", "right"))
    for container in (left, right):
        container.go()

    def spinner_of(container):
        return eventually(lambda: [pid for pid in container.pids() if pid != container.pid], "a spinner")[0]

    spinner, neighbour = spinner_of(left), spinner_of(right)

    def counters():
        return waited(spinner), Switches([spinner]).total

    outer, unseen = counters(), Switches([1])
    running = Run("runqslower", "--json", "--cgroup", PARENT, "--min-us", "1000")
    every = Run("runqslower", "--json", "-c", "left", "--min-us", "0")
    eventually(lambda: f'"pid":{spinner},'.encode() in every.so_far(), "a wait that has begun since then")
    inner = counters()
    behind = f'"previous_pid":{neighbour},'.encode()
    eventually(lambda: running.so_far().count(behind) > 100, "waits for the neighbour")
    inner = [now - then for now, then in zip(counters(), inner)]
    all_waits, result = every.end(), running.end()
    outer = [now - then for now, then in zip(counters(), outer)]
    missing = Measured(all_waits, [], Switches([1]).total - unseen.total).missing
    for each in result, all_waits:  # what process 1 hides (counters.py)
        assert each.lost.keys() <= {"unmatched_begin", "unmatched_end"}

    events = result.events(container="left", pid=spinner)
    assert events and all(each["duration_ns"] >= 1_000_000 for each in events)
    behind = [each for each in events if each["previous_container"] == "right"]
    assert len(behind) > 10
    assert {each["previous_pid"] for each in behind} == {neighbour}
    assert {each["previous_comm"] for each in behind} == {"workload_spin"}
    assert {each["cause"] for each in behind} == {"preempted"}
    assert {each["previous_pid"] for each in result.events(container="right")} != {neighbour}

    # The spinner's own counters, read within the run and around it.
    durations = [each["duration_ns"] for each in all_waits.events(pid=spinner)]
    assert {each["container"] for each in all_waits.events()} == {"left"}
    assert inner[1] - 1 - missing <= len(durations) <= outer[1] + 1
    # By another clock. What is missing is no longer than the longest.
    assert 0.95 * inner[0] - missing * max(durations) <= sum(durations) <= 1.05 * outer[0]
