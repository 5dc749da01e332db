#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# Two names of one file of the image become two files when one of them is changed, but with index=on.
# copies: file /a 4
# copies: file /a 4
# copies: link /b 0
. "$(dirname "$0")/layers.sh"

echo old >lower/a
ln lower/a lower/b
mount_overlay index=off
holds 'two names of one file' [ "$(stat -c %i merged/a)" = "$(stat -c %i merged/b)" ]
echo new >>merged/a
holds 'the other name has the old content' same merged/b lower/b
holds 'they are two files' [ "$(stat -c %i merged/a)" != "$(stat -c %i merged/b)" ]
umount merged

rm -r upper work
mkdir upper work
mount_overlay index=on
echo new >>merged/a
holds 'with index=on the other name has the new content' same merged/a merged/b
chmod 600 merged/b
holds 'and stays the same file' [ "$(stat -c %i merged/a)" = "$(stat -c %i merged/b)" ]
