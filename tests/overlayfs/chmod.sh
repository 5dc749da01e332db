#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A change of owner or permissions copies the data too. `chown -R` in a Dockerfile doubles what it is
# about; in an entry point it does so at each start of a container.
# copies: file /big 20000000
. "$(dirname "$0")/layers.sh"

head -c 20000000 /dev/zero >lower/big
mount_overlay index=off,redirect_dir=off,metacopy=off

chmod 600 merged/big
holds 'chmod has copied 20,000,000 bytes' [ "$(stat -c %b upper/big)" -ge 39062 ]
