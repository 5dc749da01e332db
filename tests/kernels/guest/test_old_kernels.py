# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Kernels that count the memory of maps against RLIMIT_MEMLOCK (before Linux 5.11): the limit is raised
where that may be done, else the maps are smaller, and tally says so."""

import resource
from pathlib import Path

import pytest

from support import TALLY, parse, run
from test_system_calls import of_calls, values

pytestmark = pytest.mark.guest(since="5.10", before="5.11")

MIB = 1 << 20
UNLIMITED = resource.RLIM_INFINITY
SMALLER = "tally: maps are smaller, since this user may lock only 8192 KiB: raise the limit with ulimit -l unlimited"
FROM_5_10 = ("runqlat", "syslat", "syscount", "execsnoop")

PID_MAX = Path("/proc/sys/kernel/pid_max")


def limited(limit, *capabilities):
    """tally under such a limit, without these capabilities."""
    without = ",".join(f"-{name}" for name in capabilities)
    return ("prlimit", f"--memlock={limit}", "setpriv", f"--bounding-set={without}",
            f"--inh-caps={without}", TALLY)


def with_8_mib():
    return limited(8 * MIB, "sys_resource")


@pytest.fixture(autouse=True)
def memory_is_counted():
    """By whether a map fits under no limit at all."""
    result = run("execsnoop", "-d", "0.1", program=limited(4096, "sys_resource"), status=None)
    if result.status == 0:
        pytest.skip("this kernel does not count the memory of maps against RLIMIT_MEMLOCK")


@pytest.fixture(params=[32768, 4194304], ids=["small pid_max", "large pid_max"])
def pid_max(request):
    """4,194,304 is what systemd makes of it: an array by thread number would take 128 MiB."""
    before = PID_MAX.read_text()
    PID_MAX.write_text(str(request.param))
    yield
    PID_MAX.write_text(before)


@pytest.mark.parametrize("tool", FROM_5_10)
def test_eight_mib_are_enough(tool, pid_max):
    result = run(tool, "--json", "-d", "0.5", program=with_8_mib())
    assert SMALLER in result.err.decode().splitlines()


def test_smaller_maps_count_all(start, pid_max):
    """Of a known number of calls, none more and none less, also of threads that come and go."""
    result = of_calls(start, "children", 503, program=with_8_mib(),
                      arguments=("--by", "container,syscall"))
    assert values(result, container="neighbour", syscall="getppid")["calls"] == 20_011
    assert values(result, container="caller", syscall="wait4")["calls"] == 503
    assert not any(result.lost.values())


@pytest.mark.parametrize("tool", FROM_5_10)
def test_the_limit_is_raised_where_it_may_be(tool):
    result = run(tool, "--json", "-d", "0.5", "-v", program=("prlimit", "--memlock=65536", TALLY))
    assert "maps are smaller" not in result.err.decode()
    taken = [line for line in result.err.decode().splitlines() if line.startswith("tally: maps take ")]
    assert int(taken[0].split()[3]) > 8192


def test_the_soft_limit_is_raised_to_the_hard_one():
    program = ("prlimit", "--memlock=65536:8388608", *with_8_mib()[2:])
    assert SMALLER in run("syslat", "--json", "-d", "0.5", program=program).err.decode().splitlines()


@pytest.mark.parametrize("limit", [65536, 2 * MIB])
def test_what_does_not_fit_is_one_sentence(limit):
    result = run("syslat", program=limited(limit, "sys_resource"), status=1)
    assert result.sentence.startswith("tally: syslat needs ")
    assert result.sentence.endswith(
        f"but this user may lock only {limit // 1024}: raise the limit with ulimit -l unlimited")


def test_doctor():
    records = {each["name"]: each for each in
               parse(run("doctor", "--json", program=with_8_mib(), status=None).out)}
    assert records["memlock"]["status"] == "warn" and "smaller" in records["memlock"]["advice"]
    assert {records[tool]["status"] for tool in FROM_5_10} == {"ok"}
    raised = {each["name"]: each for each in parse(run("doctor", "--json", status=None).out)}
    assert raised["memlock"]["status"] == "ok"
