# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The runtimes that are tested, in this order."""

from containerd import Cri, Ctr
from docker import Docker
from lxc import Lxc
from nspawn import Nspawn
from podman import Podman
from runc import Runc

RUNTIMES = (Runc, Podman, Ctr, Cri, Docker, Lxc, Nspawn)
