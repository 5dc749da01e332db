# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""TCP: whose a connection is, though its packets come while others have the CPU.

The containers of these tests have a network each, with a pair of interfaces between them that is
gone with them, and no way out."""

import contextlib
import csv
import functools
import io
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from counters import Switches
from processes import launch
from runs import Run, parse, run
from support import CPUS, PARENT, SOON, WORKLOADS, eventually

PORT = 7001
COMM = "workload_connec"  # of workload_connections
ADDRESSES = {"left": ("10.99.0.1", "fd99::1"), "right": ("10.99.0.2", "fd99::2")}


def inside(pid, *command):
    """Runs a command of the host in the network of a process."""
    return subprocess.run(["nsenter", "-t", str(pid), "--net", *command], check=True, timeout=SOON,
                          stdout=subprocess.PIPE).stdout.decode()


def has_link(pid):
    return "LOWER_UP" in inside(pid, "ip", "link", "show", "pair")


def connect_networks(pids):
    """Joins the networks of two processes. The packets that one gets are worked off by the CPU of
    the other, where there are two."""
    left, right = pids
    subprocess.run(["ip", "link", "add", "name", "pair", "netns", str(left), "type", "veth", "peer",
                    "name", "pair", "netns", str(right)], check=True, timeout=SOON)
    for pid, addresses, other in ((left, ADDRESSES["left"], CPUS[-1]),
                                  (right, ADDRESSES["right"], CPUS[0])):
        inside(pid, "ip", "addr", "add", f"{addresses[0]}/24", "dev", "pair")
        inside(pid, "ip", "addr", "add", f"{addresses[1]}/64", "dev", "pair", "nodad")
        inside(pid, "ip", "link", "set", "pair", "up")
        inside(pid, "unshare", "--mount", "sh", "-c",
               # The container has it mounted too, read-only.
               "mount -t sysfs none /sys && mount -o remount,rw /sys && "
               f"echo {1 << other:x} >/sys/class/net/pair/queues/rx-0/rps_cpus")
    for pid in pids:
        # Where frames can go: neighbours are known at once, so nothing is sent twice for them.
        eventually(functools.partial(has_link, pid), "a link")


def turns_of(pid):
    """By thread, as far as it is still there: how often it has had a CPU, and for how many nanoseconds."""
    turns = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ran, _, times = map(int, (task / "schedstat").read_text().split())
            turns[task.name] = (times, ran)
    return turns


class Hidden:
    """What a thread of process 1 has hidden: on some machines nobody sees what packets change while it is
    current (counters.py). The CPU that it has may work off those that the other CPU's thread sends, for
    milliseconds on end. Where nothing is hidden, all is exact."""

    def __init__(self):
        self._before = turns_of(1)
        self.times = self.packets = None

    def end(self):
        """Now `times` says how often process 1 was given a CPU, and `packets` how many it may have hidden: a
        CPU takes over 10 us for one that opens or ends a connection."""
        grown = [(now - past for now, past in zip(turns, self._before.get(thread, (0, 0))))
                 for thread, turns in turns_of(1).items()]
        self.times, ran = map(sum, zip(*grown))
        self.packets = self.times + ran // 10_000

    def check(self, found, expected, what, result):
        """All are found but for those that `result` says are lost, and one for each time: a packet that
        came last at its socket is missed by nobody."""
        stated = result.end["before_attach"] + sum(result.lost.values())
        assert expected - self.times - stated <= found <= expected, (
            found, expected, self.times, what, result.end)


def start_two(start, family=0, sent=1009, answered=503, left=(0, 0), right=(0, 0)):
    """Containers `left` and `right`; each connects to the other so often as its pair says, and is
    turned away so often."""
    address = {name: ADDRESSES[name][family] for name in ADDRESSES}
    containers = (
        start("left", "connections", address["right"], PORT, left[0], sent, answered, left[1],
              right[0], cpu=CPUS[0]),
        start("right", "connections", address["left"], PORT, right[0], sent, answered, right[1],
              left[0], cpu=CPUS[-1]),
    )
    connect_networks([container.pid for container in containers])
    return containers


def let_go(containers, within=SOON):
    """Sets them going; what each of them says when it is done."""
    for container in containers:
        container.go()
    return [json.loads(container.line()) for container in containers]


# tcpconnect


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_connects(start, family):
    counts = {"left": (1009, 211), "right": (503, 101)}
    containers = start_two(start, family, left=counts["left"], right=counts["right"])
    hidden = Hidden()
    running = Run("tcpconnect", "--json", "--cgroup", PARENT)
    current = Run("run", WORKLOADS / "objects" / "connects_by_current.bpf.o", "--json", "--cgroup",
                  PARENT, "--by", "container", until_ready=False)
    eventually(lambda: b"is measuring" in Path(f"/proc/{current.process.pid}/fd/2").read_bytes(),
               "the start line")
    said = dict(zip(counts, let_go(containers)))
    result = running.end()
    hidden.end()
    assert {each["container"] for each in result.events()} == set(counts)
    for container in containers:
        name, (done, refused) = container.name, counts[container.name]
        own = ADDRESSES[name][family]
        other = ADDRESSES["right" if name == "left" else "left"][family]
        assert (said[name]["done"], said[name]["refused"]) == (done, refused)
        events = result.events(container=name)
        for each in events:
            assert (each["pid"], each["tid"], each["comm"], each["local_address"],
                    each["remote_address"]) == (container.pid, container.pid, COMM, own, other)
        connected = [each for each in events if each["outcome"] == "connected"]
        hidden.check(len(connected), done, name, result)
        assert {(each["error"], each["remote_port"]) for each in connected} == {(None, PORT)}
        told = [each["local_port"] for each in connected]
        # In the order of the calls, but for those that are missing.
        ports = iter(said[name]["ports"])
        assert all(port in ports for port in told)
        # The caller's clock runs from before the call to after it. (That they last long enough, below.)
        assert all(each["duration_ns"] > 0 for each in connected)
        assert sum(each["duration_ns"] for each in connected) < said[name]["nanoseconds"]
        failed = [each for each in events if each["outcome"] != "connected"]
        hidden.check(len(failed), refused, name, result)
        assert {(each["outcome"], each["error"], each["remote_port"]) for each in failed} == {
            ("failed", "ECONNREFUSED", PORT + 1)}
        assert all(each["local_port"] > 1023 for each in failed)
    assert set(result.lost) <= {"unmatched_begin"} and result.end["before_attach"] == 0
    # A loss that is told is one of those that are missing.
    assert sum(result.lost.values()) <= sum(map(sum, counts.values())) - len(result.events())

    # Who was current when these connections were established was another one for many of them.
    by_current = {record["key"]["container"]: record["values"]["connects"]
                  for record in current.end().records if record["type"] == "counts"}
    if len(CPUS) > 1:
        assert by_current.get("left", 0) < 950 or by_current.get("right", 0) < 450, by_current


@pytest.mark.guest
def test_connects_of_one_container_only(start):
    containers = start_two(start, left=(101, 11), right=(103, 13))
    right = containers[1]
    hidden = Hidden()
    runs = {
        "container": Run("tcpconnect", "--json", "-c", "left"),
        "errors": Run("tcpconnect", "--json", "-p", right.pid, "--errors-only"),
        "port": Run("tcpconnect", "--json", "--cgroup", PARENT, "--remote-port", PORT + 1),
        "slow": Run("tcpconnect", "--json", "--cgroup", PARENT, "--min-us", 10_000_000),
    }
    let_go(containers)
    results = {name: running.end() for name, running in runs.items()}
    hidden.end()
    expected = {
        "container": {("left", "connected"): 101, ("left", "failed"): 11},
        "errors": {("right", "failed"): 13},
        "port": {("left", "failed"): 11, ("right", "failed"): 13},
        "slow": {},
    }
    for name, result in results.items():
        found = Counter((each["container"], each["outcome"]) for each in result.events())
        assert set(found) == set(expected[name]), name
        for key, count in expected[name].items():
            hidden.check(found[key], count, (name, key), result)
        assert set(result.lost) <= {"unmatched_begin"} and result.end["before_attach"] == 0


@pytest.fixture
def network():
    """A network of its own, with a loopback interface, and the process that it goes with."""
    process = launch(["unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep 600"],
                     stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process.pid
    process.stdout.close()
    process.kill()
    process.wait()


# One attempt to connect, and how many nanoseconds have passed until it is done with.
ATTEMPT = """
def attempt(port, *, time_out=None, retries=None, close=True):
    began = time.monotonic_ns()
    client = socket.socket()
    if retries:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, retries)
    client.settimeout(time_out)
    try:
        client.connect(("127.0.0.1", port))
    except OSError as error:
        print(port, error, file=sys.stderr)
    if close:
        client.close()
    print(time.monotonic_ns() - began)
    return client
