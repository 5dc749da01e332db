# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""systemd-nspawn without systemd, which would make machine-NAME.scope for the container; here that
is done by hand. In it nspawn makes `payload` for the container, and `supervisor` for itself."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import image
import support
from leftovers import hierarchies
from runtime import Container, Runtime

# Joins the scopes, then is nspawn.
ENTER = 'for scope; do [ "$scope" != -- ] || break; echo 0 >"$scope/cgroup.procs"; shift; done; ' \
        'shift; exec "$@"'


class Nspawn(Runtime):
    title = reported = "nspawn"
    programs = ("systemd-nspawn",)
    packages = ("systemd-container",)
    parents = ("machine.slice",)
    getppids = 0

    def scopes(self, name):
        """In each hierarchy where nspawn looks for its own cgroup."""
        return [root / "machine.slice" / f"machine-{name}.scope"
                for kind, root in hierarchies() if kind in ("unified", "name=systemd")]

    def launch(self, name, command):
        scopes = self.scopes(name)
        for scope in scopes:
            scope.mkdir(parents=True)
        nspawn = ("systemd-nspawn", "--quiet", "--directory", image.root(), "--read-only",
                  "--machine", name, "--register=no", "--keep-unit", "--private-network",
                  "--console=pipe", *command)
        return subprocess.Popen(support.argv(("sh", "-c", ENTER, "sh", *scopes, "--", *nspawn)),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, start_new_session=True)

    def start(self, name, *command):
        process = self.launch(name, command)

        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def workload():
            assert process.poll() is None, process.stderr.read().decode()
            with contextlib.suppress(FileNotFoundError):
                for pid in children.read_text().split():
                    if os.readlink(f"/proc/{pid}/exe") == command[1]:
                        return int(pid)
            return None

        made = Container(name, command, support.eventually(workload, f"{name} runs"))
        made.process = process
        made.unit = made.directory.parent.name
        # What belongs to the container is all of the scope.
        made.cgroup, made.directory = made.cgroup.removesuffix("/payload"), made.directory.parent
        return made

    def remove(self, container):
        os.kill(container.pid, signal.SIGKILL)
        self.finish(container.name, container.process)

    def finish(self, name, process):
        process.wait(support.SOON)
        process.stderr.close()
        for scope in self.scopes(name):
            for folder in (scope / "payload", scope / "supervisor", scope):
                with contextlib.suppress(FileNotFoundError):
                    support.eventually(lambda folder=folder: is_removed(folder), f"no {folder}")

    def run(self, name, *command):
        process = self.launch(name, command)
        said = process.stderr.read().decode()
        assert process.wait(support.SOON) == 0, said
        self.finish(name, process)


def is_removed(folder):
    """A cgroup can only be removed some time after its last process has ended."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
