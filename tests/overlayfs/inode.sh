#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A file that is copied up keeps its inode number, since the copy remembers which file it is one of, also
# after the next mount. Where the layers are on different file systems it keeps it as long as the overlay is
# mounted; whether it has it afterwards depends on what they are. A file that has several names gets
# another at once: hard-links.sh.
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
mount_overlay index=off,redirect_dir=off,metacopy=off,xino=off
before=$(number merged/a)
echo new >>merged/a
holds 'on two file systems it keeps its number, while it is mounted' [ "$(number merged/a)" = "$before" ]