"""


def told(tool, network, script, tmp_path, *options):
    """The events of a Python script in a network, the end record, and the numbers that it says."""
    out = tmp_path / "out"
    done = run(tool, "--json", "-O", out, *options, "--", "nsenter", "-t", network, "--net",
               sys.executable, "-c", "import os, socket, struct, sys, time\n" + script)
    records = parse(out.read_bytes())
    return ([each for each in records if each["type"] == "event"], records[-1],
            [int(line) for line in done.out.split()])


def where_it_can_be_seen(check):
    """What is done by a timer of the kernel nobody sees if a thread of process 1 is current just then. So
    where one was, once more."""
    for last in (False, False, True):
        switches = Switches([1]).total
        try:
            check()
            return
        except AssertionError:
            if last or Switches([1]).total == switches:
                raise


def test_connects_that_fail_in_other_ways(network, tmp_path):
    inside(network, "sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40000")
    inside(network, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP")
    inside(network, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", "10", "-j", "REJECT",
           "--reject-with", "icmp-host-unreachable")
    script = ATTEMPT + """
attempt(9, time_out=0.3)               # given up
attempt(9, retries=1)                  # never answered
attempt(10, retries=1)                 # no way
server = socket.create_server(("127.0.0.1", 11))
first = attempt(11, close=False)       # has the one port that there is
attempt(11)
"""

    def check():
        events, end, took = told("tcpconnect", network, script, tmp_path)
        assert [(each["remote_port"], each["outcome"], each["error"]) for each in events] == [
            (9, "closed", None), (9, "failed", "ETIMEDOUT"), (10, "failed", "EHOSTUNREACH"),
            (11, "connected", None), (11, "aborted", None)]
        assert all(each["duration_ns"] < most for each, most in zip(events, took))
        assert events[0]["duration_ns"] > 3e8
        assert events[1]["duration_ns"] > 2.5e9  # one second, and two
        assert sum(end["lost"].values()) == 0

    where_it_can_be_seen(check)


def test_a_connect_lasts_until_it_is_answered(network, tmp_path):
    """The first SYN is dropped, the second comes a second later."""
    script = ATTEMPT + """
