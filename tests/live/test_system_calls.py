# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""System calls are counted once each, for who made them, with the time between entry and return."""

import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from processes import launch
from runs import Run, buckets_of, check_count, run
from support import SOON, TALLY, WORKLOADS, eventually, often

OBJECTS = WORKLOADS / "objects"

NOTHING = {"calls": 0, "errors": 0}


def of_calls(start, *workload, arguments=(), tool="syscount", **options):
    """Runs a tool while a container makes calls, and beside it a neighbour that makes others."""
    container = start("caller", "calls", *workload)
    neighbour = start("neighbour", "calls", "getppid", 20_011)
    running = Run(tool, "--json", *arguments, **options)
    for each in (neighbour, container):
        each.go()
    for each in (neighbour, container):
        each.line()
    return running.end()


def values(result, scope="total", **key):
    """The sums of all counts records of this key."""
    sums = dict(NOTHING)
    for record in result.records:
        if record["type"] != "counts" or record["scope"] != scope:
            continue
        if all(record["key"].get(name) == wanted for name, wanted in key.items()):
            for name, count in record["values"].items():
                sums[name] = sums.get(name, 0) + count
    return sums


def check_lost(result):
    """Only what the kernel left programs out of (check_count): a return is found at the next entry; or, if
    that was left out too, at its return."""
    lost = result.lost
    assert lost.keys() <= {"missed_run", "unmatched_begin", "unmatched_end"}
    assert lost.get("unmatched_end", 0) <= lost.get("missed_run", 0), lost


@pytest.mark.guest(since="5.10", everywhere=True)
def test_every_call_is_counted_once(start):
    result = of_calls(start, "getppid", 300_007)
    counted = values(result, container="caller", syscall="getppid")
    check_count(counted["calls"], 300_007, result)
    assert counted["errors"] == 0
    assert 0 < counted["total_ns"]
    neighbour = values(result, container="neighbour", syscall="getppid")
    check_count(neighbour["calls"], 20_011, result)
    check_lost(result)


def test_only_the_container_asked_for(start):
    result = of_calls(start, "getppid", 1009, arguments=("-c", "caller"))
    assert values(result)["calls"] >= 1009
    assert values(result, container="neighbour") == NOTHING
    assert {record["key"]["container"] for record in result.records if "key" in record} == {"caller"}


@pytest.mark.parametrize("call", ["getppid", "110"])
def test_only_the_call_asked_for(start, call):
    """By its name or by its number."""
    result = of_calls(start, "opens", 11, 13, arguments=("-s", call, "-c", "neighbour"))
    assert {record["key"]["syscall"] for record in result.records if "key" in record} == {"getppid"}
    assert values(result)["calls"] == 20_011


def test_several_calls(start):
    result = of_calls(start, "opens", 11, 13, arguments=("-s", "getppid", "-s", "openat"))
    assert values(result, container="caller", syscall="openat")["calls"] >= 24
    assert values(result, container="neighbour", syscall="getppid")["calls"] == 20_011
    calls = {record["key"]["syscall"] for record in result.records if "key" in record}
    assert calls == {"getppid", "openat"}


@pytest.mark.guest(since="5.10")
def test_errors_by_their_names(start):
    result = of_calls(start, "opens", 6004, 4003, arguments=("--by", "container,syscall,error"))
    for error, expected in (("ENOENT", 6004), ("EACCES", 4003)):
        counted = values(result, container="caller", syscall="openat", error=error)
        check_count(counted["calls"], expected, result)
        assert counted["errors"] == counted["calls"]
        assert values(result, container="neighbour", error=error) == NOTHING
    assert values(result, container="caller", error=None)["errors"] == 0


def test_errors_only(start):
    result = of_calls(start, "opens", 6004, 4003, arguments=("--errors-only",))
    counted = values(result, container="caller", syscall="openat")
    assert (counted["calls"], counted["errors"]) == (10_007, 10_007)
    assert values(result, container="neighbour", syscall="getppid") == NOTHING


@pytest.mark.guest(since="5.10")
def test_what_seccomp_refuses_is_a_call_that_fails(start):
    result = of_calls(start, "refused", 1009, arguments=("--by", "container,syscall,error"))
    counted = values(result, container="caller", syscall="getppid", error="EPERM")
    check_count(counted["calls"], 1009, result)
    assert (counted["errors"], counted["total_ns"]) == (counted["calls"], 0)
    check_lost(result)


