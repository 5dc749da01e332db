# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What tally still may when it measures, and what it can do with that; and what it needs to start.

What the remaining rights do not allow is tried in tests/unit/privileges_test.cpp, from inside."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from counters import settle
from runs import Run, parse, run
from support import SOON, TALLY, eventually

# linux/capability.h
DAC_READ_SEARCH, KILL, BPF = 1 << 2, 1 << 5, 1 << 39
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")

# What docs/privileges.md gives an ordinary user.
ENOUGH = ("bpf", "perfmon", "dac_read_search", "sys_ptrace")
USER = 1000


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def capabilities(status):
    return {name: int(status[name], 16) for name in SETS}


def limited(running):
    """The status of a run when it has given up its privileges: a moment after it is ready."""
    return eventually(
        lambda: (now := status_of(running.process.pid)) and now["Seccomp"] == "2" and now,
        "a system call filter")


def check_limited(status, kept):
    found = capabilities(status)
    effective = found.pop("CapEff")
    assert effective & ~BPF == kept  # BPF: kernels before 5.19
    assert found == {"CapInh": 0, "CapPrm": effective, "CapBnd": 0, "CapAmb": 0}
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split() == status["Gid"].split() == ["65534"] * 4
    assert status["Groups"].split() == []


def tools():
    return [line.split()[0] for line in run("list").out.decode().splitlines()[1:]]


