# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Events: none is missing that is not said to be, each is whole, and whose it is."""

import csv
import fcntl
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from cgroups import hierarchy
from processes import launch
from runs import BESIDE_THE_DATA, Run, check_count, parse, run
from support import PARENT, SOON, TALLY, WORKLOADS, eventually, in_all, often

FILE = "/etc/group"  # of the container's image: that it cannot be opened is an event as good


def opens(result, container, path=FILE):
    return result.events(container=container, path=path)


# Completeness


@pytest.mark.guest(since="5.10", everywhere=True)
def test_execs_of_two_containers_at_once(start):
    """Each line is there once, of the container that it is of."""
    counts = {"left": often(5003, 211), "right": often(5004, 223)}
    containers = [start(name, "happen", "execs", count) for name, count in counts.items()]
    running = Run("execsnoop", "--json", "--cgroup", PARENT)
    for container in containers:
        container.go()
    for container in containers:
        assert json.loads(container.line()) == {"done": counts[container.name]}
    result = running.end()
    assert result.lost.keys() <= {"missed_run"}
    for name, count in counts.items():
        events = result.events(container=name)
        said = [event["arguments"] for event in events]
        expected = [["happen", "nothing", str(number)] for number in range(count)]
        check_count(len(said), count, result)
        assert said == [words for words in expected if words in said]
        assert {event["error"] for event in events} == {None}
    assert {event["container"] for event in result.events()} == counts.keys()


def test_filters_leave_the_neighbour_out(start):
    left = start("left", "happen", "execs", 503)
    right = start("right", "happen", "execs", 509)
    runs = [
        Run("execsnoop", "--json", "-c", "left"),
        Run("execsnoop", "--json", "-p", right.pid),  # only its children execute something
        Run("execsnoop", "--json", "--cgroup", PARENT, "--comm", "nobody"),
    ]
    for container in (left, right):
        container.go()
    for container in (left, right):
        container.line()
    by_container, by_pid, by_comm = (running.end() for running in runs)
    assert len(by_container.events(container="left")) == 503
    assert len(by_container.events()) == 503
    assert by_pid.events() == by_comm.events() == []


@pytest.mark.alone
def test_a_million_opens(start, tmp_path):
    """A tenth of that, but with TALLY_TESTS=all. At the default size of the ring; the reader shares two CPUs
    with the loop."""
    count = in_all(100_003, 1_000_003)
    container = start("left", "happen", "opens", count, FILE)
    out = tmp_path / "out"
    running = Run("opensnoop", "--json", "-c", "left", "-O", out)
    container.go()
    container.line()
    result = running.end()
    assert result.status == 0, result.err
    lines, line, record = 0, b"", {}
    with out.open("rb") as file:
        for line in file:
            record = json.loads(line)
            if record["type"] != "event":
                break
            assert record["container"] == "left"
            lines += record["path"] == FILE
    assert record["type"] == "end" and not any(record["lost"].values()), record
    assert lines == count
    assert file.closed and line.endswith(b"}\n")


@pytest.mark.guest
def test_a_small_ring_and_a_reader_that_is_stopped(start):
    """What does not fit is counted, exactly, and said while the run goes on."""
    count = often(300_007, 2003)
    container = start("left", "happen", "opens", count, FILE)
    running = Run("opensnoop", "--json", "-c", "left", "--ring-size", "64K", "--comm",
                  "workload_happen")
    running.process.send_signal(signal.SIGSTOP)
    container.go()
    container.line()
    running.process.send_signal(signal.SIGCONT)
    time.sleep(1.5)
    result = running.end()
    lost = sum(record["count"] for record in result.records if record["type"] == "lost")
    assert result.lost == {"ring_full": lost}
    assert len(opens(result, "left")) + lost == count
    assert lost > count / 2
    types = [record["type"] for record in result.records]
    assert "lost" in types[:-2] or types[-2] == "lost"