def test_what_seccomp_refuses_has_no_latency(start):
    result = of_calls(start, "refused", 1009, tool="syslat")
    assert result.histograms("total", container="caller", syscall="getppid") == []
    assert not any(result.lost.values())


@pytest.mark.parametrize("arguments", [
    pytest.param((), id="all"),
    pytest.param(("-s", "getppid"), marks=pytest.mark.guest(since="5.10"), id="asked for"),
])
def test_calls_through_the_32_bit_entry_have_their_right_names(start, arguments):
    probe = subprocess.run([WORKLOADS / "workload_calls", "legacy", "1"], input=b"x", timeout=SOON,
                           stdout=subprocess.DEVNULL, check=False)
    if probe.returncode:
        pytest.skip("this kernel has no 32-bit entry")
    result = of_calls(start, "legacy", 10_007, arguments=arguments)
    check_count(values(result, container="caller", syscall="getppid")["calls"], 10_007, result)


@pytest.mark.guest(since="5.10")
def test_a_child_has_not_made_the_call_that_made_it(start):
    """2,003 short lives: many thread numbers, and each child's first return is that of clone."""
    result = of_calls(start, "children", often(2003, 307), arguments=("--by", "container,syscall"))
    for call in ("clone", "wait4"):
        check_count(values(result, container="caller", syscall=call)["calls"], often(2003, 307), result)
    assert values(result, container="caller", syscall="exit_group") == NOTHING  # never returns
    check_lost(result)


def test_the_killed_leave_nothing_behind(start):
    result = of_calls(start, "murders", 1009)
    assert values(result, container="caller", syscall="pause")["calls"] == 1009  # in the kernel
    assert values(result, container="caller", syscall="clone")["calls"] == 1009
    assert not any(result.lost.values())


@pytest.mark.guest(since="5.10")
def test_sigreturn(start):
    """Its return has the registers of another moment."""
    result = of_calls(start, "signals", 5003)
    counted = values(result, container="caller", syscall="rt_sigreturn")
    check_count(counted["calls"], 5003, result)
    assert counted["errors"] == 0
    check_count(values(result, container="caller", syscall="tgkill")["calls"], 5003, result)
    check_lost(result)


@pytest.mark.guest(since="5.10")
def test_exec_by_another_thread_than_the_first(start):
    """It takes the first one's number, in the middle of the call."""
    result = of_calls(start, "executes", often(503, 101))
    check_count(values(result, container="caller", syscall="execve")["calls"], often(503, 101), result)
    check_lost(result)


def test_exec_by_execveat(start):
    """The new program has the number of execve in its registers."""
    result = of_calls(start, "executesat", 503)
    assert values(result, container="caller", syscall="execveat")["calls"] == 503
    assert values(result, container="caller", syscall="execve") == NOTHING
    assert not any(result.lost.values())


@pytest.mark.parametrize("state", ["array", "address", "storage"])
@pytest.mark.parametrize("workload, call, per_round",
                         [("executes", "execve", 1), ("reuses", "execve", 1)],
                         ids=["executes", "reuses"])
def test_all_ways_to_remember_threads(start, monkeypatch, state, workload, call, per_round):
    """In an array, what is remembered is found by a number that another thread may have by then."""
    monkeypatch.setenv("TALLY_THREAD_STATE", state)
    result = of_calls(start, workload, 211)
    assert values(result, container="caller", syscall=call)["calls"] == 211 * per_round
    assert values(result, container="neighbour", syscall="getppid")["calls"] == 20_011
    assert not any(result.lost.values())


def test_numbers_that_no_table_has_are_one_call(start):
    result = of_calls(start, "strange", 20_011)
    counted = values(result, container="caller", syscall="unknown")
    assert (counted["calls"], counted["errors"]) == (20_011, 20_011)
    assert values(result, container="neighbour", syscall="getppid")["calls"] == 20_011
    assert not any(result.lost.values())


