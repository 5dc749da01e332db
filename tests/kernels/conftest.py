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
    arguments = os.environ["TALLY_GUEST_ARGUMENTS"].split("\n")
    arguments = [] if arguments == [""] else arguments
    packages.install_programs()
    for kind in image.FILE_SYSTEMS:
        image.file_system_image(kind)
    archives = image.of_all_guests(folder)
    packages.update_lists()

    def run(guest):
        unpacked = Unpacked(guest.kernel)
        own = folder / guest.name
        own.mkdir()
        files = {"arguments": "".join(f"{each}\n" for each in image.arguments_of(guest, arguments))}
        return virtual_machine.boot(guest, unpacked, archives, files, own)

    with ThreadPoolExecutor(AT_ONCE) as executor:
        futures = {guest: executor.submit(run, guest) for guest in chosen()}
        yield futures
        for future in futures.values():
            future.cancel()
