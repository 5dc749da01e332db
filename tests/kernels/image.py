# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What a guest has: an initramfs of three archives. Debian's files that the tests need, the same for all
guests and kept in the cache; tally, its workloads and its tests; the modules of a kernel, and what is to
be done."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from packages import CACHE, Unavailable, call, locked, path_of

REPOSITORY = Path(__file__).resolve().parents[2]

# Whole packages, so that all is there that a test finds on a host; Python's with what they depend on.
PACKAGES = ("bash-static", "busybox-static", "coreutils", "util-linux", "findutils", "procps", "iproute2",
            "bpftool")
PYTHON_PACKAGES = ("python3-pytest", "python3-jsonschema")

KEPT_FOR = 24 * 3600  # seconds, in the cache

KEPT = re.compile(r"/(usr/)?(s?bin/|lib/python3)")
LEFT_OUT = re.compile(r"/(lib2to3|ensurepip|idlelib|test|tests|config-3[^/]*|__pycache__)/|"
                      r"/s?bin/(bridge|devlink|dcb|tc|tipc|rdma|vdpa)$")

# What scripts start most often is not linked dynamically, which costs an emulated machine most of the 50
# ms of the start of a small program: these are busybox, and every shell is bash-static.
APPLETS = ("awk", "cat", "chgrp", "chmod", "chown", "cp", "cut", "dirname", "dmesg", "env", "find", "grep",
           "head", "hostname", "insmod", "ln", "mkdir", "mknod", "mount", "mv",
           "pivot_root", "printf", "ps", "reboot", "rm", "rmdir", "sed", "sha256sum", "sleep", "stty", "sync",
           "tail", "tar", "taskset", "touch", "tr", "true", "umount", "which")

# As Debian has them: the places of before are links.
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
FOLDERS = ("dev", "etc", "guest", "mnt", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/sbin",
           "usr/lib", "usr/lib64", "usr/local/bin", "var/tmp")

# Of the repository, at /tally in the guest.
SHARED = ("tests/live", "tests/containers", "tests/kernels/guest", "tests/overlayfs", "docs/output.schema.json")

# Modules by what they are for. Loaded in each guest: for the drive that takes the results, and for the
# tests' containers and what joins their networks.
ALWAYS = {"always": ("nvme", "overlay", "veth")}
# Loaded when one is mounted. btrfs asks for its checksum by name, without a dependency.
FILE_SYSTEMS = {"ext4": ("ext4",), "xfs": ("xfs",), "btrfs": ("crypto-crc32c", "btrfs")}
# Likewise, and without a drive: client and server of a network file system.
NETWORK_FILE_SYSTEMS = {"nfs": ("nfsv4", "nfsd")}


def archive(folder, file):
    """A cpio archive of all that is in a folder, owned by root."""
    names = subprocess.run(("find", ".", "-mindepth", "1", "-print0"), cwd=folder, check=True,
                           stdout=subprocess.PIPE).stdout
    with open(file, "wb") as out:
        subprocess.run(("cpio", "--null", "--create", "--format=newc", "--owner=0:0", "--quiet"),
                       input=names, cwd=folder, check=True, stdout=out)


def copy(file, root):
    """To the same place below root, with the time of its last change, by which Python knows whether
    what it has compiled is current."""
    target = Path(f"{root}{os.path.realpath(Path(file).parent)}", Path(file).name)
    if not target.exists() and not target.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target, follow_symlinks=False)