def test_intervals_add_up(start):
    container = start("caller", "calls", "getppid", 2_000_003)
    running = Run("syscount", "--json", "--by", "container,syscall", "0.2")
    container.go()
    container.line()
    result = running.end()
    totals = [record for record in result.records
              if record["type"] == "counts" and record["scope"] == "total"]
    assert len(totals) > 2
    for total in totals:
        assert values(result, "interval", **total["key"]) == total["values"]
    assert values(result, container="caller", syscall="getppid")["calls"] == 2_000_003


def test_what_has_no_place_is_lost_and_said(start):
    """Many keys and few places: counted and lost together are all there were."""
    container = start("caller", "calls", "children", 101)
    running = Run("syscount", "--json", "--cgroup", container.cgroup, "-s", "exit_group", "-s", "clone",
                  "-s", "wait4", "-s", "prctl", "--by", "pid,syscall", "--max-keys", 4)
    container.go()
    container.line()
    result = running.end()
    lost = result.end["lost"]["map_full"]
    assert lost > 0
    # A child makes one call that returns: prctl. Its parent makes two for each.
    assert values(result)["calls"] + lost == 3 * 101


# syslat


@pytest.mark.guest(since="5.10")
def test_latency_of_a_known_length(start):
    began = time.monotonic_ns()
    result = of_calls(start, "sleeps", 53, tool="syslat", arguments=("-c", "caller"))
    took = time.monotonic_ns() - began
    row = result.total(container="caller", syscall="clock_nanosleep")
    assert row["count"] == 53
    assert row["min"] >= 20_000_000
    # One after the other.
    assert 53 * 20_000_000 <= row["sum"] < took
    assert row["key"]["waits_by_nature"] is True
    assert result.total(container="caller", syscall="write")["key"]["waits_by_nature"] is False


@pytest.mark.guest(since="5.10", everywhere=True)
def test_every_latency_is_counted_once(start):
    result = of_calls(start, "getppid", 300_007, tool="syslat")
    row = result.total(container="caller", syscall="getppid")
    assert row["count"] == sum(buckets_of(row).values())
    check_count(row["count"], 300_007, result)
    neighbour = result.total(container="neighbour", syscall="getppid")
    check_count(neighbour["count"], 20_011, result)
    check_lost(result)


def test_three_million_calls_of_a_command(tmp_path):
    """And the intervals add up to the total, bucket by bucket."""
    go = tmp_path / "go"
    go.write_text("x")
    with go.open() as stdin:
        result = run("syslat", "--by", "comm,syscall", "--json", 0.5, "--",
                     WORKLOADS / "workload_calls", "getppid", 3_000_017, stdin=stdin)
    total = result.total(comm="workload_calls"[:15], syscall="getppid")
    assert total["count"] == 3_000_017
    intervals = result.histograms("interval", **total["key"])
    assert len(intervals) > 1
    assert sum(each["count"] for each in intervals) == 3_000_017
    assert sum(each["sum"] for each in intervals) == total["sum"]
    added = Counter()
    for each in intervals:
        added.update(buckets_of(each))
    assert added == buckets_of(total)
    assert not any(result.lost.values())


def test_latency_of_errors_only(start):
    result = of_calls(start, "opens", 6004, 4003, tool="syslat",
                      arguments=("--errors-only", "--by", "container,error"))
    assert result.total(container="caller", error="ENOENT")["count"] == 6004
    assert result.total(container="caller", error="EACCES")["count"] == 4003
    assert result.histograms("total", container="neighbour") == []


def test_min_us(start):
    result = of_calls(start, "sleeps", 53, tool="syslat", arguments=("--min-us", "19000"))
    assert result.total(container="caller", syscall="clock_nanosleep")["count"] == 53
    assert result.histograms("total", container="neighbour", syscall="getppid") == []


def asleep_in_read(pid):
    """Whether it is, by the kernel's word."""
    return Path(f"/proc/{pid}/syscall").read_text().startswith("0 ")


@pytest.mark.parametrize("state", ["array", "address", "storage"])
def test_calls_that_have_not_returned(start, monkeypatch, state):
    monkeypatch.setenv("TALLY_THREAD_STATE", state)
    check_unreturned(start, "syslat", (TALLY,), syscall="read")


def test_those_of_a_tracer_with_keys_of_its_own(start):
    check_unreturned(start, OBJECTS / "calls_in_flight.bpf.o", (TALLY, "run"), is_read=1)


