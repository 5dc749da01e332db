# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""LXC. A container has a name and no id."""

import shutil
from pathlib import Path

import image
from runtime import Container, Runtime, call

FOLDER = Path("/var/lib/lxc")

CONFIG = """
lxc.uts.name = {name}
lxc.rootfs.path = dir:{root}
lxc.init.cmd = {command}
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed sys:ro
lxc.apparmor.profile = unconfined
"""


class Lxc(Runtime):
    title = reported = "lxc"
    programs = ("lxc-start",)
    packages = ("lxc",)
    parents = ("lxc.pivot",)
    getppids = 1

    def configure(self, name, command):
        (FOLDER / name).mkdir()
        (FOLDER / name / "config").write_text(
            CONFIG.format(name=name, root=image.root(), command=" ".join(command))
        )

    def start(self, name, *command):
        self.configure(name, command)
        return self.boot(name, command)

    def boot(self, name, command):
        call("lxc-start", "--name", name, "--daemon")
        return Container(name, command, int(call("lxc-info", "--name", name, "--pid", "-H")))

    def restart(self, container):
        call("lxc-stop", "--name", container.name, "--kill")
        return self.boot(container.name, container.command)

    def remove(self, container):
        call("lxc-stop", "--name", container.name, "--kill")
        shutil.rmtree(FOLDER / container.name)

    def run(self, name, *command):
        self.configure(name, command)
        call("lxc-start", "--name", name, "--foreground")
        shutil.rmtree(FOLDER / name)