server = socket.create_server(("127.0.0.1", 11))
attempt(11)
"""
    rule = ("INPUT", "-p", "tcp", "--dport", "11", "--tcp-flags", "SYN,ACK", "SYN", "-m", "statistic", "--mode",
            "nth", "--every", "2", "--packet", "0", "-j", "DROP")

    def check():
        inside(network, "iptables", "-A", *rule)
        events, _, (took,) = told("tcpconnect", network, script, tmp_path)
        inside(network, "iptables", "-D", *rule)
        assert [(each["outcome"], each["remote_port"]) for each in events] == [("connected", 11)]
        assert 0.9e9 < events[0]["duration_ns"] < took

    where_it_can_be_seen(check)


# tcplife


def wait_until_closed(pid, within=SOON):
    """Both ends of all connections of a process's network: also the last FIN has been answered."""
    eventually(lambda: not inside(pid, "ss", "-tnH", "exclude", "time-wait"), "no connection", within)


def wait_until_all_are_closed(containers, within=SOON):
    """The other end is closed after ours at times."""
    eventually(lambda: all(len(each.pids()) == 1 for each in containers), "all served", within)
    for each in containers:
        wait_until_closed(each.pid, within)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_lives(start, family):
    sent, answered = 10_007, 20_011
    counts = {"left": (1009, 11), "right": (503, 13)}
    containers = start_two(start, family, sent, answered, counts["left"], counts["right"])
    servers = {each.name: [pid for pid in each.pids() if pid != each.pid] for each in containers}
    hidden = Hidden()
    running = Run("tcplife", "--json", "--cgroup", PARENT)
    began = time.monotonic_ns()
    said = dict(zip(counts, let_go(containers)))
    wait_until_all_are_closed(containers)
    result = running.end()
    took = time.monotonic_ns() - began
    hidden.end()
    assert {each["container"] for each in result.events()} == set(counts)
    for container in containers:
        name, other = container.name, "right" if container.name == "left" else "left"
        events = result.events(container=name)
        for each in events:
            assert (each["local_address"], each["remote_address"], each["error"]) == (
                ADDRESSES[name][family], ADDRESSES[other][family], None)
        active = [each for each in events if each["remote_port"] == PORT]
        passive = [each for each in events if each["local_port"] == PORT]
        assert len(active) + len(passive) == len(events)
        # Each end is told once, with what its program has sent and received.
        for ends, ports, peer, amount in (
                (active, "local_port", name, (sent, answered)),
                (passive, "remote_port", other, (answered, sent))):
            told = [each[ports] for each in ends]
            # A port may have been of two connections, one after the other.
            assert Counter(told) <= Counter(said[peer]["ports"])
            hidden.check(len(told), len(said[peer]["ports"]), (name, ports), result)
            assert {(each["bytes_sent"], each["bytes_received"]) for each in ends} == {amount}
        assert {each["pid"] for each in active} == {container.pid}
        assert {each["pid"] for each in passive} - {None} == set(servers[name])
        # Whose beginning was hidden has no duration; whose close() was, no thread.
        for each in events:
            assert each["duration_ns"] is None or 0 < each["duration_ns"] < took
        for ends, direction in ((active, "active"), (passive, "passive")):
            whole = [each for each in ends if each["direction"] == direction and each["pid"]
                     and each["duration_ns"]]
            hidden.check(len(whole), len(ends), (name, direction), result)
            assert {each["direction"] for each in ends} <= {direction, "unseen"}
    assert set(result.lost) <= {"unmatched_begin"}
    assert result.end["before_attach"] + sum(result.lost.values()) <= 2 * hidden.packets


