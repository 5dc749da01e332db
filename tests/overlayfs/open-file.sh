#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Who has opened a file for reading before it is copied up reads the new content (since Linux 4.19). Who has
# mapped it does not: a mapping stays with the file of the image.
# copies: file /file 4
. "$(dirname "$0")/layers.sh"

echo old >lower/file
mount_overlay index=off,redirect_dir=off,metacopy=off

exec 3<merged/file
mapped='import mmap, sys
with open("merged/file", "rb") as file:
    memory = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)
    with open("merged/file", "r+b") as again:
        again.write(b"new\n")
    print((memory[:] + file.read()).decode(), end="")'
holds 'a mapping has the old content, and read() the new' [ "$(python3 -c "$mapped")" = 'old
new' ]
holds 'so has a descriptor that was opened before' [ "$(cat <&3)" = new ]
