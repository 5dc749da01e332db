# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What the live tests share: containers with a workload, runs of tally, the kernel's own counters.

Truth is what the kernel counts for each thread: a thread that is given a CPU is taken off it again,
so between two moments at which it sleeps it was given one exactly as often as its voluntary and
involuntary context switches have grown. Each of these is one wait in the run queue.

On some virtual machines (Firecracker guests whose process 1 belongs to the machine) BPF programs do
not run while a thread of process 1 is the current one, so that nobody can see what it does or that
it hands the CPU over. How often that may have happened is counted with the truth, as `unseen`; on
other machines process 1 hardly ever runs.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import jsonschema

REPOSITORY = Path(__file__).resolve().parents[2]
TALLY = Path(os.environ.get("TALLY", REPOSITORY / "build" / "tally")).resolve()
WORKLOADS = Path(os.environ.get("TALLY_WORKLOADS", REPOSITORY / "build" / "tests")).resolve()
MAKER = REPOSITORY / "tests" / "containers" / "container"

# Below this cgroup, relative to the hierarchy's root, are all containers of this run of the tests.
PARENT = f"tally-live-{os.getpid()}"

CPUS = sorted(os.sched_getaffinity(0))

# An upper limit for whatever should be over in a moment, on a slow machine that is busy.
SOON = 90 if "TALLY_GUEST" in os.environ else 30


def hierarchy():
    """Where the version 2 cgroup hierarchy is mounted, with its root visible."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2" and fields[3] == "/":
            return Path(fields[4])
    raise RuntimeError("no version 2 cgroup hierarchy is mounted")


class Version1:
    """A cgroup hierarchy of version 1, by what /proc/PID/cgroup calls it. One of a controller must
    be mounted; one that has a name only ("name=...") is mounted here, and gone after unmount()."""

    def __init__(self, name):
        self.name = name
        self.is_ours = name.startswith("name=")
        if self.is_ours:
            self.root = Path(tempfile.mkdtemp(prefix="tally-live-"))
            try:
                self._mount()
            except BaseException:
                self.root.rmdir()
                raise
            return
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            fields = line.split()
            kind, _, options = fields[fields.index("-") + 1:]
            if kind == "cgroup" and fields[3] == "/" and name in options.split(","):
                self.root = Path(fields[4])
                return
        raise LookupError(f"no version 1 hierarchy of {name} is mounted")

    def _mount(self):
        subprocess.run(["mount", "-t", "cgroup", "-o", f"none,{self.name}", "cgroup", self.root],
                       check=True, timeout=SOON)

    def unmount(self):
        """The kernel removes a hierarchy some time after it is unmounted, but only if no cgroup was
        in it then, and one that was removed is in it a moment longer. So it may have to be mounted
        again for that."""
        if not self.is_ours:
            return

        def is_gone():
            return f":{self.name}:" not in Path("/proc/self/cgroup").read_text()

        def unmounted_and_gone():
            subprocess.run(["umount", self.root], check=True, timeout=SOON)
            deadline = time.monotonic() + 2
            while not is_gone() and time.monotonic() < deadline:
                time.sleep(0.01)
            if is_gone():
                return True
            self._mount()
            return False

        time.sleep(0.1)  # mostly long enough for that moment
        eventually(unmounted_and_gone, f"no hierarchy {self.name}")
        self.root.rmdir()


def argv(arguments):
    """Numbers and paths as words; bytes as they are."""
    return [word if isinstance(word, bytes) else str(word) for word in arguments]


def often(on_a_host, in_a_guest):
    """How often a workload does something. An emulated guest (tests/kernels) needs some twenty times as
    long for it."""
    return in_a_guest if "TALLY_GUEST" in os.environ else on_a_host


def in_all(usually, in_their_full_length):
    """How often, where more proves more but takes a minute: with TALLY_TESTS=all in full length."""
    return in_their_full_length if os.environ.get("TALLY_TESTS") == "all" else usually


def eventually(condition, what, within=SOON):
    """The first true value of condition(); fails if it takes too long."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


# Processes

# Every process that was launched and may still run.
launched = []


def launch(command, **options):
    """A process in a session of its own, which `kill_launched` ends if nothing else does."""
    process = subprocess.Popen(argv(command), start_new_session=True, **options)
    launched.append(process)
    return process