@pytest.mark.guest
def test_lives_of_one_container_only(start):
    containers = start_two(start, left=(101, 0), right=(103, 0))
    left = containers[0]
    hidden = Hidden()
    runs = {
        "container": Run("tcplife", "--json", "-c", "left"),
        "process": Run("tcplife", "--json", "-p", left.pid),
        "served": Run("tcplife", "--json", "-c", "left", "--local-port", PORT),
        "other": Run("tcplife", "--json", "--comm", "nobody"),
    }
    let_go(containers)
    wait_until_all_are_closed(containers)
    results = {name: running.end() for name, running in runs.items()}
    hidden.end()
    expected = {"container": (101, 103), "process": (101, 0), "served": (0, 103), "other": (0, 0)}
    for name, result in results.items():
        assert {each["container"] for each in result.events()} <= {"left"}
        hidden.check(len(result.events(remote_port=PORT)), expected[name][0], name, result)
        hidden.check(len(result.events(local_port=PORT)), expected[name][1], name, result)


OPEN = """
import select
comes = lambda end: select.select([end], [], [])
server = socket.create_server(("127.0.0.1", 11))
client = socket.create_connection(("127.0.0.1", 11))
served, _ = server.accept()
"""
# What goes over it; the error and the bytes of both its ends; which of them has no known thread. Where an
# end has come it can be read, before that is done.
ENDS = {
    # The client closes with something unread: its end is reset, with an error for the other.
    "reset": ("served.sendall(b'unread'); comes(client); client.close(); comes(served)",
              {"active": (None, 0, 6), "passive": ("ECONNRESET", 6, 0)}, {"passive"}),
    "linger": ("client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); "
               "client.sendall(b'four'); served.recv(4); client.close(); comes(served)",
               {"active": (None, 4, 0), "passive": ("ECONNRESET", 0, 4)}, {"passive"}),
    # The served end is the one that resets, in its close(): it is known.
    "served": ("client.sendall(b'unread!'); comes(served); served.close(); comes(client)",
               {"active": ("ECONNRESET", 7, 0), "passive": (None, 0, 7)}, set()),
    "half": ("client.shutdown(socket.SHUT_WR); served.recv(1); served.sendall(b'answer'); "
             "served.close(); client.recv(9); client.recv(9); client.close()",
             {"active": (None, 0, 6), "passive": (None, 6, 0)}, set()),
}


