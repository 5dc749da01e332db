# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""One guest: booted under QEMU without KVM, what it has left, and what is wrong with that."""

import contextlib
import re
import shutil
import subprocess
import sys
import tarfile
import time
from xml.etree import ElementTree

import image

# In seconds: one that has not said a word for so long hangs. Each test says one when it ends, and none
# takes longer than half of this, even on a machine that has other things to do.
LIMIT = 400

# And in all, with all tests, on such a machine.
LIMIT_IN_ALL = 2400

# What the kernel says of itself when something is wrong with it.
SPLAT = re.compile(r"BUG:|WARNING:|\bOops\b|rcu.*stall|soft lockup|hung_task|blocked for more than|"
                   r"general protection|Kernel panic|kernel BUG at")

RESULTS_SIZE = 32 << 20


class Outcome:
    """What a guest has left: its exit status (None: it did not come to its end), its files, what it has
    said, for how many seconds it ran, how many tests passed, failed and were skipped, and all that is
    wrong."""

    def __init__(self, folder, kernel, seconds, status_of_qemu):
        self.kernel, self.seconds = kernel, seconds
        self.files = folder / "files"
        self.said = read(folder / "said")
        status = read(self.files / "status").strip()
        self.status = int(status) if status else None
        self.tests = counts_of(self.files / "junit.xml")
        self.skipped = reasons_of(self.files / "junit.xml")
        messages = read(self.files / "dmesg") + read(folder / "console")
        # The console has them without their time, and also what came after the last look at dmesg.
        said = dict.fromkeys(re.sub(r"^\[[^]]*\] ", "", line) for line in messages.splitlines())
        self.splats = [line for line in said if SPLAT.search(line)]
        self.faults = [f"the kernel says: {line}" for line in self.splats]
        if status_of_qemu is None:
            self.faults.append(f"it has said nothing for {LIMIT} s, or not ended after {LIMIT_IN_ALL}")
        elif self.status is None:
            self.faults.append(f"it ended without a status (QEMU: {status_of_qemu})")
        elif self.status != 0:
            self.faults.append(f"exit status {self.status}")
        if self.status is None:
            self.faults.append("the last lines of its console:\n" +
                               tail(read(folder / "qemu") + read(folder / "console"), 40))


def counts_of(report):
    """Of a JUnit report."""
    suite = ElementTree.parse(report).find("testsuite").attrib if report.exists() else {}
    number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    return {"failed": failed, "skipped": number["skipped"],
            "passed": number["tests"] - failed - number["skipped"]}


def reasons_of(report):
    """Why tests were skipped, and how many for each, of a JUnit report."""
    found = {}
    for skipped in ElementTree.parse(report).iter("skipped") if report.exists() else ():
        found[skipped.get("message")] = found.get(skipped.get("message"), 0) + 1
    return found


def read(file):
    return file.read_text(errors="replace") if file.exists() else ""


def tail(text, lines):
    return "\n".join(text.splitlines()[-lines:])


def drive(name, file, temporary):
    """A drive that the guest finds by its name. What is written to a temporary one is lost."""
    snapshot = ",snapshot=on" if temporary else ""
    return ("-drive", f"if=none,id={name},file={file},format=raw{snapshot}",
            "-device", f"nvme,drive={name},serial={name}")


def boot(guest, unpacked, archives, files, folder, stdio=False):
    """Boots a guest and waits for its end. `files` say what it does (guest/init). With stdio, what it
    says is said here, as it is said, and there is no limit."""
    own = image.guest_archive(unpacked, files, folder)
    initramfs = folder / "initramfs"
    with open(initramfs, "wb") as out:
        for each in (*archives, own):
            with open(each, "rb") as part:
                shutil.copyfileobj(part, out)
    results = folder / "results"
    with open(results, "wb") as out:
        out.truncate(RESULTS_SIZE)
    drives = drive("results", results, temporary=False)
    for kind in image.FILE_SYSTEMS:
        drives += drive(kind, image.file_system_image(kind), temporary=True)
    # By hand with QEMU's own keys: Ctrl-A x ends it.
    terminal = "mon:stdio" if sys.stdin.isatty() else "stdio"
    said = terminal if stdio else f"file:{folder}/said"
    command = (
        "qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", "1G",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", unpacked.image, "-initrd", initramfs,
        "-append", f"console=ttyS0 panic=-1 loglevel=5 cgroups={guest.cgroups}",
        "-serial", f"file:{folder}/console", "-serial", said, *drives,
    )
    begun = time.monotonic()
    with open(folder / "qemu", "wb") as errors:
        process = subprocess.Popen(tuple(map(str, command)), stderr=errors,
                                   stdin=None if stdio else subprocess.DEVNULL)
        try:
            status = process.wait() if stdio else wait_while_it_talks(process, folder / "said")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    initramfs.unlink()
    extract(results, folder / "files")
    return Outcome(folder, unpacked.version, time.monotonic() - begun, status)


def wait_while_it_talks(process, file):
    """Its exit status; None if it has not said anything for too long."""
    size, begun = 0, time.monotonic()
    last = begun
    while time.monotonic() - last < LIMIT and time.monotonic() - begun < LIMIT_IN_ALL:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)
        if file.exists() and file.stat().st_size != size:
            size, last = file.stat().st_size, time.monotonic()
    return None


def extract(results, folder):
    """The files in it; nothing else, and nowhere else: it was written by another kernel's root."""
    folder.mkdir()
    try:
        with tarfile.open(results) as files:
            for file in files:
                name = file.name.removeprefix("./")
                if file.isfile() and "/" not in name and not name.startswith("."):
                    with open(folder / name, "wb") as out:
                        shutil.copyfileobj(files.extractfile(file), out)
    except tarfile.TarError:
        pass  # nothing was written: that there is no status says it