def ends_within(process, seconds):
    """Whether it does; said as soon as it has (Popen.wait() with a limit looks each 50 ms)."""
    if process.poll() is None:
        fd = os.pidfd_open(process.pid)
        try:
            select.select([fd], [], [], max(0, seconds))
        finally:
            os.close(fd)
    return process.poll() is not None


def kill_launched():
    """Kills every launched process that still runs, with its children. Their commands."""
    left = [process for process in launched if process.poll() is None]
    launched.clear()
    for process in left:
        remember_bpf_of(process)
        # Not waited for yet, so that the number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
    for process in left:
        process.wait()
    return [process.args for process in left]


# The kernel's counters


def status_of(task):
    """/proc/PID/task/TID/status as a dictionary; none if the thread has ended."""
    try:
        lines = (task / "status").read_bytes().split(b"\n")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return dict(line.split(b":\t", 1) for line in lines if b":\t" in line)


class Switches(dict):
    """Context switches by (pid, tid), as the host numbers them."""

    asleep = True  # all of these threads slept when they were read

    def __init__(self, pids):
        super().__init__()
        for pid in pids:
            tasks = Path(f"/proc/{pid}/task")
            for task in tasks.iterdir() if tasks.exists() else ():
                status = status_of(task)
                if status is None:
                    continue
                self[pid, int(task.name)] = int(status[b"voluntary_ctxt_switches"]) + int(
                    status[b"nonvoluntary_ctxt_switches"]
                )
                self.asleep = self.asleep and status[b"State"][:1] == b"S"

    def since(self, before):
        """What came on top of `before`, which must be of the same threads."""
        assert self.keys() == before.keys(), "threads have come or gone"
        grown = Switches(())
        grown.update((key, count - before[key]) for key, count in self.items())
        return grown

    @property
    def total(self):
        return sum(self.values())


def settle(containers):
    """Waits until every thread of all these containers sleeps, and has for a while; its counters
    then say everything. A list of Switches, one for each container."""
    past = []

    def asleep():
        now = [Switches(container.pids()) for container in containers]
        same, past[:] = now == past, now
        if not same:
            time.sleep(0.05)
        return same and all(each.asleep and each for each in now)

    eventually(asleep, "all threads of the containers asleep")
    return past


# Containers


class Contained:
    """A container by its cgroup: `cgroup` is the path from the hierarchy's root, `directory` where
    that is in the file system."""

    def locate(self, pid, version_1=None):
        """By one of its processes; in the version 2 hierarchy, or in that one of version 1."""
        lines = Path(f"/proc/{pid}/cgroup").read_bytes().rstrip(b"\n").split(b"\n")
        paths = dict(line.split(b":", 2)[1:] for line in lines)
        controllers = version_1.name if version_1 else ""
        self.cgroup = os.fsdecode(paths[controllers.encode()])
        root = version_1.root if version_1 else hierarchy()
        self.directory = Path(str(root) + self.cgroup)

    def pids(self):
        """All processes, in sub-cgroups too, as the host numbers them."""
        found = []
        for folder, _, _ in os.walk(self.directory):
            with contextlib.suppress(FileNotFoundError, OSError):
                found += Path(folder, "cgroup.procs").read_text().split()
        return sorted(int(pid) for pid in found)


