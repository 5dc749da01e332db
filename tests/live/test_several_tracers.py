# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Several tools in one run: each is right, as if it were alone, and what they have in common is there once."""

import csv
import ctypes
import json
import os
import signal
import sys
from collections import Counter

import pytest
from bpf_ids import NEXT, SYSTEM_CALL, held_by
from cgroups import hierarchy
from containers import start_pair
from counters import Measured, measure, settle
from processes import launch
from runs import Result, Run, check_count, run
from support import CPUS, PARENT, SOON, TALLY, eventually, often
from terminals import Terminal, screen_of

BYTES = often(5003, 503)
CALLS = often(20_011, 2003)


def only(result, tool):
    """What one of the tools has written, as the result of a run."""
    lines = result.out.splitlines(keepends=True)
    return Result(result.status, b"".join(line for line in lines if json.loads(line)["tool"] == tool), result.err)


def check_waits(measured, containers):
    """runqlat, against the context switches of these, which all have slept before and after."""
    waits = Measured(only(measured.result, "runqlat"), measured.switches, measured.unseen)
    for container, expected in zip(containers, measured.expected):
        assert expected > BYTES / 2
        waits.check(waits.result.total(container=container.name)["count"], expected)


@pytest.mark.guest(since="5.10")
def test_two_that_measure(start):
    """Each against the kernel's own books: context switches, and calls that were made."""
    both = start_pair(start, BYTES, (CPUS[0], CPUS[0]))
    asker = start("asker", "calls", "getppid", CALLS)
    measured = measure(both, go=[both[0], asker], finish=asker.line, tool="runqlat,syslat")
    check_waits(measured, both)
    calls = only(measured.result, "syslat")
    check_count(calls.total(container="asker", syscall="getppid")["count"], CALLS, calls)
    for container in both:
        # One write for each byte, and who begins or ends makes one more or less.
        count = calls.total(container=container.name, syscall="write")["count"]
        assert BYTES - 2 - calls.end["lost"]["missed_run"] <= count <= BYTES + 2


@pytest.mark.guest(since="5.10")
def test_only_the_container_asked_for(start):
    both = start_pair(start, BYTES, (CPUS[0], CPUS[-1]))
    asker = start("asker", "calls", "getppid", CALLS)
    measured = measure(both, "-c", "asker", go=[both[0], asker], finish=asker.line, tool="runqlat,syslat")
    rows = measured.result.histograms("total")
    assert {row["key"]["container"] for row in rows} == {"asker"}
    assert {row["tool"] for row in rows} == {"runqlat", "syslat"}
    calls = only(measured.result, "syslat")
    check_count(calls.total(syscall="getppid")["count"], CALLS, calls)


@pytest.mark.parametrize("options", [(), ("-c", "newborn", "--wait")], ids=["all", "waited for"])
@pytest.mark.guest(since="5.10")
def test_container_that_is_born_later(start, options):
    """One tree of names, one set of what is wanted, for both."""
    running = Run("runqlat,syslat", "--json", "--by", "container", "--by", "syslat:container,comm,syscall", *options)
    newborn = start("newborn", "calls", "getppid", CALLS)
    newborn.go()
    newborn.line()
    result = running.end()
    assert result.status == 0, result.err.decode()
    calls = only(result, "syslat")
    # The shell that has become the workload asks for its parent too.
    own = calls.total(container="newborn", comm="workload_calls", syscall="getppid")
    check_count(own["count"], CALLS, calls)
    assert only(result, "runqlat").total(container="newborn")["count"] > 0


@pytest.mark.guest(since="5.10")
def test_events_beside_what_is_measured(start):
    """No event is missing, and none is of tally itself; what they are of has its name."""
    number = often(3001, 307)
    container = start("opener", "happen", "opens", number, "/etc/group")
    runner = start("runner", "happen", "execs", 11)
    running = Run("runqlat,opensnoop,execsnoop", "--json", "--cgroup", PARENT, 0.2)
    for each in (container, runner):
        each.go()
        each.line()
    result = running.end()
    assert result.status == 0, result.err.decode()
    opens = only(result, "opensnoop")
    check_count(len(opens.events(container="opener", path="/etc/group")), number, opens)
    execs = only(result, "execsnoop")
    check_count(len(execs.events(container="runner")), 11, execs)
    assert only(result, "runqlat").total(container="opener")["count"] > 0
    assert {event["tool"] for event in result.events()} == {"opensnoop", "execsnoop"}


