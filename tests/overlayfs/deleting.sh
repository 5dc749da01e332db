#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Deleting a file of the image copies nothing and frees nothing: a whiteout hides it.
# copies:
. "$(dirname "$0")/layers.sh"

head -c 20000000 /dev/zero >lower/big
mount_overlay index=off,redirect_dir=off,metacopy=off

rm merged/big
holds 'it is gone' [ ! -e merged/big ]
holds 'the image has it still' [ "$(size lower/big)" = 20000000 ]
holds 'what hides it is a device 0, 0' [ "$(stat -c '%F %t %T' upper/big)" = 'character special file 0 0' ]
