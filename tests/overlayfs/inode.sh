#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A file that is copied up keeps its inode number, since the copy remembers which file it is one of. Where
# the layers are on different file systems that the kernel cannot tell apart for ever (tmpfs has no UUID), it
# is another file from the next mount on: for tar, rsync or find after a restart of the container. So is a
# file that has several names, at once: hard-links.sh.
# copies: file /a 4
# copies: file /a 4
. "$(dirname "$0")/layers.sh"

number() {
    stat -c %i "$1"
}

echo old >lower/a
mount_overlay index=off,redirect_dir=off,metacopy=off
before=$(number merged/a)
echo new >>merged/a
holds 'it keeps its number' [ "$(number merged/a)" = "$before" ]
umount merged
mount_overlay index=off,redirect_dir=off,metacopy=off
holds 'and has it after the next mount' [ "$(number merged/a)" = "$before" ]
umount merged

upper_of_its_own 8M
mkdir -p upper-disk/so/that/numbers/of/both/are/not/the/same
mount_overlay index=off,redirect_dir=off,metacopy=off,xino=off
before=$(number merged/a)
echo new >>merged/a
holds 'on two file systems it keeps its number' [ "$(number merged/a)" = "$before" ]
umount merged
mount_overlay index=off,redirect_dir=off,metacopy=off,xino=off
holds 'until the next mount, if they are tmpfs' [ "$(number merged/a)" != "$before" ]
