# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What a tracer costs for each event: BPF run statistics of its programs, while a workload runs."""
import contextlib
import ctypes
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# Some peers look for tracepoints in one place only; where nobody mounted that, they get a mount of
# their own. To be put before their command.
WITH_TRACEFS = ["unshare", "-m", "sh", "-c", """
[ -d /sys/kernel/debug/tracing/events ] ||
    { mount -t debugfs nodev /sys/kernel/debug &&
      { [ -d /sys/kernel/debug/tracing/events ] ||
        mount -t tracefs nodev /sys/kernel/debug/tracing; }; } || exit
exec "$@"
""", "sh"]


class Failure(Exception):
    pass


@contextlib.contextmanager
def run_statistics():
    """Counts time and runs of every BPF program. The kernel stops when the descriptor is closed,
    so it is as before however this ends."""
    bpf = {"x86_64": 321, "aarch64": 280}[platform.machine()]
    enable_stats, run_time = 32, 0
    attributes = (ctypes.c_uint32 * 32)(run_time)
    fd = ctypes.CDLL(None, use_errno=True).syscall(bpf, enable_stats, attributes, 128)
    if fd < 0:
        raise Failure(f"BPF_ENABLE_STATS: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.close(fd)


def program_names():
    shown = subprocess.run(["bpftool", "-j", "prog", "show"], check=True, capture_output=True)
    return {each["id"]: each.get("name", "") for each in json.loads(shown.stdout)}


class Hooks:
    """Where the programs of a tracer are, and how often each runs for one event."""

    def __init__(self, weights, without=()):
        self.weights = weights
        self.without = without

    def of(self, name):
        """By the program's name, which the kernel cuts at 15 bytes."""
        if any(each in name for each in self.without):
            return None
        return next((hook for hook in self.weights if hook in name), None)

    def total(self, cost):
        return sum(weight * cost[hook] for hook, weight in self.weights.items())


class Tracer:
    """A running command that has BPF programs at these hooks."""

    def __init__(self, command, hooks, env=None):
        self.command = command
        self.hooks = hooks
        self.process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.names = {}

    def __enter__(self):
        end = time.monotonic() + 20
        try:
            while not self.runs():
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failure(f"{self.command[0]} does not run")
                time.sleep(0.05)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def runs(self):
        """Ready is who has counted something at every hook: no CPU is ever without events."""
        counts = self.counts()
        return all(counts.get(hook, (0, 0))[1] > 0 for hook in self.hooks.weights)

    def counts(self):
        """{hook: (nanoseconds, runs)}, from the descriptors of the programs that it holds."""
        found = {}
        directory = f"/proc/{self.process.pid}/fd"
        with contextlib.suppress(FileNotFoundError):
            for fd in os.listdir(directory):
                with contextlib.suppress(FileNotFoundError):
                    if "bpf-prog" not in os.readlink(f"{directory}/{fd}"):
                        continue
                    info = pathlib.Path(f"/proc/{self.process.pid}/fdinfo/{fd}").read_text()
                    fields = dict(re.findall(r"^(\w+):\t(\d+)$", info, re.M))
                    found[int(fields["prog_id"])] = (int(fields["run_time_ns"]),
                                                     int(fields["run_cnt"]))
        if any(program not in self.names for program in found):
            self.names = program_names()
        sums = {}
        for program, counted in found.items():
            hook = self.hooks.of(self.names.get(program, ""))
            if hook:
                sums[hook] = tuple(map(sum, zip(sums.get(hook, (0, 0)), counted)))
        return sums

    def cost(self, workload):
        """Nanoseconds for a run at each hook while the workload runs."""
        before = self.counts()
        subprocess.run(workload, check=True, stdout=subprocess.DEVNULL)
        after = self.counts()
        return {hook: (after[hook][0] - before[hook][0]) / (after[hook][1] - before[hook][1])
                for hook in self.hooks.weights}


def middle(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def cost_rows(rows, hooks):
    """Medians of what was measured in each repeat; rows has one of each tracer, with one named empty."""
    empty = [hooks.total(cost) for cost in rows["empty"]]
    peer = [hooks.total(cost) for cost in rows.get("libbpf-tools", [])]
    table = {}
    for name, measured in rows.items():
        gross = [hooks.total(cost) for cost in measured]
        row = {hook: statistics.median(cost[hook] for cost in measured) for hook in hooks.weights}
        row["gross"] = middle(gross)
        row["net"] = statistics.median(gross) - statistics.median(empty)
        if peer and name != "empty":
            row["ratio"] = row["net"] / (statistics.median(peer) - statistics.median(empty))
            row["ratio_by_repeat"] = middle(
                [(g - e) / (p - e) for g, p, e in zip(gross, peer, empty)])
        table[name] = row
    return table


def print_costs(rows, hooks, workload):
    print(f"\nns by BPF run statistics, {workload}")
    print(f"{'':16}" + "".join(f"{hook:>7}" for hook in hooks.weights)
          + f"{'cost':>7}{'min - max':>12}{'net':>6}{'ratio':>7}  by repeat")
    for name, row in rows.items():
        gross = row["gross"]
        line = (f"{name:16}" + "".join(f"{row[hook]:7.0f}" for hook in hooks.weights)
                + f"{gross['median']:7.0f}{gross['min']:6.0f} -{gross['max']:5.0f}{row['net']:6.0f}")
        if "ratio" in row:
            by_repeat = row["ratio_by_repeat"]
            line += f"{row['ratio']:7.2f}  {by_repeat['min']:.2f} - {by_repeat['max']:.2f}"
        print(line)


def end_by(number, _):
    """Ends by an exception, so that all processes and cgroups go; once, so that nothing stops that."""
    for each in ENDS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)