def test_a_reader_of_the_pipe_that_is_stopped(start):
    count = 300_007
    container = start("left", "happen", "opens", count, FILE)
    reader = launch(("cat",), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reader.send_signal(signal.SIGSTOP)
    # By its name too: of other new containers it is not known at once that they are not wanted.
    running = Run("opensnoop", "--json", "-c", "left", "--comm", "workload_happen", "--ring-size",
                  "256K", stdout=reader.stdin)
    reader.stdin.close()
    container.go()
    container.line()
    running.process.send_signal(signal.SIGTERM)  # which is not the second one: it waits
    reader.send_signal(signal.SIGCONT)
    text = reader.stdout.read()
    assert running.wait().status == 0
    records = [json.loads(line) for line in text.splitlines()]
    told = sum(record["type"] == "event" and record["path"] == FILE for record in records)
    lost = records[-1]["lost"]["ring_full"]
    assert told + lost == count
    assert lost > 0


# What they say


# ESC, newline, tab, quotes, backslash, a bidirectional override, no UTF-8; empty, blanks, a formula
HOSTILE = [b"\x1b[2J", b"a\nb", b"\t", b"\"'", b"\\", "\u202egnp".encode(), b"\xff\xfe", b"",
           b"two words", b"=1+1", b",;"]


def unescape(text):
    """docs/output.md, the escapes of text."""
    pattern = rb"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"

    def meaning(match):
        what = match[1]
        if what == b"\\":
            return b"\\"
        number = int(what[1:], 16)
        return bytes([number]) if what[:1] == b"x" else chr(number).encode()

    return re.sub(pattern, meaning, text.encode())


def words_of(cell):
    """docs/output.md, words."""
    return [unescape(word.strip('"')) for word in re.findall(r'"[^"]*"|[^ ]+', cell)]


def in_json(bytes_):
    return "".join(
        rb"\x%02x".decode() % ord(each.encode("utf-8", "surrogateescape"))
        if "\udc80" <= each <= "\udcff" else each
        for each in bytes_.decode("utf-8", "surrogateescape"))


def use_hostile_words(start, tool, *options):
    container = start("left", "happen", "words", *HOSTILE)
    running = Run(tool, "-c", "left", *options)
    container.go()
    container.line()
    result = running.end()
    container.stop()
    return result


@pytest.mark.guest
def test_hostile_words_in_json(start):
    result = use_hostile_words(start, "execsnoop", "--json")
    (event,) = result.events()
    assert event["arguments"] == ["happen", "nothing"] + [in_json(word) for word in HOSTILE]
    assert b"\x1b" not in result.out and "\u202e".encode() not in result.out
    result = use_hostile_words(start, "opensnoop", "--json")
    assert [event["path"] for event in result.events()] == [in_json(word) for word in HOSTILE]


def test_hostile_words_in_csv(start):
    def rows(result):
        text = result.out.decode("utf-8")
        assert all(each >= " " or each == "\n" for each in text) and "\u202e" not in text
        return list(csv.DictReader(io.StringIO(text, newline="")))

    (row,) = rows(use_hostile_words(start, "execsnoop", "-o", "csv"))
    assert words_of(row["arguments"]) == [b"happen", b"nothing", *HOSTILE]
    assert (row["type"], row["container"], row["error"]) == ("event", "left", "")
    paths = [row["path"] for row in rows(use_hostile_words(start, "opensnoop", "-o", "csv"))]
    assert [unescape(path) for path in paths] == HOSTILE
    assert not any(path[:1] in ("=", "+", "-", "@") for path in paths)


def test_hostile_words_in_text(start):
    for locale in ("C.UTF-8", "C"):
        container = start("left", "happen", "words", *HOSTILE)
        running = Run("execsnoop", "-c", "left", env={**os.environ, "LC_ALL": locale, "TZ": "UTC"})
        container.go()
        container.line()
        heading, line = running.end().out.decode("ascii").splitlines()
        container.stop()
        assert heading.split()[:3] == ["TIME", "CONTAINER", "PID"]
        assert words_of(line[line.index("happen nothing"):])[2:] == HOSTILE
        assert line[heading.index("CONTAINER"):].split()[0] == "left"


def run_object(start, name, execs):
    """What an object from a file tells of a container that executes so many programs."""
    container = start("left", "happen", "execs", execs)
    running = Run("run", WORKLOADS / "objects" / f"{name}.bpf.o", "--json", "-c", "left",
                  until_ready=False)
    eventually(lambda: b"is measuring" in Path(f"/proc/{running.process.pid}/fd/2").read_bytes(),
               "the start line")
    container.go()
    container.line()
    return running.end()


def test_records_that_are_not_laid_out_as_declared(start):
    result = run_object(start, "event_malformed", 3)
    assert [event["file"] for event in result.events()] == [None] * 3
    assert result.lost == {"malformed_event": 5 * 3}


def test_every_type_of_a_field(start):
    (event,) = run_object(start, "event_types", 1).events()
    directory = hierarchy() / event["cgroup"].lstrip("/")
    assert event["began"] == event["time"]
    assert (event["home"], event["other_pid"], event["other_tid"], event["other_comm"]) == (
        directory.stat().st_ino, event["pid"], event["tid"], event["comm"])
    rest = {name: event[name] for name in event if name not in (
        "schema", "type", "tool", "name", "time", "container", "container_id", "runtime", "pod",
        "namespace", "systemd_unit", "cgroup", "pid", "tid", "comm", "began", "home", "other_pid",
        "other_tid", "other_comm")}
    assert rest == {
        "never": None, "took_ns": 1500, "unknown_ns": None, "size": 2048, "no_size": None,
        "container_of_home": "left", "uid": 65534,
        "call": "read", "error": "ENOENT", "no_error": None, "signal": "SIGKILL",
        "no_signal": None, "some": 0, "none": None, "flags": "O_RDWR|O_CREAT|O_CLOEXEC",
        "named": "CLONE_NEWNS", "not_named": None,
        "given": ["0x0", "0x1267", "0x0", "0x0", "0x0", "0xffffffffffffffff"],
        "mode": "0640", "no_mode": None, "port": 65535, "yes": True, "below": -5, "small": 255,
        "version_4": "10.0.0.1", "version_6": "2001::1", "weather": "weather_foul",
        "unheard_of": "7", "floor": 3, "room": 4, "word": "eightful", "file": "/a \"b\"",
        "no_file": None, "arguments": ["happen", "nothing", "0"], "arguments_cut": False,
        "no_arguments": None, "no_arguments_cut": False,
    }


def test_a_long_argument_vector_is_cut_and_says_so(start, tmp_path):
    words = [f"{number:09}" for number in range(10_000)]
    result = run("execsnoop", "--json", "-O", tmp_path / "out", "--", "true", *words)
    (event,) = [each for each in parse((tmp_path / "out").read_bytes()) if each["type"] == "event"]
    lines = result.err.decode().splitlines()
    assert len(lines) == 1 + sum("of containers" in line for line in lines)
    assert event["arguments_cut"] is True
    assert event["arguments"][:-1] == ["true", *words][:len(event["arguments"]) - 1]
    assert sum(len(word) + 1 for word in event["arguments"]) == 8192 + 1  # the last has no NUL


def test_execs_that_fail(tmp_path):
    script = """
import os
for file in "/nonexistent", "/etc/passwd", "/":
    try:
        os.execve(file, ["zero", file], {})
    except OSError:
        pass
os.execve("/bin/true", ["true"], {})
"""
    out = tmp_path / "out"
    run("execsnoop", "--json", "-O", out, "--", sys.executable, "-c", script)
    events = [each for each in parse(out.read_bytes()) if each["type"] == "event"]
    told = [(each["error"], each["file"], each["arguments"]) for each in events[1:]]
    assert told == [
        ("ENOENT", "/nonexistent", ["zero", "/nonexistent"]),
        ("EACCES", "/etc/passwd", ["zero", "/etc/passwd"]),
        ("EACCES", "/", ["zero", "/"]),
        (None, "/bin/true", ["true"]),
    ]
    assert {(each["uid"], each["container_pid"] == each["pid"]) for each in events} == {(0, True)}
    assert {each["parent_pid"] for each in events} != {0}


def test_full_paths(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").touch()
    script = f"""
import os
os.chdir({str(tmp_path)!r})
os.open("deep/../deep/file", os.O_RDONLY)
directory = os.open("/proc/self", os.O_RDONLY)
os.open("stat", os.O_RDONLY, dir_fd=directory)
os.chdir("/")
os.open("etc/passwd", os.O_RDONLY)
try:
    os.open("none", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=directory)
except OSError:
    pass
"""
    out = tmp_path / "out"
    run("opensnoop", "--json", "--full-path", "-O", out, "--", sys.executable, "-c", script)
    events = [each for each in parse(out.read_bytes()) if each["type"] == "event"][-5:]
    pid = events[0]["pid"]
    assert [each["path"] for each in events] == [
        f"{tmp_path}/deep/../deep/file", "/proc/self", f"/proc/{pid}/stat", "/etc/passwd",
        f"/proc/{pid}/none"]
    assert (events[-1]["error"], events[-1]["fd"], events[-1]["mode"]) == ("ENOENT", None, "0600")
    assert events[-1]["flags"] == "O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC"
    assert events[0]["mode"] is None and events[0]["fd"] is not None


def test_own_events_are_left_out():
    running, of_all = (Run("opensnoop", "--json", *options) for options in ((), ("--own-events",)))
    own, other = running.process.pid, of_all.process.pid
    # It looks at containers each second. Who leaves out his own tells those of the other one, and when
    # both have looked once more there were own ones to be left out.
    eventually(lambda: all(f'"pid":{pid},'.encode() in of_all.so_far() for pid in (own, other)), "looks")
    result = running.end()
    assert result.events(pid=own) == []
    assert of_all.end().events(pid=other) != []


# Ends


@pytest.fixture
def busy(start):
    """A container that opens a file some hundred times a second."""
    return start("left", "sh", "-c", "while :; do : <bin/busybox; usleep 1000; done")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(busy, number):
    running = Run("opensnoop", "--json", "-c", "left")
    eventually(lambda: running.so_far().count(b"bin/busybox") > 10, "some opens")
    result = running.end(number)
    assert result.status == 0
    assert len(result.events(container="left", path="bin/busybox")) > 10
    assert result.end["type"] == "end"


def test_timeout(busy):
    """Its time is over, by its own alarm, when we say so."""
    running = Run("opensnoop", "--json", "-c", "left", program=("timeout", "1000", TALLY))
    eventually(running.so_far, "an event")
    result = running.end(signal.SIGALRM)
    assert result.status == 124
    assert result.events() and result.end["duration_s"] > 0


def pipeline(command):
    """Its status (of the last command, and of tally), and what it says."""
    done = subprocess.run(
        ("bash", "-c", f'{command}; echo "${{PIPESTATUS[@]}}"'), timeout=2 * SOON, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    *lines, statuses = done.stdout.decode().splitlines()
    return [int(word) for word in statuses.split()], lines, done.stderr.decode()


@pytest.mark.parametrize("reader", ["head -1", "grep -m1 busybox"])
@pytest.mark.parametrize("format", ["text", "json", "csv"])
def test_a_reader_that_goes(busy, reader, format):
    statuses, lines, err = pipeline(f"{TALLY} opensnoop -c left -o {format} | {reader}")
    assert statuses == [0, 0] and len(lines) == 1
    # After the start line, perhaps that an open had begun before.
    _, after = err.split("is measuring")
    assert all(BESIDE_THE_DATA.match(line) for line in after.splitlines()[1:]), err


def read_late():
    """The lines that a reader gets who begins when much has been written and tally is to end."""
    reading, writing = os.pipe()
    running = Run("opensnoop", "-c", "left", "--json", stdout=writing)
    os.close(writing)
    eventually(lambda: in_pipe(reading) > 32_768, "a full pipe")
    running.process.send_signal(signal.SIGTERM)
    with open(reading, "rb") as file:
        lines = file.readlines()
    assert running.wait().status == 0
    return lines


def in_pipe(descriptor):
    """Bytes that nobody has read."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_reader_that_is_late(busy):
    assert len(read_late()) > 10


def test_a_reader_that_is_late_has_it_whole(busy):
    assert json.loads(read_late()[-1])["type"] == "end"


def test_full_disk(busy):
    for options in (["-O", "/dev/full"], []):
        with open("/dev/full", "wb") as full:
            result = Run("opensnoop", "--json", "-c", "left", *options, until_ready=False,
                         stdout=None if options else full).wait()
        assert result.status == 1
        assert "No space left on device" in result.sentence


def test_a_line_is_there_at_once(start):
    """Not when some buffer is full, nor when tally ends."""
    container = start("left", "happen", "opens", 1, FILE)
    reading, writing = os.pipe()
    running = Run("opensnoop", "--json", "-c", "left", stdout=writing)
    os.close(writing)
    container.go()
    readable, _, _ = select.select([reading], [], [], SOON)
    assert readable and json.loads(os.read(reading, 65536))["path"] == FILE
    running.end()
    os.close(reading)


# New containers


def test_a_new_container_from_its_first_program(start):
    """Its name comes later than its first events; those of others that are new too are not told."""
    running = Run("execsnoop", "--json", "--wait", "-c", "left")
    containers = [start(name, "happen", "execs", count)
                  for name, count in (("right", 509), ("left", 503))]
    for container in containers:
        container.go()
    for container in containers:
        container.line()
    result = running.end()
    assert {event["container"] for event in result.events()} == {"left"}
    words = [event["arguments"] for event in result.events(error=None)]
    assert words.count(["workload_happen", "execs", "503"]) == 1
    assert [each for each in words if each[1:2] == ["nothing"]] == [
        ["happen", "nothing", str(number)] for number in range(503)]
    assert not any(result.lost.values())