def needed_by(packages):
    """These and those of Python that they depend on."""
    found, left = [], list(packages)
    while left:
        name = left.pop()
        asked = subprocess.run(("dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Pre-Depends} ${Depends}", name),
                               check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if name in found or not asked.stdout.startswith("ii"):
            continue  # an alternative that is not the one installed
        found.append(name)
        left += re.findall(r"(?:lib)?python3[a-z0-9.-]*", asked.stdout)
    return found


def libraries_of(files):
    """All that these programs and extension modules are linked with."""
    said = subprocess.run(("ldd", *files), check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    return sorted(set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", said, re.MULTILINE)))


def is_elf(file):
    if file.is_symlink() or not file.is_file():
        return False
    with open(file, "rb") as opened:
        return opened.read(4) == b"\x7fELF"


def debian_archive():
    """The archive of Debian's files, made again when a package has another version."""
    packages = [*PACKAGES, *needed_by(PYTHON_PACKAGES)]
    versions = call("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages)
    digest = hashlib.sha256((versions + Path(__file__).read_text()).encode()).hexdigest()[:16]
    file = CACHE / f"debian-{digest}.cpio"
    if file.exists():
        return file
    for old in CACHE.glob("debian-*"):
        if time.time() - old.stat().st_mtime > KEPT_FOR:  # another working tree may use it
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()
    root = Path(tempfile.mkdtemp(prefix="debian-", dir=CACHE))
    root.chmod(0o755)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for link, target in LINKS.items():
        (root / link).symlink_to(target)
    copied = []
    for name in call("dpkg-query", "-L", *packages).splitlines():
        path = Path(name)
        if KEPT.match(name) and not LEFT_OUT.search(name) and (path.is_symlink() or path.is_file()):
            copy(path, root)
            copied.append(path)
    for library in libraries_of(path for path in copied if is_elf(path)):
        copy(os.path.realpath(library), root)
        copy(library, root)
    subprocess.run(("/usr/bin/python3", "-m", "compileall", "-q", "-j2", "-s", root, root / "usr/lib"),
                   check=False, stdout=subprocess.DEVNULL)
    for shell in ("sh", "bash"):
        (root / "usr/bin" / shell).symlink_to("bash-static")
    for applet in APPLETS:
        (root / "usr/local/bin" / applet).symlink_to("/bin/busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                     "nobody:x:65534:65534:nobody:/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    new = root.with_suffix(".new")
    archive(root, new)
    shutil.rmtree(root)
    return new.rename(file)


def arguments_of(given):
    """Of the guest's pytest: what is given, and all that is marked for guests if no file is."""
    if any(re.match(r"[\w/.-]+\.py(::|$)", argument) for argument in given):
        return given
    files = [file for file in sorted((REPOSITORY / "tests/live").glob("test_*.py"))
             if "pytest.mark.guest" in file.read_text()]
    return ["-m", "guest", *given, "tests/kernels/guest",
            *(str(file.relative_to(REPOSITORY)) for file in files)]


def of_all_guests(folder):
    """The two archives that all guests share."""
    with locked():
        debian = debian_archive()
    return debian, project_archive(folder)


def project_archive(folder):
    """The archive of tally, where its tests look for it: the static program and its workloads, of the
    folder of the build, or of BUILD."""
    build = Path(os.environ.get("BUILD", REPOSITORY / "build"))
    program = build / "static/tally"
    if not program.exists():
        raise Unavailable(f"{program} does not exist: make static")
    root = folder / "project"
    target = root / "tally"
    for name in SHARED:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, target / name,
                            ignore=shutil.ignore_patterns("__pycache__", "workloads"))
        else:
            copy_to = target / name
            copy_to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, copy_to)
    (target / "build/tests").mkdir(parents=True)
    shutil.copy2(program, target / "build/tally")
    for workload in (build / "tests").glob("workload_*"):
        shutil.copy2(workload, target / "build/tests")
    (target / "build/tests/objects").mkdir()
    for each in (build / "tests/objects").glob("*.bpf.o"):
        shutil.copy2(each, target / "build/tests/objects")
    shutil.copy2(REPOSITORY / "tests/kernels/guest/init", root / "init")
    file = folder / "project.cpio"
    archive(root, file)
    return file


def guest_archive(unpacked, files, folder):
    """The archive of one guest: its kernel's modules, and the files that say what is to be done, which
    are found in /guest."""
    root = folder / "guest"
    modules = root / "guest/modules"
    modules.mkdir(parents=True)
    for purpose, names in {**ALWAYS, **FILE_SYSTEMS, **NETWORK_FILE_SYSTEMS}.items():
        order = []
        for module, content in (each for name in names for each in unpacked.modules(name)):
            (modules / f"{module}.ko").write_bytes(content)
            order.append(f"{module}\n")
        (modules / purpose).write_text("".join(order))
    for name, text in files.items():
        (root / "guest" / name).write_text(text)
    file = folder / "guest.cpio"
    archive(root, file)
    return file


def file_system_image(kind):
    """The image of an empty file system; not written to by guests."""
    file = CACHE / f"{kind}.img"
    with locked():
        if not file.exists():
            new = file.with_suffix(".new")
            with open(new, "wb") as opened:
                opened.truncate(320 << 20)  # xfs is no smaller than 300 MiB
            call(path_of(f"mkfs.{kind}"), "-q", new)
            new.rename(file)
    return file