def check_unreturned(start, tool, program, **read):
    """One process reads since before the start, one since after it."""
    before = start("before", "calls", "getppid", 1)
    after = start("after", "calls", "getppid", 1)
    eventually(lambda: asleep_in_read(before.pid) and asleep_in_read(after.pid), "both in read")
    attaching = time.monotonic_ns()
    running = Run(tool, "--json", "-c", "before", "-c", "after", "--by", f"container,{next(iter(read))}",
                  program=program)
    going = time.monotonic_ns()
    after.go()
    after.line()
    eventually(lambda: asleep_in_read(after.pid), "in the second read")
    asleep = time.monotonic_ns()
    time.sleep(1)
    ending = time.monotonic_ns()
    result = running.end()
    ended = time.monotonic_ns()
    # The one has been in it for as long as the run has lasted, the other since it was set going.
    for container, older, earliest, latest in ((before, True, attaching, going),
                                               (after, False, going, asleep)):
        row = result.total(container=container.name, **read)
        in_flight = row["in_flight"]
        assert in_flight["count"] == 1
        assert in_flight["before_attach"] == older
        assert in_flight["oldest_before_attach"] is older
        assert (in_flight["oldest_pid"], in_flight["oldest_tid"]) == (container.pid, container.pid)
        assert in_flight["oldest_comm"] == "workload_calls"[:15]
        assert ending - latest <= in_flight["oldest_ns"] <= ended - earliest
        assert in_flight["sum_ns"] == in_flight["oldest_ns"]
    # Its read of the byte that set it going had begun before the start as well.
    assert result.end["before_attach"] >= 1
    assert result.total(container="after", **read)["count"] == 0


def test_time_in_flight_adds_up_to_that_of_the_intervals(start):
    """Two processes read throughout, since before the start: a second of each is two seconds of reading."""
    sleepers = [start(name, "calls", "getppid", 1) for name in ("one", "other")]
    eventually(lambda: all(asleep_in_read(each.pid) for each in sleepers), "both in read")
    result = run("syslat", "--json", "-c", "one", "-c", "other", "--by", "syscall", "0.5", "4")
    intervals = result.histograms("interval", syscall="read")
    assert len(intervals) == 4
    # Each report asks the threads after the report before, and before its own interval ends.
    asked_after = asked_before = 0.0
    for each in intervals:
        in_flight = each["in_flight"]
        asked_before += each["interval_s"]
        assert each["count"] == 0 and in_flight["count"] == 2
        assert in_flight["sum_ns"] == 2 * in_flight["oldest_ns"]
        assert asked_after - 1e-6 <= in_flight["oldest_ns"] / 1e9 <= asked_before + 1e-6  # rounded
        asked_after = asked_before
    assert result.total(syscall="read")["in_flight"] == intervals[-1]["in_flight"]


def test_a_call_in_flight_in_text(start):
    hung = start("hung", "calls", "getppid", 1)
    eventually(lambda: asleep_in_read(hung.pid), "in read")
    result = run("syslat", "-c", "hung", "-d", "0.3", "--view", "table")
    line = next(line for line in result.out.decode().splitlines() if line.startswith("hung"))
    assert line.split()[1] == "read"
    assert f", {hung.pid})" in line and "1 (>" in line


def test_who_is_dead_or_stopped_hangs_in_no_call(start):
    """A dead process that nobody has waited for, and one that has stopped itself."""
    start("alive", "calls", "getppid", 1)
    dead = launch(["sh", "-c", "exit 0"])
    stopped = launch(["sh", "-c", "kill -STOP $$"])
    eventually(lambda: state_of(dead.pid) == "Z" and state_of(stopped.pid) == "T", "dead, stopped")
    result = run("syslat", "--json", "--by", "pid,syscall", "-d", "0.3")
    in_flight = {record["key"]["pid"] for record in result.histograms("total")
                 if record["in_flight"]["count"]}
    assert in_flight and not in_flight & {dead.pid, stopped.pid}
    stopped.kill()
    stopped.wait()
    dead.wait()


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_wrong_calls_are_refused():
    for word in ("no_such_call", "-1", "1x", "1024", "2147483712"):
        result = run("syscount", "-s", word, "-d", "1", status=2)
        assert "system call" in result.sentence
