#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Locks (flock and fcntl) and inotify are about the overlay's file, so they outlive the copy-up (since
# Linux 4.19); before, they stayed with the file of the image.
# copies: file /file 4
. "$(dirname "$0")/layers.sh"

echo old >lower/file
mount_overlay index=off,redirect_dir=off,metacopy=off

python3 - <<'END'
import ctypes, fcntl, os, select
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init()
assert libc.inotify_add_watch(watch, b"merged/file", 2) >= 0  # IN_MODIFY
before = os.open("merged/file", os.O_RDONLY)
fcntl.flock(before, fcntl.LOCK_SH)
after = os.open("merged/file", os.O_RDWR)  # here it is copied up
try:
    fcntl.flock(after, fcntl.LOCK_EX | fcntl.LOCK_NB)
    raise SystemExit("NOT SO: the lock holds")
except BlockingIOError:
    print("ok: who opens it later meets the lock of who opened it before")
os.write(after, b"new")
assert select.select([watch], [], [], 5)[0], "NOT SO: the watch works"
print("ok: a watch of before tells of a write after the copy-up")
END
