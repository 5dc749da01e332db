# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The kernels of Debian that tally is tested on, and the guests that boot them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    """Debian's newest package of a version and a flavour. Which that is changes with each security
    update. One that `must_run` is in the suites of the release that this project is built on."""

    version: str
    flavour: str
    must_run: bool = False

    @property
    def name(self):
        return f"{self.version}-{self.flavour}"

    @property
    def package(self):
        """A pattern of the package's name."""
        return re.compile(rf"linux-image-{re.escape(self.version)}\.\S*-{self.flavour}-amd64")


@dataclass(frozen=True)
class Guest:
    """A virtual machine. Its cgroups are "v2", or "v1": the controllers cpu, memory and pids in
    hierarchies of version 1, and one of version 2, which has none, only beside them."""

    kernel: Kernel
    cgroups: str = "v2"

    @property
    def share(self):
        """Which part of the tests that need not run in every guest is for this one, of how many: (2, 3). The
        parts are shared by those that always run. None: none of them."""
        sharing = [guest for guest in GUESTS if guest.kernel.must_run and guest.cgroups == "v2"]
        return (sharing.index(self), len(sharing)) if self in sharing else None

    @property
    def name(self):
        return self.kernel.name if self.cgroups == "v2" else f"{self.kernel.name}-{self.cgroups}"


# In the order in which they are started: the slow ones first, two at a time.
KERNELS = (
    Kernel("6.1", "rt", must_run=True),
    Kernel("6.1", "cloud", must_run=True),
    Kernel("6.12", "cloud", must_run=True),
    Kernel("6.18", "cloud"),
    Kernel("7.3", "cloud"),
    Kernel("5.10", "cloud"),
)

# 6.12 and later, as Debian builds them, have no memory controller of version 1.
GUESTS = (*map(Guest, KERNELS), Guest(KERNELS[1], cgroups="v1"))
