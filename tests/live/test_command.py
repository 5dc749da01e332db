# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""`-- COMMAND ...`: its process tree is what is measured, all of it and nothing else, and it comes
and goes with the run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from bpf_ids import held_by
from counters import Switches
from processes import launch
from runs import Result, Run, run
from support import SOON, TALLY, WORKLOADS, eventually
from terminals import Terminal

TREE = WORKLOADS / "workload_tree"
NAPS = 1009  # of each napper
GO = b"x"  # what a workload waits for on stdin


class Measured:
    """A run with the report in a file, so that stdout is the command's."""

    def __init__(self, tmp_path, *arguments, command, tool="runqlat", **options):
        self._report = tmp_path / "report.json"
        self._unseen = Switches([1])
        self.running = Run(tool, "--json", "-O", self._report, *arguments, "--", *command,
                           **options)

    def end(self, status=0, within=2 * SOON):
        result = self.running.wait(within)
        assert result.status == status, result.err.decode()
        self.out = result.out
        self.result = Result(status, self._report.read_bytes(), result.err)
        self._unseen = Switches([1]).total - self._unseen.total
        return self

    def check(self, count, least, most):
        """Within these bounds, but for 2 and for what nobody could see (see counters). Here timers wake,
        while process 1 runs as well: a wake-up that is hidden by that is told by tally, and one whose
        switch from process 1 is hidden too is one switch of that."""
        lost = self.result.end["lost"]
        unseen = self._unseen + lost["unmatched_begin"] + lost["unmatched_end"]
        assert least - 2 - unseen <= count <= most + 2, (count, least, most, self._unseen, lost)
        assert not lost["target_full"]

    def check_nappers(self, how_many, neighbour=None):
        """All that they say they have waited, and a few more: before and after its naps each may be
        preempted. None that is a neighbour's or a stranger's, who naps as often as one of them."""
        said = [int(line) for line in self.out.split()]
        assert len(said) == how_many and min(said) >= NAPS
        rows = self.result.histograms("total", comm="napper")
        count = sum(row["count"] for row in rows)
        self.check(count, sum(said), sum(said) + NAPS // 2)
        if neighbour:
            others = {neighbour.pid, *children_of(neighbour.pid)}
            assert len(others) > 1
            assert not others & {row["key"]["pid"] for row in rows}


@contextlib.contextmanager
def outside(*command):
    """A process that is none of the tree's. Its stdin is ours."""
    process = launch(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(SOON)
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def neighbour():
    """Naps all the time, under the same name."""
    with outside(TREE, "children", 10_000_000) as process:
        yield process


def children_of(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_bytes().rpartition(b")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def command_of(running):
    """The number of its command's process."""
    return eventually(lambda: children_of(running.process.pid), "the command's process")[0]


# What is measured


@pytest.mark.parametrize("kind,nappers", [("alone", 1), ("threads", 3), ("children", 3),
                                          ("spawned", 1), ("orphan", 1), ("exec", 2)])
def test_whole_tree_and_nothing_else(tmp_path, neighbour, kind, nappers):
    measured = Measured(tmp_path, "--by", "comm,pid", command=(TREE, kind, NAPS)).end()
    measured.check_nappers(nappers, neighbour)
    # Nothing of what tally itself did in the command's process, before it was the command.
    assert {row["key"]["comm"] for row in measured.result.histograms("total")} <= {
        "napper", "workload_tree", "exe"}


@pytest.mark.parametrize("workload,calls", [
    (("getppid", 300_007), {"getppid": 300_007, "execve": 0}),
    (("children", 211), {"clone": 211, "wait4": 211, "prctl": 211, "execve": 0}),
    (("signals", 307), {"tgkill": 307, "rt_sigreturn": 307, "execve": 0}),
    (("executes", 101), {"execve": 101, "clone3": 101, "set_tid_address": 102}),
], ids=lambda each: each[0] if isinstance(each, tuple) else "")
@pytest.mark.parametrize("tool", ["syscount", "syslat"])
def test_system_calls_exactly(tmp_path, tool, workload, calls):
    """Of the exec that makes a process the command, nothing: it was tally that called."""
    program = WORKLOADS / "workload_calls"
    with outside(program, "getppid", 10**12) as neighbour:
        neighbour.stdin.write(GO)
        neighbour.stdin.flush()
        read, write = os.pipe()
        os.write(write, GO)
        os.close(write)
        measured = Measured(tmp_path, "--by", "syscall", tool=tool, stdin=read,
                            command=(program, *workload)).end()
        os.close(read)
    counted = dict.fromkeys(calls, 0)
    for row in measured.result.records[:-1]:
        if row["key"]["syscall"] in counted:
            counted[row["key"]["syscall"]] += row["values"]["calls"] if "values" in row \
                else row["count"]
    assert counted == calls
    assert not measured.result.lost


@pytest.mark.parametrize("thread_state", ["array", "address", "storage"])
def test_all_kinds_of_thread_state(tmp_path, neighbour, thread_state):
    env = {**os.environ, "TALLY_THREAD_STATE": thread_state}
    Measured(tmp_path, "--by", "comm,pid", command=(TREE, "children", NAPS), env=env
             ).end().check_nappers(3, neighbour)


def test_pid_namespace_made_by_the_command(tmp_path, neighbour):
    command = ("unshare", "--pid", "--fork", TREE, "children", NAPS)
    Measured(tmp_path, "--by", "comm,pid", command=command).end().check_nappers(3, neighbour)


@pytest.mark.parametrize("options", [(), ("--fork",)], ids=["its children's", "its own"])
def test_pid_namespace_of_tally(tmp_path, neighbour, options):
    """The command has another number there than in the kernel."""
    Measured(tmp_path, "--by", "comm,pid", command=(TREE, "children", NAPS),
             program=("unshare", "--pid", *options, TALLY)).end().check_nappers(3, neighbour)


def test_many_short_lives(tmp_path):
    """Memory of dead threads is that of new ones again, inside and outside of the tree."""
    number = 2003
    with outside(WORKLOADS / "workload_spawn", "processes", 10_000_000) as neighbour:
        neighbour.stdin.write(GO)
        neighbour.stdin.flush()
        read, write = os.pipe()
        measured = Measured(tmp_path, "--by", "pid", stdin=read,
                            command=(WORKLOADS / "workload_spawn", "processes", number))
        os.close(read)
        command = command_of(measured.running)
        os.write(write, GO)
        os.close(write)
        measured.end()
    rows = {row["key"]["pid"]: row["count"] for row in measured.result.histograms("total")}
    rows.pop(command)
    waits = json.loads(measured.out)["waits"]
    measured.check(sum(rows.values()), waits, waits)
    measured.check(len(rows), number, number)  # a wait that nobody saw may have been all it had
    assert len(rows) <= number


@pytest.mark.alone
def test_number_used_again(tmp_path):
    """A process of the tree ends, one that is none of it has its number then, and ends too."""
    number = next(n for n in range(30_000, 32_000) if not Path(f"/proc/{n}").exists())
    read, write = os.pipe()
    measured = Measured(tmp_path, "--by", "comm,pid", stdin=read,
                        command=(TREE, "numbered", NAPS, number))
    os.close(read)
    command = command_of(measured.running)
    eventually(lambda: Path(f"/proc/{number}").exists(), "the child")
    eventually(lambda: not Path(f"/proc/{number}").exists(), "the child's end")
    with outside(TREE, "numbered", NAPS, number) as other:
        assert int(other.stdout.readline()) >= NAPS
    os.close(write)
    measured.end()
    measured.check_nappers(1)
    assert {row["key"]["pid"] for row in measured.result.histograms("total")} == {number, command}


def test_other_filters_hold_too(tmp_path, neighbour, start):
    measured = Measured(tmp_path, "--comm", "napper", "--by", "comm",
                        command=(TREE, "threads", NAPS)).end()
    measured.check_nappers(3)
    assert len(measured.result.histograms("total")) == 1
    start("elsewhere", "chatter", 2, 0).go()
    measured = Measured(tmp_path, "-c", "elsewhere", command=(TREE, "threads", NAPS)).end()
    assert measured.result.histograms("total") == []


def test_intervals_add_up(tmp_path):
    measured = Measured(tmp_path, 0.1, "--by", "comm", command=(TREE, "children", 5 * NAPS)).end()
    intervals = measured.result.histograms("interval", comm="napper")
    assert len(intervals) > 1
    total = measured.result.total(comm="napper")
    assert total["count"] == sum(each["count"] for each in intervals)


def test_without_a_command_nothing_follows_the_tree():
    def programs(running):
        listed = json.loads(subprocess.check_output(["bpftool", "--json", "prog", "show"]))
        held = {number for kind, number in held_by(f"/proc/{running.process.pid}")
                if kind == "prog"}
        return {each.get("name", "") for each in listed if each["id"] in held}

    running = Run("runqlat", "--json")
    names = programs(running)
    running.end()
    assert "on_switch" in names
    assert not any(name.startswith("tally_tree") for name in names)
    running = Run("runqlat", "--json", "--", "sleep", 100)
    names = programs(running)
    running.end()
    assert len([name for name in names if name.startswith("tally_tree")]) == 4


# How the command finds the world


def test_it_begins_when_all_is_ready(tmp_path):
    file = tmp_path / "ready"
    with file.open("wb") as ready:
        number = ready.fileno()
        os.set_inheritable(number, True)
        command = ("sh", "-c", f"grep -qx ready {file} && ! [ -e /proc/self/fd/{number} ]")
        result = launch([TALLY, "runqlat", "--json", "--ready-fd", number, "--", *command],
                        pass_fds=(number,), stdout=subprocess.DEVNULL)
        assert result.wait(SOON) == 0


@pytest.mark.parametrize("arguments,status", [
    (("-c", "nosuch"), 2), (("-p", 4000000), 2), (("--nosuch",), 2), (("-O", "/nosuch/file"), 1),
])
def test_it_never_runs_if_tally_does_not(tmp_path, arguments, status):
    file = tmp_path / "touched"
    run("runqlat", "-d", 2, *arguments, "--", "touch", file, status=status)
    assert not file.exists()


def test_it_never_runs_without_rights():
    """In a directory where it could."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o777)
        program = shutil.copy(TALLY, folder)
        run("runqlat", "--", "touch", folder / "touched", status=1, program=(program,),
            user=65534, group=65534, extra_groups=[])
        assert not (folder / "touched").exists()
    finally:
        shutil.rmtree(folder)


SAYS = ("sh", "-c", "cat; echo said")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_its_stdout_is_not_data(options):
    read, write = os.pipe()
    os.write(write, b"read\n")
    os.close(write)
    result = run("runqlat", *options, "--", *SAYS, stdin=read)
    os.close(read)
    assert b"\nread\nsaid\n" in result.err
    assert b"said" not in result.out and result.out


def test_its_stdout_is_its_own_with_an_output_file(tmp_path):
    measured = Measured(tmp_path, command=SAYS).end()
    assert measured.out == b"said\n"
    assert b"said" not in measured.result.err


@pytest.mark.parametrize("ignored", [(), (signal.SIGINT, signal.SIGPIPE, signal.SIGHUP)])
@pytest.mark.parametrize("blocked", [(), (signal.SIGTERM, signal.SIGUSR1)])
def test_signals_are_as_tally_found_them(tmp_path, ignored, blocked):
    def prepare():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)

    def of(text):
        return [line for line in text.splitlines() if line.startswith((b"SigB", b"SigI", b"SigC"))]

    command = ("cat", "/proc/self/status")
    options = {"preexec_fn": prepare, "restore_signals": False}
    plain = of(subprocess.check_output(command, **options))
    assert len(plain) == 3
    assert of(Measured(tmp_path, command=command, **options).end().out) == plain


def test_no_descriptor_of_tally_is_left_to_it(tmp_path):
    script = "for each in /proc/$$/fd/*; do readlink $each; done; true"
    files = Measured(tmp_path, "--by", "container", command=("sh", "-c", script)).end().out
    files = files.decode().splitlines()
    assert len(files) == 3 and not any("anon_inode" in each for each in files), files


def test_no_picture_that_it_would_write_into():
    terminal = Terminal()
    process = launch([TALLY, "runqlat", "--", "sleep", 2.2], **terminal.options)
    terminal.launched()
    text = terminal.read(SOON).decode()
    terminal.close()
    assert process.wait(SOON) == 0
    assert "total, " in text and "so far" not in text


# How it cannot be run


@pytest.mark.parametrize("command,status,says", [
    (("nosuch",), 127, "'nosuch'"), (("/nosuch/file", "-x"), 127, "/nosuch/file"),
    (("",), 127, "''"), (("/etc/passwd",), 126, "/etc/passwd"), (("/tmp",), 126, "/tmp"),
    ((b"no\x1bsuch",), 127, "\\x1b"),
])
def test_command_that_is_not_there(tmp_path, command, status, says):
    file = tmp_path / "precious"
    file.write_bytes(b"old")
    result = run("runqlat", "-O", file, "--", *command, status=status)
    assert says in result.sentence
    assert b"is measuring" not in result.err
    assert file.read_bytes() == b"old"


def script(tmp_path, text):
    file = tmp_path / "script"
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_script_without_interpreter(tmp_path):
    file = script(tmp_path, "#!/nosuch/interpreter\n")
    result = run("runqlat", "--by", "comm", "--", file, status=127)
    assert str(file) in result.sentence and result.out == b""


def test_script_without_first_line(tmp_path):
    """execvp(3) gives it to the shell, which is measured then."""
    measured = Measured(tmp_path, "--by", "comm",
                        command=(script(tmp_path, f"{TREE} alone {NAPS}\n"),)).end()
    measured.check_nappers(1)


def test_path_is_searched(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    script(folder, "echo found\n")
    (tmp_path / "script").mkdir()  # not a file
    env = {**os.environ, "PATH": f"/nosuch:{tmp_path}:{folder}:/usr/bin:/bin"}
    assert Measured(tmp_path, command=("script",), env=env).end().out == b"found\n"


def test_nothing_behind_the_dashes():
    assert "--" in run("runqlat", "--", status=2).sentence


# Ends


@pytest.mark.parametrize("script,status", [("true", 0), ("exit 42", 42), ("exit 1", 1),
                                           ("kill -9 $$", 137), ("kill -INT $$", 130)])
@pytest.mark.parametrize("options", [(), (0.2,), ("-d", 20)])
def test_its_end_is_the_end(script, status, options):
    result = run("runqlat", "--json", *options, "--", "sh", "-c", script, status=status)
    assert 0 < result.end["duration_s"] < 20  # which is when the duration would end it


def test_it_ends_before_its_children(tmp_path):
    """One of them lives until we end it."""
    file = tmp_path / "child"
    result = run("runqlat", "--json", "--", "sh", "-c", f"sleep 1000 & echo $! >{file}; exit 7", status=7)
    assert result.end
    child = int(file.read_text())
    os.kill(child, signal.SIGKILL)


def test_loss_is_told_by_the_status():
    """Not the command's then."""
    result = run("runqlat", "--json", "--strict", "--max-keys", 1, "--by", "tid",
                 "--", "sh", "-c", f"{TREE} threads 100; exit 5", status=3)
    assert result.lost["map_full"]
    result = run("runqlat", "--json", "--strict", "--", "sh", "-c", "exit 5", status=None)
    lost = {reason for reason, count in result.end["lost"].items() if count}
    # What process 1 hides (counters.py), and births of cgroups that others make.
    assert lost <= {"unmatched_begin", "unmatched_end", "cgroup_event"}
    assert result.status == (3 if lost else 5)


def busy(file, signals):
    """Runs until it has got one of these signals; then it says which, a moment later."""
    traps = "; ".join(f"trap 'sleep 0.3; echo {each} >> {file}; exit 5' {each}"
                      for each in signals)
    return ("sh", "-c", f"{traps}; echo begun > {file}; while :; do sleep 0.02; done")


def when_it_has_begun(file, end, seconds):
    """end(SECONDS), which has the run end after so many: after more, where the command had not begun by
    then."""
    for longer in (1, 5, 25):
        file.unlink(missing_ok=True)
        result = end(longer * seconds)
        if file.exists() and file.read_text():
            break
    return result


def begun(file):
    eventually(lambda: file.exists() and file.read_text(), "the command's beginning")


@pytest.mark.parametrize("arguments", [lambda seconds: ("-d", 2 * seconds), lambda seconds: (seconds, 2)],
                         ids=["duration", "count"])
def test_it_ends_with_the_run(tmp_path, arguments):
    """It is asked to, and waited for; what it says about that is not our status."""
    file = tmp_path / "said"
    result = when_it_has_begun(
        file, lambda seconds: run("runqlat", "--json", *arguments(seconds), "--", *busy(file, ["TERM"])), 0.3)
    assert file.read_text() == "begun\nTERM\n"
    assert result.histograms("total")


def test_it_ends_with_the_reader(tmp_path):
    file = tmp_path / "said"

    def end(seconds):
        shell = launch(["bash", "-c", '"$@" | head -n 1; echo "${PIPESTATUS[0]}"', "-", TALLY,
                        "runqlat", "--json", seconds, "--", *busy(file, ["TERM"])],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return shell.communicate(timeout=2 * SOON)[0].splitlines()

    first, status = when_it_has_begun(file, end, 0.3)
    assert first and status == b"0"
    assert file.read_text() == "begun\nTERM\n"


def test_it_ends_with_a_failure(tmp_path):
    file = tmp_path / "said"
    when_it_has_begun(file, lambda seconds: run("runqlat", "--json", seconds, "-O", "/dev/full", "--",
                                                *busy(file, ["TERM"]), status=1), 0.3)
    eventually(lambda: file.read_text() == "begun\nTERM\n", "the command's end")


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_signals_are_passed_on(tmp_path, name):
    """The status is then what the command has made of it."""
    file = tmp_path / "said"
    running = Run("runqlat", "--json", "--", *busy(file, ["TERM", "INT", "HUP"]))
    begun(file)
    result = running.end(getattr(signal, f"SIG{name}"))
    assert result.status == 5
    assert file.read_text() == f"begun\n{name}\n"
    assert result.end


def test_killed_by_a_signal_passed_on():
    running = Run("runqlat", "--json", "--", "sleep", 100)
    command_of(running)
    result = running.end(signal.SIGTERM)
    assert result.status == 128 + signal.SIGTERM
    assert result.end


def test_terminal_sends_ctrl_c_to_both(tmp_path):
    """Once, so it is not sent a second time."""
    file = tmp_path / "said"
    report = tmp_path / "report"
    terminal = Terminal()
    command = ("sh", "-c", f"trap 'echo INT >> {file}; got=1' INT; echo begun > {file}; "
                           "while [ -z \"$got\" ]; do sleep 0.02; done; sleep 0.5; exit 6")
    process = launch([TALLY, "runqlat", "--json", "-O", report, "--", *command],
                     **terminal.options)
    terminal.launched()
    begun(file)
    os.write(terminal.main, b"\x03")
    terminal.read(SOON)
    terminal.close()
    assert process.wait(SOON) == 6
    assert file.read_text() == "begun\nINT\n"
    assert json.loads(report.read_text().splitlines()[-1])["type"] == "end"


def test_stopped_command_ends_too(tmp_path):
    result = run("runqlat", "--json", "-d", 0.5, "--", "sh", "-c", "kill -STOP $$; sleep 100")
    assert result.end["duration_s"] >= 0.5


def test_command_that_does_not_end(tmp_path):
    """It is waited for until a second signal, which is no echo of the first."""
    file = tmp_path / "said"
    running = Run("runqlat", "--json", "--by", "comm", "--", "sh", "-c",
                  f"trap '' TERM; echo begun > {file}; while :; do sleep 0.1; done")
    begun(file)
    command = command_of(running)
    try:
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        assert running.process.poll() is None
        result = running.end()
        assert result.status == 0
        assert str(command) in result.sentence
        assert Path(f"/proc/{command}").exists()
    finally:
        os.kill(command, signal.SIGKILL)
