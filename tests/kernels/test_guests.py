# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Each kernel's tests pass, and the kernel has nothing to say against it."""

import pytest
from packages import Unavailable


def test_guest(guest, running):
    try:
        outcome = running[guest].result()
    except Unavailable as reason:
        if guest.kernel.must_run:
            raise
        pytest.skip(f"{guest.name}: {reason}")
    if outcome.faults:
        pytest.fail("\n".join((f"{guest.name}:", *outcome.faults, "", outcome.said)), pytrace=False)