class Container(Contained):
    """A running container whose process 1 is a workload. Its stdin and stdout are ours, unless the
    caller hands others over. It is in the version 2 hierarchy, or only in one of version 1."""

    def __init__(self, name, *command, cpu=None, parent=PARENT, stdin=None, stdout=None,
                 version_1=None):
        self.name = name
        self.input = self.output = None
        if stdin is None:
            stdin, self.input = os.pipe()
        if stdout is None:
            self.output, stdout = os.pipe()
        workload = WORKLOADS / f"workload_{command[0]}"
        if workload.exists():
            command = (workload.name, *command[1:])
            copy = ("--copy", workload)
        else:
            copy = ()
        pin = () if cpu is None else ("taskset", "-c", str(cpu))
        place = () if version_1 is None else ("--hierarchy", version_1.name)
        start = (*pin, MAKER, "start", name, "--cgroup-parent", parent, *place, *copy, "--",
                 *command)
        try:
            subprocess.run(argv(start), stdin=stdin, stdout=stdout, check=True, timeout=SOON)
            self.pid = int(subprocess.check_output([MAKER, "pid", name], timeout=SOON))
            self.locate(self.pid, version_1)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(stdin)
            os.close(stdout)

    def go(self):
        """Sets the workload going."""
        os.write(self.input, b"x")

    def line(self):
        """The next line that the workload writes."""
        text = b""
        while not text.endswith(b"\n"):
            readable, _, _ = select.select([self.output], [], [], 2 * SOON)
            assert readable, "the workload does not finish"
            byte = os.read(self.output, 1)
            assert byte, f"the workload has ended, having said {text!r}"
            text += byte
        return text.decode()

    def exec(self, *command):
        return subprocess.check_output([MAKER, "exec", self.name, "--", *command], timeout=SOON)

    def stop(self):
        """Removes it; a second time does nothing."""
        try:
            subprocess.run([MAKER, "stop", self.name], check=True, timeout=SOON)
        finally:
            fds, self.input, self.output = (self.input, self.output), None, None
            for fd in fds:
                if fd is not None:
                    os.close(fd)


@contextlib.contextmanager
def starting():
    """start(NAME, WORKLOAD, ARGUMENT...) makes a container. All are stopped at the end, even if one
    of them cannot be."""
    with contextlib.ExitStack() as started:

        def start(*arguments, **options):
            container = Container(*arguments, **options)
            started.callback(container.stop)
            return container

        yield start


def start_pair(start, bytes_each_way, cpus):
    """Containers `left` and `right`, by start(), that send each other so many bytes one at a time,
    on these CPUs. left.go() sets both going."""
    to_left, to_right = os.pipe(), os.pipe()
    go = os.dup(to_left[1])
    left = start("left", "pingpong", "first", bytes_each_way, cpu=cpus[0],
                 stdin=to_left[0], stdout=to_right[1])
    left.input = go
    right = start("right", "pingpong", "second", cpu=cpus[1],
                  stdin=to_right[0], stdout=to_left[1])
    return left, right


# Runs of tally

SCHEMA = REPOSITORY / "docs" / "output.schema.json"


def make_validator():
    schema = json.loads(SCHEMA.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=jsonschema.FormatChecker())


def parse(text):
    """JSON lines as a list, each of them (in a guest, each of the last few) valid against the schema."""
    validator = parse.validator = getattr(parse, "validator", None) or make_validator()
    assert text.endswith(b"\n") or not text, "the last line is cut"
    records = [json.loads(line) for line in text.decode("utf-8").splitlines()]
    for record in records[-often(len(records), 10):]:
        validator.validate(record)
    return records


# The start line, in text and in JSON; and how a line about losses begins, and that of what had begun
# before the start; and that of containers that somebody else has elsewhere.
BESIDE_THE_DATA = re.compile(r"tally: ([a-z]+( is measuring|: )|\d+ processes? of containers )")


def has_key(record, key):
    return all(name in record["key"] and record["key"][name] == key[name] for name in key)


