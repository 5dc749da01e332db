#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# With metacopy=on a change of owner or permissions copies no data. The first write does then.
# copies: metadata /big 0
# copies: data /big 20000000
. "$(dirname "$0")/layers.sh"

head -c 20000000 /dev/zero >lower/big
mount_overlay redirect_dir=on,metacopy=on

chmod 600 merged/big
holds 'the file above has no blocks' [ "$(stat -c %b upper/big)" -lt 100 ]
holds 'it has the new permissions' [ "$(stat -c %a merged/big)" = 600 ]
holds 'and all of the content' same merged/big lower/big
echo x >>merged/big
holds 'the first write has copied 20,000,000 bytes' [ "$(stat -c %b upper/big)" -ge 39062 ]
