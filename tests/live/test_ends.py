# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""How a run ends: with the report and 0, or with one sentence and the right status."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest
from bpf_ids import held_by
from counters import keep_going, run_beside
from processes import launch
from runs import Run, parse, run
from support import SOON, TALLY
from terminals import Terminal


@pytest.fixture
def busy(start):
    container = start("busy", "chatter", 2, 0)
    container.go()
    return container


def check_report(result):
    assert result.status == 0, result.err.decode()
    assert result.total(container="busy")["count"] > 0
    assert result.end["duration_s"] > 0


@pytest.mark.parametrize("number", [
    signal.SIGTERM,
    pytest.param(signal.SIGINT, marks=pytest.mark.guest(since="5.10")),
    signal.SIGHUP,
])
def test_signals(busy, number):
    running = Run("runqlat", "--json")
    # The check that nothing stays behind would be worth nothing if it did not see this.
    assert {kind for kind, _ in held_by(f"/proc/{running.process.pid}")} >= {"prog", "link", "map"}
    keep_going(busy)
    check_report(running.end(number))


def test_timeout(busy):
    """Its time is over, by its own alarm, when we say so."""
    program = ("timeout", "--preserve-status", "-s", "TERM", "1000", TALLY)
    running = Run("runqlat", "--json", program=program)
    keep_going(busy)
    check_report(running.end(signal.SIGALRM))


@pytest.mark.parametrize("arguments,intervals", [(("-d", 0.5), 0), ((0.2, 2), 2), ((1, "-d", 0.5), 1)],
                         ids=["duration", "count", "duration within an interval"])
def test_duration_and_count(arguments, intervals):
    result = run("runqlat", "--json", *arguments)
    assert result.end["duration_s"] >= 0.4
    # Whoever else had a wait in one of them: tally has, for it is woken.
    assert len({record["time"] for record in result.histograms("interval")}) == intervals
    assert result.histograms("total")