class Result:
    """What a run of tally has left."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def records(self):
        if not hasattr(self, "_records"):
            self._records = parse(self.out)
            assert self._records and self._records[-1]["type"] == "end", "no end record"
        return self._records

    def histograms(self, scope, **key):
        """Records of a scope whose key holds at least these values."""
        return [
            record
            for record in self.records
            if record["type"] == "histogram" and record["scope"] == scope and has_key(record, key)
        ]

    def events(self, **members):
        """Records of events with these members."""
        return [
            record
            for record in self.records
            if record["type"] == "event"
            and all(record[name] == value for name, value in members.items())
        ]

    def total(self, **key):
        """The one total record of this key."""
        found = self.histograms("total", **key)
        assert len(found) == 1, f"{len(found)} totals for {key}"
        return found[0]

    @property
    def end(self):
        return self.records[-1]

    @property
    def lost(self):
        """Everything lost by reason, as far as there is any; but for events of cgroups, which are those of
        the whole machine, so that others can make them too many."""
        return {reason: count for reason, count in self.end["lost"].items()
                if count and reason != "cgroup_event"}

    @property
    def sentence(self):
        """What went wrong: the one line on stderr, but for the one that says that it runs and those
        about losses."""
        text = self.err.decode("utf-8")
        assert text.endswith("\n"), text
        lines = [line for line in text.splitlines() if not BESIDE_THE_DATA.match(line)]
        assert len(lines) == 1 and lines[0].startswith("tally: "), text
        return lines[0]


def buckets_of(record):
    return {(bucket["ge"], bucket["lt"]): bucket["count"] for bucket in record["buckets"]}


class Run:
    """A tally that runs. Its output goes to files: a full pipe would stop it."""

    def __init__(self, *arguments, until_ready=True, program=(TALLY,), stdin=subprocess.DEVNULL,
                 stdout=None, stderr=None, **options):
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        ready, announce = os.pipe()
        # Not a number that a shell in between might use.
        write_end = fcntl.fcntl(announce, fcntl.F_DUPFD_CLOEXEC, 50)
        os.close(announce)
        if until_ready:
            tool, *others = arguments
            arguments = (tool, "--ready-fd", write_end, *others)
        self.process = launch(
            (*program, *arguments),
            stdin=stdin,
            stdout=self._out if stdout is None else stdout,
            stderr=self._err if stderr is None else stderr,
            pass_fds=(write_end,),
            **options,
        )
        os.close(write_end)
        try:
            if until_ready:
                self._wait_until_ready(ready)
                remember_bpf_of(self.process)
        finally:
            os.close(ready)

    def _wait_until_ready(self, fd):
        readable, _, _ = select.select([fd], [], [], SOON)
        said = os.read(fd, 100) if readable else b"nothing"
        if said != b"ready\n":
            self.process.kill()
            result = self.wait()
            raise AssertionError(f"--ready-fd got {said!r}; {result.status}, {result.err.decode()}")

    def wait(self, within=SOON):
        """The result, when it ends by itself."""
        deadline, pause = time.monotonic() + within, 0.05
        while not ends_within(self.process, min(pause, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.process.args, within)
            remember_bpf_of(self.process)
            pause *= 2
        status = self.process.returncode

        def text_of(file):
            file.seek(0)
            text = file.read()
            file.close()
            return text

        return Result(status, text_of(self._out), text_of(self._err))

    def end(self, number=signal.SIGTERM):
        """The result, when it ends by a signal."""
        remember_bpf_of(self.process)
        self.process.send_signal(number)
        return self.wait()

    def so_far(self):
        """What it has written to stdout by now."""
        return os.pread(self._out.fileno(), os.fstat(self._out.fileno()).st_size, 0)


def check_count(counted, expected, result):
    """All are counted. Kernels that may preempt a thread in a program (7.3) leave that program out for
    whoever runs on this CPU until it goes on: so many may be missing as tally says are."""
    assert expected - result.end["lost"]["missed_run"] <= counted <= expected, (counted, result.end)


def run(*arguments, status=0, **options):
    """A tally that ends by itself, with this status (None: any)."""
    result = Run(*arguments, until_ready=False, **options).wait()
    assert status in (None, result.status), result.err.decode()
    return result


class Measured:
    """What tally says about a workload, and what is true."""

    def __init__(self, result, switches, unseen):
        self.result = result
        self.switches = switches  # one for each container
        self.expected = [each.total for each in switches]
        self.unseen = unseen

    @property
    def missing(self):
        """How many waits nobody could see: one whose beginning and end are both unseen leaves no trace,
        so at most one for each switch of process 1; of the others tally says how many there are."""
        lost = self.result.end["lost"]
        return self.unseen + lost["unmatched_begin"] + lost["unmatched_end"]

    def check(self, count, expected, most=None):
        """count is `expected` (or from that to `most`), within 2, but for what nobody could see."""
        most = expected if most is None else most
        assert expected - 2 - self.missing <= count <= most + 2, (
            f"counted {count}, expected {expected} to {most}, perhaps unseen {self.unseen}, {self.result.end}"
        )


def measure(containers, *arguments, go=None, finish=lambda: None, statuses=(0,), tool="runqlat"):
    """Runs tally around a workload that comes to an end: everything in `containers` sleeps before
    and after. Sets the containers in `go` going (all if not given); finish() waits for more than
    that they sleep again. The run ends with one of `statuses`."""
    before = settle(containers)
    unseen = Switches([1])
    running = Run(tool, "--json", *arguments)
    for container in containers if go is None else go:
        container.go()
    finish()
    after = settle(containers)
    result = running.end()
    assert result.status in statuses, result.err.decode()
    switches = [now.since(past) for now, past in zip(after, before)]
    return Measured(result, switches, Switches([1]).total - unseen.total)


def keep_going(container, times=100):
    """Waits until a container that never comes to rest has been given a CPU so often."""
    before = Switches(container.pids())
    eventually(lambda: Switches(container.pids()).since(before).total >= times, "waits for a CPU")


def run_beside(container, *arguments, **options):
    """A tally that runs until that container has waited for a CPU often."""
    running = Run(*arguments, **options)
    keep_going(container)
    result = running.end()
    assert result.status == 0, result.err.decode()
    return result


# Terminals


class Terminal:
    """A pseudo-terminal of 50 lines of 160 characters, as the one of a process that is launched
    with its options. Closed before the end, it hangs up."""

    def __init__(self):
        self.main, other = os.openpty()
        termios.tcsetwinsize(other, (50, 160))
        self.text = b""
        self.options = {
            "stdin": other,
            "stdout": other,
            "stderr": other,
            "env": {**os.environ, "TERM": "xterm-256color"},
            "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        }
        self._other = other

    def launched(self):
        """From now on only the process holds the other end."""
        os.close(self._other)
        self._other = None

    def read(self, seconds):
        """Everything written so far, after so many seconds or when the other end is closed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([self.main], [], [], left)
            try:
                self.text += os.read(self.main, 65536) if readable else b""
            except OSError:  # the other end is closed
                break
        return self.text

    def close(self):
        os.close(self.main)


