# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Installs from Debian what the runtimes need, in silence, and only what is missing. What cannot be
installed is said here, and its tests are skipped."""

import os
import shutil
import subprocess
from pathlib import Path

from runtimes import RUNTIMES

INSTALL = ("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends")


def missing(runtime):
    """The programs of a runtime that are not there."""
    return [program for program in runtime.programs
            if not shutil.which(program) and not Path(program).is_file()]


def install():
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    is_updated = False
    for runtime in RUNTIMES:
        if not missing(runtime):
            continue
        if not is_updated:
            # If it fails, what is needed may be there from the time before.
            subprocess.run(("apt-get", "update", "--quiet=2"), check=False, env=environment,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            is_updated = True
        done = subprocess.run((*INSTALL, *runtime.packages), check=False, env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if missing(runtime):
            said = done.stderr.strip().splitlines() or ["without a reason"]
            print(f"{runtime.title} cannot be installed: {said[-1]}", flush=True)


if __name__ == "__main__":
    install()
