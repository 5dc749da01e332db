# shellcheck shell=sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# For the scripts beside it, which show what an overlay does with files of a lower layer, as root:
#
#   mount_overlay OPTIONS   an overlay of ./lower and ./upper at ./merged, in a new folder that is
#                           the current one and goes away at the end
#   holds 'WHAT' COMMAND    says WHAT, and ends the script with status 1 unless COMMAND succeeds
#   fails COMMAND           whether COMMAND fails; what it says about that is shown

set -eu

folder=$(mktemp -d)
cd "$folder"
mkdir lower upper work merged

# shellcheck disable=SC2329 # at the end
clean_up() {
    exec 3<&-
    cd /
    umount "$folder/merged" 2>/dev/null || true
    umount "$folder/upper-disk" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean_up EXIT

mount_overlay() {
    mount -t overlay -o "lowerdir=lower,upperdir=${upper:-upper},workdir=${work:-work}${1:+,$1}" overlay merged
}

# The upper layer on a file system of its own, of this size.
upper_of_its_own() {
    mkdir upper-disk
    mount -t tmpfs -o "size=$1" tmpfs upper-disk
    mkdir upper-disk/upper upper-disk/work
    upper=upper-disk/upper work=upper-disk/work
}

holds() {
    what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "NOT SO: $what ($*)"
        exit 1
    fi
}

fails() {
    ! "$@"
}

size() {
    stat -c %s "$1"
}

same() {
    [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]
}
