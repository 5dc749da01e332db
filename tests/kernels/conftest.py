# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""All guests are booted in the background, two at a time; each is a test that waits for its end."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import guest as virtual_machine
import image
import packages
import pytest
from kernels import GUESTS
from unpacked import Unpacked

collect_ignore = ["guest"]

AT_ONCE = 2

# Of the guests' pytest.
ARGUMENTS = [argument for argument in os.environ["TALLY_GUEST_ARGUMENTS"].split("\n") if argument]

finished = {}


def chosen():
    names = os.environ["TALLY_GUESTS"].split("\n")
    return [guest for guest in GUESTS if guest.name in names]


def pytest_generate_tests(metafunc):
    if "guest" in metafunc.fixturenames:
        metafunc.parametrize("guest", chosen(), ids=[guest.name for guest in chosen()])


@pytest.fixture(scope="session")
def running():
    """A future of each guest's outcome."""
    folder = Path(os.environ["TALLY_GUEST_FOLDER"])
    packages.install_programs()
    archives = image.of_all_guests(folder)

    def run(guest):
        unpacked = Unpacked(guest.kernel)
        own = folder / guest.name
        own.mkdir()
        files = {"arguments": "".join(f"{each}\n" for each in image.arguments_of(ARGUMENTS))}
        if not ARGUMENTS and "TALLY_SHARED" in os.environ:
            files["share"] = " ".join(map(str, guest.share or ()))
        finished[guest] = virtual_machine.boot(guest, unpacked, archives, files, own)
        return finished[guest]

    with ThreadPoolExecutor(AT_ONCE) as executor:
        futures = {guest: executor.submit(run, guest) for guest in chosen()}
        yield futures
        for future in futures.values():
            future.cancel()


@pytest.fixture
def outcomes(running):
    """Of all guests that could be booted; none if they were asked for something else than all tests."""
    if ARGUMENTS and "TALLY_WRITE_DOCS" not in os.environ:
        pytest.skip("not all tests ran in the guests")
    found = {}
    for guest, future in running.items():
        try:
            found[guest] = future.result()
        except packages.Unavailable:
            pass  # test_guest says so
    return found


def pytest_terminal_summary(terminalreporter):
    if not finished:
        return
    lines = [("GUEST", "LINUX", "SECONDS", "PASSED", "FAILED", "SKIPPED", "")]
    for guest in chosen():
        if guest in finished:
            outcome = finished[guest]
            counts = (outcome.tests[each] for each in ("passed", "failed", "skipped"))
            lines.append((guest.name, outcome.kernel, f"{outcome.seconds:.0f}", *map(str, counts),
                          "ok" if not outcome.faults else "not ok"))
        else:
            lines.append((guest.name, "", "", "", "", "", "did not run"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for guest, outcome in finished.items():
        for reason, count in sorted(outcome.skipped.items()):
            terminalreporter.write_line(f"skipped in {guest.name}: {count}, {reason}")
    for line in lines:
        terminalreporter.write_line("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