@pytest.mark.parametrize("options", ["", "--json"])
def test_reader_goes(busy, options):
    """`| head -1` ends a run that would go on for ever."""
    script = f'"$0" runqlat {options} 0.2 | head -n 1; echo "${{PIPESTATUS[0]}}"'
    shell = launch(["bash", "-c", script, TALLY],
                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    first, status = shell.communicate(timeout=SOON)[0].splitlines()
    assert first and status == b"0"


@pytest.mark.parametrize("arguments", [(), (0.2,)], ids=["one report", "intervals"])
def test_socket_that_is_closed(busy, arguments):
    """As a pipe: with intervals when the next report is written, without at once."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        running = Run("runqlat", "--json", *arguments, stdout=theirs)
    assert running.wait().status == 0


@pytest.mark.parametrize("arguments", [(), (0.2,)], ids=["one report", "intervals"])
def test_terminal_that_is_closed(busy, tmp_path, arguments):
    """SIGHUP, and a stderr that takes nothing more; the report goes to a file, which is complete."""
    file = tmp_path / "out.json"
    terminal = Terminal()
    running = Run("runqlat", "--json", "-O", file, *arguments, **terminal.options)
    terminal.launched()
    keep_going(busy)
    terminal.close()
    assert running.wait().status == 0
    records = parse(file.read_bytes())
    assert records[-1]["type"] == "end" and records[-2]["scope"] == "total"
    assert any(record.get("scope") == "total" and record["key"]["container"] == "busy"
               for record in records)


def test_text_report_at_the_end(busy):
    result = run_beside(busy, "runqlat")
    assert b"busy" in result.out and b"waits" in result.out
    assert b"\x1b" not in result.out  # a file is no terminal


# stderr that takes nothing costs nothing.


@pytest.fixture(params=["closed", "full", "no reader"])
def bad_stderr(request):
    """Options of Run for a stderr that is closed, full, or that nobody reads any more."""
    if request.param == "no reader":
        read_end, write_end = os.pipe()
        os.close(read_end)
        yield {"stderr": write_end}
        os.close(write_end)
    else:
        redirection = {"closed": "2>&-", "full": "2>/dev/full"}[request.param]
        yield {"program": ("sh", "-c", f'exec "$0" "$@" {redirection}', TALLY)}


@pytest.mark.parametrize("to", ["stdout", "file"])
@pytest.mark.parametrize("format", ["json", "text"])
def test_stderr_that_takes_nothing(busy, tmp_path, bad_stderr, to, format):
    """Not that something ran, nor that --max-keys 1 loses a lot, can be said. By cgroup: see full() in
    test_records.py."""
    file = tmp_path / "out"
    options = ("-O", file) if to == "file" else ()
    result = run_beside(busy, "runqlat", "--cgroup", busy.cgroup, "--by", "tid", "--max-keys", 1,
                        "-o", format, *options, **bad_stderr)
    text = file.read_bytes() if to == "file" else result.out
    if format == "json":
        records = parse(text)
        assert records[-1]["type"] == "end"
        assert any(record["count"] for record in records if record.get("scope") == "total")
    else:
        lines = text.decode().splitlines()
        assert lines[0].startswith("total, ")
        # A closed stderr's number must not become the file's, and so its messages data.
        assert "waits" in lines[0] and "tally: " not in text.decode()


@pytest.mark.parametrize("arguments,status", [(("nosuch",), 2), (("-O", "/nosuch/file"), 1)])
def test_status_without_stderr(bad_stderr, arguments, status):
    run("runqlat", "-d", 0.2, *arguments, status=status, **bad_stderr)


# What goes wrong


@pytest.mark.parametrize("arguments,says", [
    (["nosuch"], "nosuch"),
    (["runqlat", "--nosuch"], "--nosuch"),
    (["runqlat", "-c", "nosuch"], "nosuch"),
    (["runqlat", "-p", "4000000"], "4000000"),
    (["runqlat", "-t", "4000000"], "4000000"),
    (["runqlat", "-p", "0"], "--pid"),
    (["runqlat", "-p", "many"], "many"),
    (["runqlat", "--cgroup", "/nosuch"], "/nosuch"),
    (["runqlat", "--by", "nosuch"], "nosuch"),
    (["runqlat", "--by", "none,pid"], "none"),
    (["runqlat", "--json", "--top", "3"], "--top"),
    (["runqlat", "--json", "--min-count", "3"], "--min-count"),
    (["runqlat", "--json", "--view", "bars"], "--view"),
    (["runqlat", "-o", "nosuch"], "nosuch"),
    (["runqlat", "--view", "nosuch"], "nosuch"),
    (["runqlat", "--max-keys", "0"], "--max-keys"),
    (["runqlat", "-d", "0"], "--duration"),
    (["runqlat", "0"], "INTERVAL"),
    (["runqlat", "1", "0"], "COUNT"),
    (["runqlat", "1", "2", "3"], "3"),
    (["runqlat", "--ready-fd", "999"], "999"),
    (["runqlat", "--min-us", "few"], "few"),
])
def test_usage(arguments, says):
    result = run(*arguments, status=2)
    assert says in result.sentence
    assert result.out == b""


def test_unknown_container_names_those_there_are(start):
    start("wibble", "chatter", 1, 1)
    assert "wibble" in run("runqlat", "-c", "nosuch", status=2).sentence


def test_dead_process():
    child = launch(["true"])
    child.wait(SOON)
    assert str(child.pid) in run("runqlat", "-p", child.pid, status=2).sentence


def test_thread_is_no_process():
    """It has a directory in /proc all the same."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        number = thread.native_id
        result = run("runqlat", "-p", number, "-d", 0.2, status=2)
    finally:
        end.set()
        thread.join()
    assert str(number) in result.sentence
    assert result.out == b""


@pytest.mark.parametrize("options", [(), ("--json",), ("--json", 0.2), ("-O", "/dev/full")])
def test_full_disk(options):
    with open("/dev/full", "wb") as full:
        result = run("runqlat", "-d", 0.5, *options, status=1, stdout=full)
    assert "No space left on device" in result.sentence


@pytest.mark.parametrize("arguments", [("-c", "nosuch"), ("--cgroup", "/nosuch"),
                                       ("-p", 4000000), ("--by", "nosuch"), ("--nosuch",)])
def test_a_wrong_command_line_costs_no_file(tmp_path, arguments):
    file = tmp_path / "precious"
    file.write_bytes(b"old")
    run("runqlat", "-O", file, *arguments, status=2)
    assert file.read_bytes() == b"old"


def test_directory_that_does_not_exist():
    assert "/nosuch/file" in run("runqlat", "-O", "/nosuch/file", "-d", 0.5, status=1).sentence


def test_without_root():
    """From a directory that anybody can read: the repository may be in one that is not."""
    folder = tempfile.mkdtemp()
    try:
        os.chmod(folder, 0o755)
        program = shutil.copy(TALLY, folder)
        result = run("runqlat", "-d", 0.5, program=(program,), status=1,
                     user=65534, group=65534, extra_groups=[])
    finally:
        shutil.rmtree(folder)
    assert "root" in result.sentence or "CAP_" in result.sentence
