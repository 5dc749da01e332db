# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Each kernel's tests pass, and the kernel has nothing to say against it; the documents say the same."""

import os

import pytest
import table
from conftest import ARGUMENTS
from kernels import KERNELS
from packages import Unavailable

NO_TESTS_COLLECTED = 5


def test_guest(guest, running):
    try:
        outcome = running[guest].result()
    except Unavailable as reason:
        if guest.kernel.must_run:
            raise
        pytest.skip(f"{guest.name}: {reason}")
    if ARGUMENTS and outcome.status == NO_TESTS_COLLECTED and not outcome.splats:
        pytest.skip(f"{guest.name}: none of the tests asked for is for it")
    if outcome.faults:
        pytest.fail("\n".join((f"{guest.name}:", *outcome.faults, "", outcome.said)), pytrace=False)


def test_some_test_ran(running):
    """Also of what was asked for: a word that no test has is a mistake."""
    outcomes = []
    for future in running.values():
        try:
            outcomes.append(future.result())
        except Unavailable:
            pass  # test_guest says so
    assert any(outcome.tests["passed"] + outcome.tests["failed"] for outcome in outcomes)


def test_the_table_of_the_documents(outcomes):
    """What docs/kernels.md says of the kernels that ran is what tally has said there."""
    made = table.committed()
    for guest, outcome in outcomes.items():
        if guest.cgroups == "v2" and (outcome.files / "probes.json").exists():
            made.add(guest.kernel.name, outcome.files)
    text = made.text(sorted((kernel.name for kernel in KERNELS), key=table.order))
    if "TALLY_WRITE_DOCS" in os.environ:
        table.write(text)
    assert table.parts_of_page()[1] == text, "tests/kernels/run --write-docs writes it anew"
