# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""sigsnoop: each signal, who gets it and who has sent it."""

import csv
import io
import os
import signal
import sys

import pytest

from counters import Switches
from runs import Run, parse, run
from support import PARENT

LOOP = """trap : USR1; read -r go; i=0; while [ $i -lt {} ]; do kill -USR1 $$; i=$((i+1)); done
    echo done; while :; do read -r end; done"""


def test_signals_in_two_containers_at_once(start):
    counts = {"left": 1009, "right": 1013}
    containers = [start(name, "sh", "-c", LOOP.format(count)) for name, count in counts.items()]
    runs = [Run("sigsnoop", "--json", "--cgroup", PARENT, "-s", "USR1"),
            Run("sigsnoop", "--json", "-c", "left", "--signal", "10"),
            Run("sigsnoop", "--json", "-c", "left", "-s", "KILL,SIGTERM")]
    for container in containers:
        os.write(container.input, b"\n")
    for container in containers:
        assert container.line() == "done\n"
    both, left, others = (running.end() for running in runs)
    assert both.lost == left.lost == {}
    assert others.events() == []
    assert len(left.events()) == len(left.events(container="left")) == counts["left"]
    assert len(both.events()) == sum(counts.values())
    for container in containers:
        events = both.events(container=container.name)
        assert len(events) == counts[container.name]
        for event in events:
            assert event["pid"] == event["sender_pid"] == event["receiver_pid"] == container.pid
            assert (event["signal"], event["result"], event["code"]) == ("SIGUSR1", "queued", 0)
            assert event["sender_comm"] == event["receiver_comm"] == event["comm"]


@pytest.mark.guest
def test_who_gets_it_is_charged_or_who_sends_it(start):
    left = start("left", "sh", "-c", "read -r end")
    start("right", "sh", "-c", "read -r end")
    got, neighbour = (Run("sigsnoop", "--json", "-c", each) for each in ("left", "right"))
    sent = Run("sigsnoop", "--json", "--sent", "-p", os.getpid(), "-s", "URG")
    none_sent = Run("sigsnoop", "--json", "--sent", "-c", "left")
    for _ in range(7):
        os.kill(left.pid, signal.SIGURG)
    got, neighbour, sent, none_sent = (each.end() for each in (got, neighbour, sent, none_sent))
    assert neighbour.events() == none_sent.events() == []
    ours = open("/proc/self/comm", encoding="utf-8").read().strip()
    for result, container, pid in ((got, "left", left.pid), (sent, None, os.getpid())):
        events = result.events(signal="SIGURG")
        assert len(events) == len(result.events()) == 7
        for event in events:
            assert (event["container"], event["pid"]) == (container, pid)
            assert (event["sender_pid"], event["sender_comm"]) == (os.getpid(), ours)
            assert (event["receiver_pid"], event["receiver_comm"]) == (left.pid, "sh")
            assert event["receiver_tid"] is None  # any thread of it
            # Nobody waits for SIGURG, so it does nothing; process 1 of a pid namespace ignores it too.
            assert event["result"] == "ignored"


# Each line is one signal, or several, and what is true of it.
KINDS = """
import ctypes, os, resource, signal, sys, threading, time
me = os.getpid()
libc = ctypes.CDLL(None, use_errno=True)
came = []
for number in signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGRTMIN + 3:
    signal.signal(number, lambda number, _: came.append(number))
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
libc.sigqueue(me, signal.SIGUSR2, 0)
signal.setitimer(signal.ITIMER_REAL, 0.01)
while signal.SIGALRM not in came:
    time.sleep(0.01)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
here, there = os.pipe()
os.close(here)
try:
    os.write(there, b"x")
except BrokenPipeError:
    pass
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(me, signal.SIGUSR1)
os.kill(me, signal.SIGUSR1)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
child = os.fork()
if child == 0:
    ctypes.string_at(8)
os.waitpid(child, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 3])
resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))
assert libc.sigqueue(me, signal.SIGRTMIN + 3, 0) == -1
os.kill(me, signal.SIGRTMIN + 3)
print(me, child)
"""


def kinds_of_signals(tmp_path):
    """What is told of them, the number of the process and that of its child."""
    out = tmp_path / "out"
    done = tmp_path / "done"
    run("sigsnoop", "--json", "-O", out, "--", "sh", "-c", 'exec "$@" >"$0"', done, sys.executable,
        "-c", KINDS)
    me, child = (int(word) for word in done.read_text().split())
    records = parse(out.read_bytes())
    assert not any(records[-1]["lost"].values()), records[-1]
    return records, me, child


def test_kinds_of_signals(tmp_path):
    # The timer may end while a thread of process 1 is current, and nobody sees it then (counters.py).
    for _ in range(3):
        switches = Switches([1]).total
        records, me, child = kinds_of_signals(tmp_path)
        hidden = (not any(each.get("signal") == "SIGALRM" for each in records)
                  and Switches([1]).total > switches)
        if not hidden:
            break
    told = [(each["signal"], each["code"], each["sender_pid"], each["receiver_pid"],
             each["receiver_tid"], each["result"]) for each in records if each["type"] == "event"]
    dumped = [each for each in told if each[0] == "SIGCHLD"]
    assert [each for each in told if each[0] != "SIGCHLD"] == [
        ("SIGUSR1", -6, me, me, me, "queued"),
        ("SIGUSR2", -1, me, me, None, "queued"),
        ("SIGALRM", 128, None, me, None, "queued"),
        ("SIGPIPE", 0, me, me, me, "ignored"),
        ("SIGUSR1", 0, me, me, None, "queued"),
        ("SIGUSR1", 0, me, me, None, "already_pending"),
        ("SIGSEGV", 1, None, child, child, "queued"),
        ("SIGRTMIN+3", -1, me, me, None, "overflow"),
        ("SIGRTMIN+3", 0, me, me, None, "info_lost"),
    ]
    # The child has told that it was killed (2) or has dumped core (3).
    assert [(each[2], each[3], each[5]) for each in dumped] == [(child, me, "ignored")]
    assert dumped[0][1] in (2, 3)
    # A signal that the kernel sends has no sender, not even one without a name.
    (alarm,) = [each for each in records if each.get("signal") == "SIGALRM"]
    assert alarm["sender_comm"] is None


def test_hostile_names(start, tmp_path):
    script = r"""
import os, signal
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
with open("/proc/self/comm", "wb") as file:
    file.write(b"=\x1b[2J\xff,\"\n")
os.kill(os.getpid(), signal.SIGUSR1)
"""
    for options, expected in (
            (["--json"], '=\x1b[2J\\xff,"\n'), (["-o", "csv"], r'\x3d\x1b[2J\xff,"\x0a')):
        out = tmp_path / "out"
        run("sigsnoop", "-s", "USR1", *options, "-O", out, "--", sys.executable, "-c", script)
        text = out.read_bytes().decode()
        assert "\x1b" not in text
        (event,) = ([each for each in parse(text.encode()) if each["type"] == "event"]
                    if options[0] == "--json" else csv.DictReader(io.StringIO(text, newline="")))
        assert {event[name] for name in ("comm", "sender_comm", "receiver_comm")} == {expected}


@pytest.mark.parametrize("word", ["SIGNONE", "0", "65", "kill", "-1"])
def test_no_such_signal(word):
    result = run("sigsnoop", f"--signal={word}", status=2)
    assert result.sentence == f"tally: --signal {word}: there is no such signal"