@pytest.fixture
def program():
    """A copy that any user can reach: the repository may be in a folder that is not for all."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield Path(shutil.copy(TALLY, folder))
    shutil.rmtree(folder)


def as_user(*capability):
    """An ordinary user who has these and nothing else."""
    given = ",".join("+" + name for name in capability)
    return ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
            f"--inh-caps=-all{',' + given if given else ''}",
            *((f"--ambient-caps={given}",) if given else ()))


@pytest.mark.parametrize("tool", tools() if os.geteuid() == 0 else [])
def test_given_up_by_every_tool(tool):
    """With what is left a report each half second has names, and every end has its report."""
    plan = run(tool, "--probe-plan", status=None)
    if plan.status != 0:
        pytest.skip(plan.sentence)
    tells_events = b"[INTERVAL" not in run("help", tool).out
    running = Run(tool, "--json", *(() if tells_events else (0.5,)))
    check_limited(limited(running), DAC_READ_SEARCH)
    time.sleep(1.2)
    if tells_events:
        subprocess.run(("cat", "/etc/hostname"), check=True, stdout=subprocess.DEVNULL)
    result = running.end()
    assert result.status == 0 and result.end["tool"] == tool, result.err.decode()
    if tells_events:
        if tool in ("execsnoop", "opensnoop"):
            assert result.events(comm="cat")
        return
    scopes = {record["scope"] for record in result.records if "scope" in record}
    names = {record["key"]["container"] for record in result.records if "key" in record}
    assert scopes == {"interval", "total"} or not names
    assert "?" not in names
    assert names or tool not in ("runqlat", "syscount", "syslat")  # of others nothing may happen


def test_given_up_by_the_watch(start):
    running = Run("containers", "--watch", "--json")
    check_limited(limited(running), DAC_READ_SEARCH)
    start("newcomer", "chatter", 1, 1).stop()
    eventually(lambda: b'"change":"died","name":"newcomer"' in running.so_far(), "its end")
    result = running.end()
    changes = [(record["change"], record["name"]) for record in result.records
               if record["type"] == "container_change" and record["name"] == "newcomer"]
    assert result.status == 0
    assert changes == [("born", "newcomer"), ("died", "newcomer")], result.out


def test_nothing_is_kept_where_no_name_is_asked_for():
    running = Run("runqlat", "--json", "--by", "comm")
    check_limited(limited(running), 0)
    assert running.end().status == 0


def test_kept_on_demand():
    """--keep-privileges: as it was started."""
    own = status_of("self")
    running = Run("runqlat", "--json", "--keep-privileges", 0.2)
    time.sleep(0.3)
    status = status_of(running.process.pid)
    assert capabilities(status) == capabilities(own)
    for name in ("Uid", "Gid", "NoNewPrivs", "Seccomp"):
        assert status[name] == own[name], name
    assert running.end().status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ends_with_the_report(number, tmp_path):
    file = tmp_path / "report"
    running = Run("runqlat", "--json", "-O", file)
    limited(running)
    assert running.end(number).status == 0
    assert parse(file.read_bytes())[-1]["type"] == "end"


def test_stopped_and_continued():
    """The kernel goes on with an interrupted wait by a system call of its own, restart_syscall."""
    running = Run("runqlat", "--json", 0.5)
    limited(running)
    running.process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    running.process.send_signal(signal.SIGCONT)
    time.sleep(1)
    result = running.end()
    assert result.status == 0 and result.histograms("interval")


# COMMAND


def test_command_has_all_that_tally_was_started_with(tmp_path):
    own = status_of("self")
    report = tmp_path / "report"
    result = run("syscount", "-O", report, "--", "cat", "/proc/self/status")
    status = dict(line.split(":\t", 1) for line in result.out.decode().splitlines())
    assert capabilities(status) == capabilities(own)
    for name in ("Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp"):
        assert status[name] == own[name], name


@pytest.mark.parametrize("as_whom", [(), as_user()], ids=["root", "another user"])
def test_command_is_ended_by_tally(as_whom):
    """Which is another user by then than the command."""
    running = Run("syscount", "--json", "--", *as_whom, "sleep", 1000)
    check_limited(limited(running), DAC_READ_SEARCH | KILL)
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    (command,) = children.read_text().split()
    result = running.end()
    assert result.status == 128 + signal.SIGTERM and result.end, result.err.decode()  # the command's
    assert not Path(f"/proc/{command}").exists()


# Names


def test_names_are_followed_in_files_of_root(start, tmp_path):
    """A container that is restarted under its name while tally runs: the file that holds the name
    and the folder of all containers are for root alone, as docker's are."""
    library = tmp_path / "lib"  # to be /var/lib, in tally's mount namespace only
    library.mkdir()

    def name_it(identifier):
        folder = library / "docker" / "containers" / identifier
        folder.mkdir(parents=True)
        (library / "docker").chmod(0o700)
        file = folder / "config.v2.json"
        file.write_text(json.dumps({"ID": identifier, "Name": "/phoenix"}))
        file.chmod(0o600)

    lives = [f"{life:x}" * 64 for life in (0xa, 0xb)]
    name_it(lives[0])
    start(lives[0], "chatter", 1, 1).stop()
    first = start(lives[0], "chatter", 1, 1)
    running = Run("syscount", "--json", "-c", "phoenix",
                  program=("unshare", "--mount", "sh", "-c",
                           f'mount --bind "{library}" /var/lib && exec "$@"', "sh", TALLY))
    check_limited(limited(running), DAC_READ_SEARCH)
    first.stop()
    name_it(lives[1])
    second = start(lives[1], "chatter", 1, 5000)
    time.sleep(1)
    second.go()
    settle([second])
    result = running.end()
    assert result.status == 0, result.err.decode()
    rows = [record for record in result.records
            if record["type"] == "counts" and record["scope"] == "total"]
    assert {row["key"]["container"] for row in rows} == {"phoenix"}
    assert sum(row["values"]["calls"] for row in rows) > 2 * 5000


# The rights to start