@pytest.mark.guest(since="5.10")
def test_a_name_beside_the_tool_that_it_is_a_name_of(start):
    """One object twice, once for each of its two jobs: both see the same waits, each by its own name and default."""
    both = start_pair(start, BYTES, (CPUS[0], CPUS[0]))
    measured = measure(both, "-c", "left", "--min-us", 0, go=[both[0]], tool="runqlat,runqslower")
    check_waits(measured, both[:1])
    events = measured.result.events(tool="runqslower", name="slow_waits")
    assert len(events) == len(measured.result.events())
    measured.check(len(events), measured.expected[0])
    program = "import time\nfor i in range(307): time.sleep(0.001)"
    defaults = run("runqlat,runqslower", "--json", "--", sys.executable, "-c", program)
    assert all(event["duration_ns"] >= 10_000_000 for event in defaults.events())
    assert only(defaults, "runqlat").total()["min"] < 10_000_000


def test_names_of_tools_beside_other_tools(start):
    """Where no tool is named but its further name, and an option of events is for those that print them."""
    opener = start("opener", "happen", "opens", 307, "/etc/group")
    talkers = start("talkers", "chatter", 1, 307)  # of many waits process 1 cannot hide all
    running = Run("runqslower,syslat,sysslower", "--json", "-c", "opener", "-c", "talkers", "--min-us", 0,
                  "-s", "openat", "--waiting")
    talkers.go()
    opener.go()
    opener.line()
    settle([talkers])
    result = running.end()
    assert result.status == 0, result.err.decode()
    calls = only(result, "sysslower").events(syscall="openat", path="/etc/group")
    check_count(len(calls), 307, only(result, "sysslower"))
    assert only(result, "syslat").total(syscall="openat")["count"] >= len(calls)
    assert only(result, "runqslower").events(container="talkers")
    ends = [record["tool"] for record in result.records if record["type"] == "end"]
    assert ends == ["runqslower", "syslat", "sysslower"]


def test_events_of_tally_itself_are_left_out_for_all():
    """One process says once that it is the reader; also where the first tool has no events. (Others of that
    name may run beside it.)"""
    def own_events(*options):
        running = Run("runqlat,opensnoop,statsnoop", "--json", 0.2, 3, *options)
        pid = running.process.pid
        return [event for event in running.wait().events() if event["pid"] == pid]

    assert not own_events()
    assert own_events("--own-events")


def test_order_of_records():
    """Reports of one moment have one time; all totals come before all ends, each in the order of the tools."""
    result = run("syslat,runqlat,opensnoop", "--json", "0.3", "3")
    times = {tool: {record["time"] for record in only(result, tool).histograms("interval")}
             for tool in ("syslat", "runqlat")}
    assert times["syslat"] == times["runqlat"] and len(times["runqlat"]) == 3
    last = [(record["type"], record["tool"]) for record in result.records
            if record.get("scope") == "total" or record["type"] == "end"]
    assert last == sorted(last, key=lambda each: each[0] == "end")
    tools = ["syslat", "runqlat", "opensnoop"]
    assert [tool for kind, tool in last if kind == "end"] == tools
    assert list(dict.fromkeys(tool for kind, tool in last if kind != "end")) == tools[:2]
    ends = [record for record in result.records if record["type"] == "end"]
    assert len({(end["time"], end["duration_s"]) for end in ends}) == 1


def test_command_is_measured_by_all():
    program = "import os\nfor i in range(1009): os.getppid()"
    result = run("runqlat,syscount", "--json", "--by", "syscount:syscall", "--", sys.executable, "-c", program)
    calls = [record["values"]["calls"] for record in only(result, "syscount").records
             if record["type"] == "counts" and record["key"]["syscall"] == "getppid"]
    assert calls == [1009]
    assert only(result, "runqlat").total()["count"] > 0


@pytest.mark.alone
def test_what_the_engine_loses_each_of_them_has_lost():
    """While tally is stopped, more cgroups come than its ring holds."""
    running = Run("runqlat,syslat,opensnoop", "--json")
    running.process.send_signal(signal.SIGSTOP)
    path = hierarchy() / f"{PARENT}-many"
    for _ in range(3000):
        path.mkdir()
        eventually(lambda: remove(path), f"{path} removed")
    running.process.send_signal(signal.SIGCONT)
    result = running.end()
    assert result.status == 0, result.err.decode()
    ends = {record["tool"]: record["lost"] for record in result.records if record["type"] == "end"}
    assert len({lost["cgroup_event"] for lost in ends.values()}) == 1
    assert ends["runqlat"]["cgroup_event"] > 0
    assert "ring_full" in ends["opensnoop"]


def remove(path):
    try:
        path.rmdir()
    except OSError:
        return False
    return True


