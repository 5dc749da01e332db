// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(mountsnoop);

namespace {

const tally::Registration registered{{
    .name = "mountsnoop",
    .object = TALLY_OBJECT(mountsnoop),
    .description =
        "Tells of each call that makes, moves, changes or takes away a mount (mount, umount2, "
        "pivot_root, move_mount, fsopen, fsconfig, fsmount, fspick, open_tree, mount_setattr) "
        "and of each that makes or enters a namespace (unshare, setns, clone and clone3 with "
        "one), when it returns: whose it is, what and where, the flags by name, the error.",
    .examples =
        {
            {"tally mountsnoop", "the birth of every container, call by call"},
            {"tally mountsnoop --errors-only", "why a container does not start"},
            {"tally mountsnoop --json -- runc run web", "what a runtime does, for a script"},
        },
}};

}  // namespace