@pytest.mark.parametrize("way", ENDS)
def test_ways_to_end(network, tmp_path, way):
    script, expected, unknown = ENDS[way]
    process = launch(["nsenter", "-t", network, "--net", sys.executable, "-c",
                      f"import os, socket, struct, time\ninput(){OPEN}{script}"],
                     stdin=subprocess.PIPE)
    own = Path("/proc/self/cgroup").read_text().split("0::")[1].strip()
    running = Run("tcplife", "--json", "--cgroup", own)
    process.communicate(b"\n", timeout=SOON)
    wait_until_closed(network)
    events = running.end().events()
    assert {each["direction"]: (each["error"], each["bytes_sent"], each["bytes_received"])
            for each in events if 11 in (each["local_port"], each["remote_port"])} == expected
    for each in events:
        if each["direction"] in unknown:
            assert (each["pid"], each["tid"], each["comm"]) == (None, None, None)
        else:
            assert (each["pid"], each["comm"]) == (process.pid, "python3")


def test_a_thread_that_is_not_known_in_text_and_csv(network):
    script, _, _ = ENDS["reset"]
    own = Path("/proc/self/cgroup").read_text().split("0::")[1].strip()
    for format in ("text", "csv"):
        process = launch(["nsenter", "-t", network, "--net", sys.executable, "-c",
                          f"import os, socket, time\ninput(){OPEN}{script}"],
                         stdin=subprocess.PIPE)
        running = Run("tcplife", "-o", format, "--cgroup", own, "--local-port", 11)
        process.communicate(b"\n", timeout=SOON)
        wait_until_closed(network)
        out = running.end().out.decode()
        if format == "text":
            (line,) = out.splitlines()[1:]
            assert line.split()[2:5] == ["-", "-", "passive"]
        else:
            (row,) = csv.DictReader(io.StringIO(out, newline=""))
            assert (row["pid"], row["tid"], row["comm"]) == ("", "", "")
            assert (row["direction"], row["bytes_sent"]) == ("passive", "6")