def screen_of(text):
    """The lines that a terminal high and wide enough shows after this text."""
    lines, row, column = [""], 0, 0
    for match in re.finditer(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\r)|(\n)|([^\r\n\x1b]+)", text):
        number, command, back, down, plain = match.groups()
        if back:
            column = 0
        elif down:
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif plain:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + plain + line[column + len(plain):]
            column += len(plain)
        elif command == "A":
            row = max(0, row - int(number or 1))
        elif command == "K":
            assert number in ("", "0")
            lines[row] = lines[row][:column]
        elif command == "J":
            assert number in ("", "0")
            lines[row] = lines[row][:column]
            del lines[row + 1:]
        else:
            assert command in "mhl", match.group()  # nothing that moves or erases
    return lines


# What BPF leaves in the kernel

# All that was seen in the hands of a process that a test has launched.
made = set()


def remember_bpf_of(process):
    """What it and its descendants hold now is of this test: nothing_left_in_the_kernel() asks for it."""
    if process.poll() is None:
        for pid in (process.pid, *descendants(process.pid)):
            made.update(held_by(f"/proc/{pid}"))


def descendants(pid):
    """Of all threads; as far as they are still there."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield child
                yield from descendants(child)


def left_in_the_kernel(suspects):
    """Those that are still loaded, and that no process holds."""
    left = suspects & loaded()
    return left - held() if left else left


# Commands of bpf(2) that give the next number after one.
NEXT = {"prog": 11, "map": 12, "link": 31}
SYSTEM_CALL = 321


def loaded():
    """Numbers of all BPF programs, links and maps in the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = set()
    for kind, command in NEXT.items():
        numbers = (ctypes.c_uint32 * 3)()  # what we have, what comes next, flags
        while libc.syscall(SYSTEM_CALL, command, numbers, ctypes.sizeof(numbers)) == 0:
            found.add((kind, numbers[1]))
            numbers[0] = numbers[1]
        assert ctypes.get_errno() == errno.ENOENT, os.strerror(ctypes.get_errno())
    return found


def held():
    """Those that a living process holds."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        found |= held_by(process)
    return found


def held_by(process):
    found = set()
    with contextlib.suppress(OSError):
        for file in (Path(process) / "fdinfo").iterdir():
            for line in file.read_text().splitlines():
                for kind in ("prog", "link", "map"):
                    if line.startswith(f"{kind}_id:"):
                        found.add((kind, int(line.split()[1])))
    return found
