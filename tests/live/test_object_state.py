# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""State by object (bpf/include/object_state.bpf.h): what has begun is counted, lost, or in flight, once."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from counters import Switches
from processes import launch
from runs import Run
from support import REPOSITORY, SOON, TALLY, WORKLOADS, eventually
from test_sources_of_events import THE_OBJECTS, line_of

OBJECTS = WORKLOADS / "objects"

AT_ONCE = 64  # object_state.bpf.c, object_age.bpf.c
LONGEST = 4   # seconds, object_age.bpf.c

# Does what it is told, line by line: tests/objects/object_state.h.
MAKER = """
import ctypes, json, sys
call = ctypes.CDLL(None).syscall
for line in sys.stdin:
    for number, which, began in json.loads(line):
        call(number, 0x10000000 + which, ctypes.c_ulong(began))
    print("done", flush=True)
"""


def begin(which):
    return 121, which, 0


def end(which, began=0):
    return 124, which, began


class Maker:
    """A process that begins and ends objects."""

    def __init__(self):
        self.process = launch((sys.executable, "-c", MAKER), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def make(self, *events):
        self.process.stdin.write(json.dumps(events).encode() + b"\n")
        self.process.stdin.flush()
        assert line_of(self.process) == b"done\n"

    def close(self):
        self.process.stdin.close()
        self.process.wait(SOON)


@pytest.fixture
def maker(claim_name):
    claim_name(THE_OBJECTS)
    with contextlib.closing(Maker()) as one:
        one.make()  # it runs
        yield one


@pytest.fixture
def another():
    with contextlib.closing(Maker()) as one:
        one.make()
        yield one


def watch(name, maker, *arguments):
    return Run(OBJECTS / f"{name}.bpf.o", "--json", "-p", maker.pid, *arguments, program=(TALLY, "run"))


def total_of(result):
    """The row of the whole run."""
    (row,) = [each for each in result.records if each["type"] == "histogram" and each["scope"] == "total"]
    return row


def check(result, **expected):
    """What is said of all objects together: `count`, `in_flight`, `before_attach`, and by reason what was lost.
    Where the kernel has left programs out (7.3), nothing of that is exact."""
    assert result.status == 0, result.err.decode()
    lost = dict(result.lost)
    missed = lost.pop("missed_run", 0)
    row = total_of(result)
    said = {"count": row["count"], "in_flight": row["in_flight"]["count"],
            "before_attach": result.end["before_attach"], **lost}
    for what in expected.keys() | said.keys():
        difference = abs(said.get(what, 0) - expected.get(what, 0))
        assert difference <= missed, (what, said, expected, missed)


@pytest.mark.guest(since="5.10")
def test_each_object_is_counted_once(maker):
    """More than can be remembered, a third of which never end; the address of one of these is used again."""
    before = [10_000 + each for each in range(13)]
    maker.make(*map(begin, before))
    running = watch("object_state", maker)
    maker.make(*map(end, before))
    events = []
    for which in range(1_009 - 1):
        events.append(begin(which))
        if which % 3:
            events.append(end(which))
    maker.make(*events)
    remembered = 3 * (AT_ONCE - 1)  # the number of the last third that was, when the map was full
    maker.make(begin(0))  # in the place of the first 0, whose end is not seen
    refused = 1_008 - (remembered + 1)
    check(running.end(), count=remembered * 2 // 3, in_flight=AT_ONCE, before_attach=len(before),
          no_object_state=refused, unmatched_begin=1)
    assert remembered * 2 // 3 + AT_ONCE + refused + 1 == 1_009


@pytest.mark.guest(since="5.10")
def test_what_was_refused_is_not_lost_again(maker):
    """When there is room again, everything is measured, with its duration."""
    running = watch("object_state", maker)
    first = time.monotonic_ns()
    maker.make(*map(begin, range(AT_ONCE + 11)))
    maker.make(*map(end, range(AT_ONCE + 11)))
    maker.make(begin(1))
    begun = time.monotonic_ns()
    time.sleep(0.1)
    ended = time.monotonic_ns()
    maker.make(end(1))
    last = time.monotonic_ns()
    result = running.end()
    check(result, count=AT_ONCE + 1, no_object_state=11)
    if "missed_run" not in result.lost:
        assert ended - begun <= total_of(result)["max"] <= last - first


@pytest.mark.guest(since="5.10")
def test_the_end_of_what_is_not_wanted_is_no_loss(maker, another):
    """Who is charged is decided at the begin, whoever ends it."""
    running = watch("object_state", maker)
    another.make(*map(begin, range(7)))
    maker.make(*map(end, range(7)))
    maker.make(*map(begin, range(20, 25)))
    another.make(*map(end, range(20, 25)))
    another.make(*map(end, range(30, 33)))  # not of the target, and not there
    another.make(*map(begin, range(40, 40 + 2 * AT_ONCE)))  # nor is what there is no room for
    maker.make(*map(end, range(40, 40 + 2 * AT_ONCE)))
    check(running.end(), count=5)


@pytest.mark.guest(since="5.10")
def test_in_flight_is_who_asked(maker):
    running = watch("object_state", maker, "--by", "pid")
    began = time.monotonic_ns()
    maker.make(begin(1))
    begun = time.monotonic_ns()
    maker.make(begin(2))
    ending = time.monotonic_ns()
    result = running.end()
    ended = time.monotonic_ns()
    check(result, in_flight=2)
    if "missed_run" not in result.lost:
        row = total_of(result)
        in_flight = row["in_flight"]
        assert row["key"]["pid"] == in_flight["oldest_pid"] == in_flight["oldest_tid"] == maker.pid
        assert in_flight["oldest_comm"].startswith("python")
        assert ending - begun <= in_flight["oldest_ns"] <= ended - began
        assert in_flight["before_attach"] == 0 and in_flight["oldest_before_attach"] is False


@pytest.mark.guest(since="5.10")
def test_what_is_too_old_is_lost_once(maker):
    """Also if it ends all the same. Nothing that ends this late can have begun before the start, unless the
    kernel says so; nothing that the kernel says to have begun since has begun before."""
    running = watch("object_age", maker, 0.5)
    begun = time.monotonic_ns()
    maker.make(end(100, begun))  # unmatched: since the start
    maker.make(*map(begin, range(53)))

    def records(kind):
        all_records = [json.loads(line) for line in running.so_far().split(b"\n")[:-1]]
        return [each for each in all_records if each["type"] == kind]

    def in_flight():
        return [each["in_flight"] for each in records("histogram") if each["in_flight"]["count"]]

    seen = eventually(in_flight, "they are in flight")[0]
    assert (seen["oldest_pid"], seen["oldest_tid"], seen["oldest_comm"]) == (None, None, None)
    def told(*reasons):
        return sum(each["count"] for each in records("lost") if each["reason"] in reasons)

    eventually(lambda: told("unmatched_begin"), "some are too old")
    assert time.monotonic_ns() - begun >= LONGEST * 1e9
    eventually(lambda: told("unmatched_begin", "missed_run") >= 53, "all are too old")
    maker.make(*map(end, range(53)))  # that was told
    maker.make(*map(end, range(200, 207)))  # unmatched
    maker.make(end(300, 1))  # since the machine is up
    maker.make(*(event for which in range(11) for event in (begin(which), end(which))))
    check(running.end(), count=11, unmatched_begin=53, unmatched_end=1 + 7, before_attach=1)


# Reads a file past the page cache: each read is one request.
READER = """
import mmap, os, sys
page = mmap.mmap(-1, 4096)
descriptor = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
print("ready", flush=True)
sys.stdin.readline()
for each in range(101):
    os.preadv(descriptor, [page], 4096 * each)
print("done", flush=True)
sys.stdin.readline()
"""


def test_block_requests_as_in_the_documents(tmp_path):
    source = (REPOSITORY / "tests" / "objects" / "block_requests.bpf.c").read_text()
    assert source[source.index("struct io {"):] in (REPOSITORY / "docs" / "new-tool.md").read_text()
    file = tmp_path / "file"
    with open(file, "wb") as opened:
        opened.write(os.urandom(4096 * 101))
        os.fsync(opened.fileno())
    device = os.stat(file).st_dev
    if not Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").exists():
        pytest.skip("temporary files are on no block device")
    if b"btf_trace_block_io_start" not in Path("/sys/kernel/btf/vmlinux").read_bytes():
        pytest.skip("this kernel has no tracepoint block_io_start")
    process = launch((sys.executable, "-c", READER, file), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert line_of(process) == b"ready\n"
    unseen = Switches([1])
    running = Run(OBJECTS / "block_requests.bpf.o", "--json", "-p", process.pid, program=(TALLY, "run"))
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert line_of(process) == b"done\n"
    result = running.end()
    process.stdin.close()
    process.wait(SOON)
    # Each begins on the reader's time, but ends in an interrupt, on anybody's: also on that of process 1.
    hidden = Switches([1]).total - unseen.total + 1
    row, lost = total_of(result), result.end["lost"]
    not_ended = row["in_flight"]["count"] + lost["unmatched_begin"]
    assert abs(row["count"] + not_ended - 101) <= lost["missed_run"], (row, lost)
    assert not_ended <= hidden + lost["missed_run"], (row, lost, hidden)
    assert result.lost.keys() <= {"unmatched_begin", "missed_run"}, lost