def test_connections_from_before_the_start(network):
    process = launch(["nsenter", "-t", network, "--net", sys.executable, "-c",
                      f"import os, socket, time{OPEN}print(flush=True); input()\n"
                      "client.sendall(b'later'); served.recv(9)\n"
                      "client.close(); served.recv(1); served.close()"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    own = Path("/proc/self/cgroup").read_text().split("0::")[1].strip()
    running = Run("tcplife", "--json", "--cgroup", own)
    others = Run("tcplife", "--json", "--comm", "nobody")
    process.communicate(b"\n", timeout=SOON)
    wait_until_closed(network)
    result = running.end()
    events = [each for each in result.events() if 11 in (each["local_port"], each["remote_port"])]
    assert [(each["direction"], each["duration_ns"], each["pid"]) for each in events] == 2 * [
        ("unseen", None, process.pid)]
    assert sorted((each["bytes_sent"], each["bytes_received"]) for each in events) == [
        (0, 5), (5, 0)]
    assert result.end["before_attach"] == 2 and result.lost == {}
    others = others.end()
    assert others.events() == [] and others.end["before_attach"] == 0


# tcpretrans


def counter(pid, name, group="Tcp"):
    """What the kernel counts for the network of a process."""
    lines = [line.split() for file in ("snmp", "netstat")
             for line in Path(f"/proc/{pid}/net/{file}").read_text().splitlines()]
    names, values = [line for line in lines if line[0] == f"{group}:"]
    return int(values[names.index(name)])


def test_retransmits(start):
    containers = start_two(start, 0, 20_011, 30_011, (7, 0), (5, 0))
    for each in containers:
        # Else there are too few packets.
        inside(each.pid, "ip", "link", "set", "pair", "gso_max_segs", "2")
        inside(each.pid, "iptables", "-A", "INPUT", "-i", "pair", "-p", "tcp", "-m", "statistic",
               "--mode", "nth", "--every", "5", "--packet", "4", "-j", "DROP")
    hidden = Hidden()
    before = [counter(each.pid, "RetransSegs") for each in containers]
    running = Run("tcpretrans", "--json", "--cgroup", PARENT)
    only_left = Run("tcpretrans", "--json", "-c", "left")
    lives = Run("tcplife", "--json", "--cgroup", PARENT)
    for each in containers:
        each.go()
    for each in containers:
        each.line()
    # The last FIN, and what is sent again for it, as long as that takes.
    wait_until_all_are_closed(containers, 4 * SOON)
    result, only_left, lives = running.end(), only_left.end(), lives.end()
    after = [counter(each.pid, "RetransSegs") for each in containers]
    hidden.end()
    assert set(result.lost) <= {"unmatched_begin"}
    assert {each["container"] for each in result.events()} == {"left", "right"}
    for each, first, last in zip(containers, before, after):
        events = result.events(container=each.name)
        for event in events:
            assert event["local_address"] == ADDRESSES[each.name][0]
            # Its own connections have its process, those of others that it answers have none.
            own = event["remote_port"] == PORT
            assert (event["pid"], event["comm"]) == ((each.pid, COMM) if own else (None, None))
        told = sum(event["segments"] for event in events if not event["error"])
        # No loss tells of one that is hidden. So not many may be, however long process 1 had a CPU.
        missing = last - first - told
        assert last - first > 10
        assert 0 <= missing <= 2 * hidden.times + min(hidden.packets, (last - first) // 10)
        assert {event["cause"] for event in events} <= {"timeout", "fast", "probe", "syn_ack"}
        assert {event["cause"] for event in events if event["state"] == "syn_recv"} <= {"syn_ack"}
        # The last of each connection says how many there were.
        retransmits = {}
        for event in events:
            key = (event["local_port"], event["remote_port"])
            retransmits[key] = max(retransmits.get(key, 0), event["retransmits"])
        ends = lives.events(container=each.name)
        hidden.check(len(ends), 7 + 5, each.name, lives)
        agreed = sum(retransmits.get((life["local_port"], life["remote_port"]), 0) == life["retransmits"]
                     for life in ends)
        # Two connections may have had the same ports, one after the other.
        ports = {(life["local_port"], life["remote_port"]) for life in ends}
        assert len(ends) - agreed <= missing + len(ends) - len(ports)
        assert {(life["bytes_sent"], life["bytes_received"]) for life in ends} == {
            (20_011, 30_011), (30_011, 20_011)}
    assert len(only_left.events()) == len(result.events(container="left"))


def test_a_syn_and_its_answer_are_sent_again(network, tmp_path):
    """The first of each is dropped."""
    for port, flags in (("--dport", "SYN"), ("--sport", "SYN,ACK")):
        inside(network, "iptables", "-A", "INPUT", "-p", "tcp", port, "11", "--tcp-flags",
               "SYN,ACK", flags, "-m", "statistic", "--mode", "nth", "--every", "2",
               "--packet", "0", "-j", "DROP")
    own = Path("/proc/self/cgroup").read_text().split("0::")[1].strip()

    def check():
        before = counter(network, "RetransSegs"), counter(network, "TCPSynRetrans", "TcpExt")
        running = Run("tcpretrans", "--json", "--cgroup", own, "--remote-port", 11)
        answers = Run("tcpretrans", "--json", "--cgroup", own, "--local-port", 11)
        process = launch(["nsenter", "-t", network, "--net", sys.executable, "-c",
                          f"import socket{OPEN}"])
        process.wait(SOON)
        syns, answers = running.end().events(), answers.end().events()
        assert {(each["state"], each["cause"], each["pid"]) for each in syns} == {
            ("syn_sent", "timeout", process.pid)}
        assert {(each["state"], each["cause"], each["pid"]) for each in answers} == {
            ("syn_recv", "syn_ack", None)}
        assert [each["retransmits"] for each in syns] == list(range(1, len(syns) + 1))
        assert len(syns) + len(answers) == counter(network, "RetransSegs") - before[0]
        assert len(syns) + len(answers) == counter(network, "TCPSynRetrans", "TcpExt") - before[1]

    where_it_can_be_seen(check)
