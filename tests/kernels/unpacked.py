# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""A kernel's files, out of its packages: what QEMU boots, and modules in the order in which they load."""

import lzma
import shutil
import struct
import subprocess
from pathlib import Path

from packages import CACHE, KernelPackages, Unavailable, call, locked, path_of

XZ = b"\xfd7zXZ"


class Unpacked:
    """Files of a kernel. Taken from the cache if they are those of the newest package, or if none can
    be downloaded."""

    def __init__(self, kernel):
        self.folder = CACHE / "unpacked" / kernel.name
        with locked():
            try:
                packages = KernelPackages(kernel)
                if self._origin() != packages.identity:
                    self._unpack(packages)
            except Unavailable:
                if not self._origin():
                    raise
        (modules,) = [*self.folder.glob("lib/modules/*"), *self.folder.glob("usr/lib/modules/*")]
        self.version = modules.name
        self._base = modules.parents[2]
        self.image = self.folder / "image"

    def _origin(self):
        file = self.folder / "origin"
        return file.read_text() if file.exists() else None

    def _unpack(self, packages):
        new = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for file in packages.apt.download(packages.names, new):
            call("dpkg", "-x", file, new)
            file.unlink()
        (modules,) = [*new.glob("lib/modules/*"), *new.glob("usr/lib/modules/*")]
        # Debian ships no modules.dep: an installation makes it.
        call(path_of("depmod"), "-b", modules.parents[2], modules.name)
        (kernel,) = [*new.glob("boot/vmlinuz-*"), *modules.glob("vmlinuz")]
        (new / "image").write_bytes(bootable(kernel.read_bytes()))
        (new / "origin").write_text(packages.identity)
        shutil.rmtree(self.folder, ignore_errors=True)
        new.rename(self.folder)

    def modules(self, name):
        """(name, content) of a module, after those that it needs. None where it is built in, or where
        this kernel does not have it."""
        shown = subprocess.run(
            (path_of("modprobe"), "-d", self._base, "-S", self.version, "--show-depends", name),
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        files = [Path(line.split()[1]) for line in shown.stdout.splitlines()
                 if line.startswith("insmod ")]
        return [(file.name.split(".")[0], content_of(file)) for file in files]


def content_of(module):
    """The guests need no decompressor."""
    content = module.read_bytes()
    return lzma.decompress(content) if content.startswith(XZ) else content


def bootable(image):
    """What QEMU boots fastest: of an image that is compressed by xz, the ELF file that is in it, which
    saves a guest three seconds of decompression; else the image. Offsets of the header are those of
    Documentation/arch/x86/boot.rst."""
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[(setup_sectors + 1) * 512 + offset:][:length]
    # The last four bytes are the length of what comes out.
    return lzma.LZMADecompressor().decompress(payload) if payload.startswith(XZ) else image