def test_an_ordinary_user_with_four_capabilities(start, program):
    start("web", "chatter", 1, 1)
    running = Run("runqlat", "--json", 0.5, program=(*as_user(*ENOUGH), program))
    status = limited(running)
    effective = capabilities(status)["CapEff"]
    assert effective & ~BPF == DAC_READ_SEARCH == capabilities(status)["CapPrm"] & ~BPF
    assert status["Uid"].split() == [str(USER)] * 4
    time.sleep(0.7)
    result = running.end()
    assert result.status == 0 and result.histograms("total"), result.err.decode()

    checks = parse(run("doctor", "--json", status=None, program=(*as_user(*ENOUGH), program)).out)
    found = {record["name"]: record for record in checks}
    assert found["privileges"]["status"] == "ok", found
    assert found["privileges"]["finding"] == (
        f"uid {USER}, CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE")
    by_root = parse(run("doctor", "--json", status=None).out)
    assert ([record for record in checks if record["kind"] == "tool"] ==
            [record for record in by_root if record["kind"] == "tool"])

    listed = run("containers", "--json", program=(*as_user(*ENOUGH), program)).out
    assert "web" in {json.loads(line)["name"] for line in listed.splitlines()}


def ended_when_it_sleeps(running):
    """The result of a run whose command becomes sleep(1)."""
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    eventually(lambda: [Path(f"/proc/{each}/comm").read_text() for each in children.read_text().split()]
               == ["sleep\n"], "the command sleeps")
    return running.end()


def test_a_file_with_capabilities(program):
    """setcap(8), as docs/privileges.md has it. Its COMMAND is the user's, without them."""
    given = ",".join("cap_" + name for name in ENOUGH)
    subprocess.run(["setcap", f"{given}=ep", program], check=True, timeout=SOON)
    running = Run("syscount", "--json", 0.5, program=(*as_user(), program))
    assert capabilities(limited(running))["CapEff"] & ~BPF == DAC_READ_SEARCH
    assert running.end().status == 0

    running = Run("syscount", "--json", "--", "sh", "-c", "cat /proc/self/status >&2; exec sleep 1000",
                  program=(*as_user(), program))
    limited(running)
    result = ended_when_it_sleeps(running)
    status = dict(line.split(":\t", 1) for line in result.err.decode().splitlines()
                  if ":\t" in line)
    assert status["Uid"].split() == [str(USER)] * 4
    assert capabilities(status)["CapEff"] == capabilities(status)["CapPrm"] == 0
    assert result.status == 128 + signal.SIGTERM, result.err.decode()


@pytest.mark.parametrize("given,missing", [
    (("bpf", "dac_read_search"), "CAP_PERFMON is missing"),
    (("perfmon",), "CAP_BPF is missing"),
    ((), "both are missing"),
])
def test_what_is_missing_is_said(program, given, missing):
    sentence = run("runqlat", "-d", 0.5, program=(*as_user(*given), program), status=1).sentence
    assert missing in sentence and "sudo" in sentence
    checks = parse(run("doctor", "--json", program=(*as_user(*given), program), status=1).out)
    assert missing in checks[1]["advice"]


def test_hidden_processes(program):
    """/proc may show each user his own processes only, but for who may trace them. (Another mount
    of it: options of the one that there is would change for all.)"""
    hide = ("unshare", "--mount", "sh", "-c",
            'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh")
    other = subprocess.Popen(["sleep", "1000"])
    try:
        without = (*hide, *as_user(*ENOUGH[:3]), program)
        assert "no such process" in run("runqlat", "-p", other.pid, "-d", 0.5, program=without,
                                        status=2).sentence
        checks = parse(run("doctor", "--json", status=None, program=without).out)
        assert checks[1]["status"] == "warn" and "CAP_SYS_PTRACE" in checks[1]["advice"]
        run("runqlat", "-p", other.pid, "-d", 0.5, program=(*hide, *as_user(*ENOUGH), program))
    finally:
        other.kill()
        other.wait()


def test_root_that_may_not_become_another_user():
    """As in a container with few capabilities: the rest is given up nevertheless."""
    running = Run("runqlat", "--json", program=(
        "setpriv", "--bounding-set=-all,+bpf,+perfmon,+dac_read_search", TALLY))
    status = limited(running)
    assert capabilities(status)["CapEff"] & ~BPF == DAC_READ_SEARCH
    assert status["Uid"].split() == ["0"] * 4 and status["NoNewPrivs"] == "1"
    assert running.end().status == 0
