# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""sysslower: each slow call is told, once, with what it was asked to do; the fast are not."""

import json

import pytest

from runs import Run
from support import PARENT
from test_events import HOSTILE, in_json

FIFO = "/tmp/fifo"
COUNTS = {"left": 23, "right": 19}


def meet(start, *options, counts=None):
    """What sysslower tells of containers that wait 50 ms in an open and in a read, so many times."""
    containers = [start(name, "rendezvous", count, FIFO) for name, count in (counts or COUNTS).items()]
    running = Run("sysslower", "--json", "--cgroup", PARENT, *options)
    for container in containers:
        container.go()
    took = {each.name: json.loads(each.line()) for each in containers}
    result = running.end()
    assert result.lost == {}
    return result, containers, took


def reads_of_the_late(events):
    """The read before the start and the one until the writer has closed it are slow too on a slow machine."""
    return [each for each in events if each["syscall"] == "read" and each["result"] == 7]


def test_slow_calls_of_two_containers(start):
    result, containers, took = meet(start)
    for container in containers:
        count = COUNTS[container.name]
        events = result.events(container=container.name, pid=container.pid)
        by_call = {
            call: [each for each in events if each["syscall"] == call] for call in ("open", "openat")}
        opens, reads = by_call["open"] + by_call["openat"], reads_of_the_late(events)
        assert (len(opens), len(reads)) == (count, count)
        for told, name in (opens, "opens"), (reads, "reads"):
            # It slept so long in each; and its own clock runs from before the call to after it.
            assert all(each["duration_ns"] >= 50_000_000 for each in told)
            assert sum(each["duration_ns"] for each in told) <= took[container.name][name]
        for each in opens:
            assert (each["path"], each["error"], each["size"]) == (FIFO, None, None)
            assert each["fd"] is None  # relative to no descriptor: AT_FDCWD
            assert each["result"] > 2
        descriptor = opens[0]["result"]
        for each in reads:
            assert (each["fd"], each["size"], each["result"]) == (descriptor, 4711, 7)
            assert each["path"] == FIFO  # of the descriptor
            assert len(each["arguments"]) == 6
            assert [int(each["arguments"][index], 16) for index in (0, 2)] == [descriptor, 4711]
        assert {each["cgroup"] for each in events} == {container.cgroup}
    assert not result.events(syscall="clock_nanosleep")


@pytest.mark.guest
def test_the_call_that_is_asked_for(start):
    result, (container,), _ = meet(start, "-s", "read", "--min-us", "20000", counts={"left": 11})
    assert len(reads_of_the_late(result.events(pid=container.pid))) == 11
    assert {each["syscall"] for each in result.events()} == {"read"}


@pytest.mark.parametrize("options", [("--waiting",), ("-s", "clock_nanosleep")])
def test_calls_that_are_meant_to_wait(start, options):
    result, (container,), _ = meet(start, *options, counts={"left": 11})
    sleeps = result.events(syscall="clock_nanosleep")
    assert len(sleeps) == 2 * 11
    assert {each["comm"] for each in sleeps} == {"workload_rendez"}
    assert container.pid not in {each["pid"] for each in sleeps}  # its child's
    assert all(each["duration_ns"] >= 50_000_000 and each["result"] == 0 for each in sleeps)


def test_calls_that_fail_with_hostile_paths(start):
    """All calls, however short: the path is told as bytes from others are."""
    container = start("left", "stats", "words", *HOSTILE)
    running = Run("sysslower", "--json", "-c", "left", "--min-us", "0", "-s", "stat")
    container.go()
    container.line()
    result = running.end()
    assert result.lost == {}
    # "/" is the working directory of the container.
    assert [each["path"] for each in result.events()] == [
        "/" + in_json(word) if word else "" for word in HOSTILE]
    assert {(each["result"], each["error"]) for each in result.events()} == {(-2, "ENOENT")}
    assert b"\x1b" not in result.out and "\u202e".encode() not in result.out
