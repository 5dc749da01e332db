#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A file that does not fit into the upper layer can be read and deleted, but not changed at all.
# copies: file /big ENOSPC
# copies: file /big ENOSPC
. "$(dirname "$0")/layers.sh"

head -c 20000000 /dev/zero >lower/big
upper_of_its_own 8M
mount_overlay index=off,redirect_dir=off,metacopy=off

holds 'chmod fails for lack of space' fails chmod 600 merged/big
holds 'nor can a byte be written' fails sh -c 'echo x >>merged/big'
holds 'nobody sees the part that was copied' [ ! -e upper-disk/upper/big ]
holds 'its space is free again' [ "$(df --output=used -k upper-disk | tail -n 1)" -lt 1000 ]
holds 'deleting works' rm merged/big
