# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What comes from Debian: the programs that boot guests, which are installed if they are missing, and
kernels, which are only downloaded, into a cache. Kernels that the configured sources do not offer are
asked for in other suites, on the mirror that they name."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

CACHE = Path(os.environ.get("TALLY_KERNELS") or Path(
    os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "tally", "kernels"))

# Each with a program or file that tells whether it is there.
PROGRAMS = {
    "qemu-system-x86": "qemu-system-x86_64",
    "busybox-static": "busybox",
    "bash-static": "bash-static",
    "cpio": "cpio",
    "kmod": "depmod",
    "e2fsprogs": "mkfs.ext4",
    "xfsprogs": "mkfs.xfs",
    "btrfs-progs": "mkfs.btrfs",
}

OTHER_SUITES = {
    "debian": ("bullseye", "trixie-backports"),
    "debian-security": ("bullseye-security",),
}

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Lists that are younger, in seconds, are not asked for again.
YOUNG = 12 * 3600


class Unavailable(Exception):
    """Something cannot be had; says why."""


def call(*command, **options):
    """Its output. Unavailable with the last line that it says, if it fails."""
    done = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise Unavailable(f"{command[0]}: {said[-1]}")
    return done.stdout


def path_of(program):
    """Also where a user's PATH does not lead."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def install_programs():
    missing = [package for package, program in PROGRAMS.items() if not path_of(program)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise Unavailable(f"install as root: apt-get install {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    call("apt-get", "update", "--quiet=2", env=environment)
    call("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *missing,
         env=environment)


class Apt:
    """Packages of the configured sources, or of a list of sources of our own."""

    def __init__(self, own_sources=None):
        self.options = []
        if own_sources is not None:
            folder = CACHE / "apt"
            for needed in ("lists/partial", "cache/archives/partial"):
                (folder / needed).mkdir(parents=True, exist_ok=True)
            (folder / "sources.list").write_text(own_sources)
            self.options = [
                "-o", f"Dir::Etc::SourceList={folder}/sources.list",
                "-o", "Dir::Etc::SourceParts=/dev/null",
                "-o", f"Dir::State::Lists={folder}/lists",
                "-o", f"Dir::Cache={folder}/cache",
            ]
        self.stamp = CACHE / ("configured.updated" if own_sources is None else "others.updated")

    def update(self):
        """Only root may do it for the configured sources; what is there from before may do."""
        if self.stamp.exists() and time.time() - self.stamp.stat().st_mtime < YOUNG:
            return
        if self.options or os.geteuid() == 0:
            # A suite that is gone must not be in the way of another.
            updated = subprocess.run(("apt-get", *self.options, "update", "--quiet=2"), check=False,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if updated.returncode == 0:
                self.stamp.touch()

    def find(self, pattern):
        """The newest package of such a name, as its fields; or None."""
        names = [name for name in call("apt-cache", *self.options, "pkgnames", "linux-image-").split()
                 if pattern.fullmatch(name)]
        if not names:
            return None
        text = call("apt-cache", *self.options, "show", "--no-all-versions", *names)
        packages = [dict(re.findall(r"^([A-Za-z-]+): (.*)$", part, re.MULTILINE))
                    for part in text.strip().split("\n\n")]
        newest = packages[0]
        for package in packages[1:]:
            if is_newer(package["Version"], newest["Version"]):
                newest = package
        return newest

    def download(self, names, folder):
        """Packages into a folder. The files."""
        for name in names:
            call("apt-get", *self.options, "download", "--quiet=2", name, cwd=folder)
        return sorted(folder.glob("*.deb"))


def sources():
    """The configured ones, and the others."""
    return Apt(), Apt(other_sources())


@contextlib.contextmanager
def locked():
    """Nobody else, in this process or in another one, changes the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_newer(version, other):
    return subprocess.run(("dpkg", "--compare-versions", version, "gt", other),
                          check=False).returncode == 0


def other_sources():
    """One line for each of the other suites, on the mirrors of the configured ones."""
    known = set(call("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)").splitlines())
    uris = [line.split(" ", 1)[1] for line in sorted(known) if line.startswith("Debian ")]
    lines = []
    for uri in uris:
        for suite in OTHER_SUITES.get(uri.rstrip("/").rsplit("/", 1)[-1], ()):
            lines.append(f"deb [signed-by={KEYRING}] {uri} {suite} main\n")
    return "".join(lines)


class KernelPackages:
    """The newest of a kernel: what they are, and where they come from."""

    def __init__(self, kernel):
        for apt in sources():
            apt.update()
            found = apt.find(kernel.package)
            if found:
                self.apt = apt
                self.identity = f"{found['Package']} {found['Version']}\n"
                # Newer ones are empty but for needing others that have the files.
                parts = re.findall(r"linux-(?:binary|modules)-\d\S+", found.get("Depends", ""))
                self.names = parts or [found["Package"]]
                return
        raise Unavailable("no package of this version in any suite asked")
