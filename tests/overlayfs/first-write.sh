#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Who opens a file of the image for writing waits until all of it is copied, also if nothing is written.
# copies: file /big 20000000
. "$(dirname "$0")/layers.sh"

head -c 20000000 /dev/zero >lower/big
mount_overlay index=off,redirect_dir=off,metacopy=off

cat merged/big >/dev/null
holds 'reading copies nothing' [ ! -e upper/big ]
: >>merged/big
holds 'opening it for writing has copied 20,000,000 bytes' [ "$(size upper/big)" = 20000000 ]
echo x >>merged/big
holds 'the image has not changed' [ "$(size lower/big)" = 20000000 ]
