# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""How a run ends: with the report and 0, or with one sentence and the right status."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from support import TALLY, Run, held_by, run


@pytest.fixture
def busy(start):
    container = start("busy", "chatter", 2, 0)
    container.go()
    return container


def check_report(result):
    assert result.status == 0, result.err.decode()
    assert result.total(container="busy")["count"] > 0
    assert result.end["duration_s"] > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals(busy, number):
    running = Run("runqlat", "--json")
    # The check that nothing stays behind would be worth nothing if it did not see this.
    assert {kind for kind, _ in held_by(f"/proc/{running.process.pid}")} >= {"prog", "link", "map"}
    time.sleep(0.2)  # for some waits to be counted
    check_report(running.end(number))


def test_timeout(busy):
    program = ("timeout", "--preserve-status", "-s", "TERM", "1", TALLY)
    check_report(run("runqlat", "--json", program=program))


@pytest.mark.parametrize("arguments,intervals", [(("-d", 0.5), 0), ((0.2, 2), 2), ((1, "-d", 0.5), 1)],
                         ids=["duration", "count", "duration within an interval"])
def test_duration_and_count(busy, arguments, intervals):
    result = run("runqlat", "--json", *arguments)
    check_report(result)
    assert len(result.histograms("interval", container="busy")) == intervals


@pytest.mark.parametrize("options", ["", "--json"])
def test_reader_goes(busy, options):
    """`| head -1` ends a run that would go on for ever."""
    script = f'"$0" runqlat {options} 0.2 | head -n 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script, TALLY], capture_output=True, timeout=20)
    first, status = done.stdout.splitlines()
    assert first and status == b"0"


def test_text_report_at_the_end(busy):
    result = run("runqlat", "-d", 0.5)
    assert b"busy" in result.out and b"waits" in result.out
    assert b"\x1b" not in result.out  # a file is no terminal


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
    child = subprocess.Popen(["true"])
    child.wait()
    assert str(child.pid) in run("runqlat", "-p", child.pid, status=2).sentence


@pytest.mark.parametrize("options", [(), ("--json",), ("--json", 0.2), ("-O", "/dev/full")])
def test_full_disk(options):
    with open("/dev/full", "wb") as full:
        result = run("runqlat", "-d", 0.5, *options, status=1, stdout=full)
    assert "No space left on device" in result.sentence


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
