# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What the tests ask of a runtime, and of a container that it runs."""

import os
import subprocess
import time

import containers
import support


class Runtime:
    """One runtime, and all that it needs to run containers; up() and down() are called once each.
    Containers have a name that is theirs alone among those that run."""

    title = None  # what the tests call it
    reported = None  # what tally calls it
    programs = ()  # where these are, it is installed
    packages = ()  # of Debian, that bring them
    parents = ()  # cgroups that it makes and never removes, from the root of each hierarchy
    can_rename = False  # rename(OLD, NEW) exists
    getppids = 2  # calls of getppid by its own program, which is in the container first: runc's

    def __init__(self):
        self.daemons = []

    def up(self):
        """Whatever must run or be there before the first container."""

    def down(self):
        """Undoes it, also if it did not get to its end."""
        for daemon in reversed(self.daemons):
            daemon.stop()

    def launch(self, *command, is_up):
        """A daemon, until down(); is_up is a command that succeeds when it answers."""
        self.daemons.append(Daemon(command))
        self.daemons[-1].wait_until(is_up)

    def start(self, name, *command):
        """A Container that runs in the background."""
        raise NotImplementedError

    def restart(self, container):
        """The Container of the same name that replaces it."""
        self.remove(container)
        return self.start(container.name, *container.command)

    def remove(self, container):
        raise NotImplementedError

    def run(self, name, *command):
        """A container from its beginning to its end; nothing of it is left then."""
        raise NotImplementedError


class Container(containers.Contained):
    """A container with a workload as process 1, as the caller knows it from the runtime."""

    def __init__(self, name, command, pid, identity=None, pod=None, namespace=None):
        self.name, self.command, self.pid = name, command, pid
        self.identity = identity  # the runtime's full id; None: it has none but the name
        self.pod, self.namespace = pod, namespace
        self.unit = None  # of systemd, where the path of the cgroup has one
        # The runtime's own program is in the container first, then a shell.
        program = command[1] if command[0] == "/bin/waiting" else None
        support.eventually(
            lambda: program is None or os.readlink(f"/proc/{pid}/exe") == program,
            f"{program} runs in {name}",
        )
        self.locate(pid)

    def go(self):
        """Sets the workload going, through what it has as standard input."""
        with open(f"/proc/{self.pid}/fd/0", "wb", buffering=0) as file:
            file.write(b"x")


def workload(name, *arguments):
    """The command of a container: a workload of the live tests, that waits for go()."""
    return ("/bin/waiting", f"/bin/workload_{name}", *(str(each) for each in arguments))


def call(*command, stdin=subprocess.DEVNULL, **options):
    """What a command writes. Its stderr is shown where it fails."""
    done = subprocess.run(support.argv(command), check=False, timeout=support.SOON, stdin=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}, {done.stderr.decode()}"
    return done.stdout.decode().strip()


class Daemon:
    """What it says is in `log`, which goes with everything else in /run."""

    def __init__(self, command):
        self.command = command
        self.log = f"/run/{os.path.basename(command[0])}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)

    def wait_until(self, is_up):
        deadline = time.monotonic() + support.SOON
        while subprocess.run(is_up, check=False, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode != 0:
            assert self.process.poll() is None, f"{self.command} has ended: {self.said()}"
            assert time.monotonic() < deadline, f"{self.command} does not answer: {self.said()}"
            time.sleep(0.02)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def stop(self):
        self.process.terminate()
        self.process.wait(support.SOON)
