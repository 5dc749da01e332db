#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A directory of the image cannot be renamed (EXDEV), but with redirect_dir=on. mv(1) copies it instead,
# with all that is in it; many other programs fail.
# copies: directory /dir 0
# copies: directory /dir 0
. "$(dirname "$0")/layers.sh"

rename() {
    python3 -c 'import os, sys
try:
    os.rename(sys.argv[1], sys.argv[2])
except OSError as error:
    sys.exit(error.strerror)' "$1" "$2"
}

mkdir lower/dir
head -c 20000000 /dev/zero >lower/dir/big
mount_overlay redirect_dir=off,metacopy=off
holds 'rename(2) fails' fails rename merged/dir merged/new
mv merged/dir merged/new
holds 'mv has made a copy' [ "$(size upper/new/big)" = 20000000 ]
umount merged

rm -r upper work
mkdir upper work
mount_overlay redirect_dir=on,metacopy=off
holds 'with redirect_dir=on it can be renamed' rename merged/dir merged/new
holds 'what is in it is not copied' [ ! -e upper/new/big ]
holds 'and is there' same merged/new/big lower/dir/big