def program_names(pid):
    """Of the programs that a process holds, each once; the kernel keeps 15 bytes of a name."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = []
    for kind, number in held_by(f"/proc/{pid}"):
        if kind != "prog":
            continue
        get_fd_by_id = NEXT["prog"] + 2  # BPF_PROG_GET_FD_BY_ID
        wanted = (ctypes.c_uint32 * 3)(number)
        fd = libc.syscall(SYSTEM_CALL, get_fd_by_id, wanted, ctypes.sizeof(wanted))
        assert fd >= 0, os.strerror(ctypes.get_errno())
        info = ctypes.create_string_buffer(256)
        question = (ctypes.c_uint32 * 4)(fd, len(info))  # BPF_OBJ_GET_INFO_BY_FD
        ctypes.memmove(ctypes.addressof(question) + 8, ctypes.byref(ctypes.c_uint64(ctypes.addressof(info))), 8)
        assert libc.syscall(SYSTEM_CALL, 15, question, ctypes.sizeof(question)) == 0
        os.close(fd)
        names.append(info.raw[64:80].split(b"\0")[0].decode())  # struct bpf_prog_info: name
    return Counter(names)


def engine_of(names):
    own = ("tally_cgroup_", "tally_tree_", "tally_processes", "tally_reader")
    return Counter({name: count for name, count in names.items() if name.startswith(own)})


def test_the_engine_is_in_the_kernel_once():
    """Its programs are as many as one tool has; and each tool's own are all there."""
    programs = {}
    for tools in ("opensnoop", "runqlat", "runqlat,syslat,opensnoop,exitsnoop"):
        running = Run(tools, "--json", "--keep-privileges", "--", "sleep", "60")
        programs[tools] = program_names(running.process.pid)
        running.end()
    engine = engine_of(programs["opensnoop"])
    assert sum(engine.values()) == 12  # of cgroups, processes, the tree, and who reads events
    together = programs["runqlat,syslat,opensnoop,exitsnoop"]
    assert engine_of(together) == engine
    own = programs["runqlat"] - engine
    assert own and own <= together


# Formats


def test_tables_say_which_tool_they_are_of():
    result = run("runqlat,syslat", "-d", 0.3)
    text = result.out.decode()
    assert "runqlat waits: " in text and "syslat " in text
    assert text.index("runqlat waits: ") < text.index("syslat ")
    assert result.err.startswith(b"tally: runqlat,syslat is measuring\n")


def test_tables_share_a_terminal(start):
    """Each is there once, as it is now, below the other."""
    container = start("talkers", "chatter", 3, 0)
    container.go()
    terminal = Terminal()
    process = launch([TALLY, "runqlat,syslat", "--cgroup", container.cgroup, "--top", 2], **terminal.options)
    terminal.launched()
    eventually(lambda: terminal.read(0.05).count(b"so far") >= 6, "three pictures")

    def headings():
        """Of a picture that is drawn just now, one may be missing."""
        lines = screen_of(terminal.read(0.05).decode(errors="replace"))
        return [line.partition("s  ")[2].partition(":")[0] for line in lines if line.startswith("so far")]

    eventually(lambda: headings() == ["runqlat waits", "syslat calls"], "one table below the other")
    process.terminate()
    terminal.read(SOON)
    terminal.close()
    assert process.wait(SOON) == 0


def test_lines_of_events_say_which_tool_they_are_of():
    result = run("opensnoop,execsnoop", "--", "sh", "-c", "/bin/true; cat /etc/hosts >/dev/null")
    lines = [line.split()[1:2] for line in result.out.decode().splitlines()]
    assert lines[:2] == [["opensnoop"], ["execsnoop"]]  # the headings
    assert {word for line in lines[2:] for word in line} == {"opensnoop", "execsnoop"}


def test_csv_takes_a_file_for_each(tmp_path):
    refused = run("runqlat,syslat", "-o", "csv", status=2)
    assert refused.sentence == ("tally: CSV of several tools takes a file for each: "
                                "-O DIR/ writes DIR/TOOL.csv")
    run("runqlat,syslat", "-o", "csv", "-O", f"{tmp_path}/", 0.2, 2)
    for tool in ("runqlat", "syslat"):
        with open(tmp_path / f"{tool}.csv", newline="", encoding="utf-8") as file:
            assert {row["tool"] for row in csv.DictReader(file)} == {tool}
    assert {path.name for path in tmp_path.iterdir()} == {"runqlat.csv", "syslat.csv"}


def test_a_folder_of_json(tmp_path):
    run("runqlat,opensnoop", "--json", "-O", tmp_path, "-d", 0.3)
    for tool in ("runqlat", "opensnoop"):
        records = [json.loads(line) for line in (tmp_path / f"{tool}.json").read_text().splitlines()]
        assert {record["tool"] for record in records} == {tool}
        assert records[-1]["type"] == "end"
