// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(mountsnoop);

namespace {

const tally::Registration registered{{
    .name = "mountsnoop",
    .object = TALLY_OBJECT(mountsnoop),
    .description =
        "Prints each call that creates, moves, changes or removes a mount (mount, umount2, "
        "pivot_root, move_mount, fsopen, fsconfig, fsmount, fspick, open_tree, mount_setattr) and "
        "each that creates or enters a namespace (unshare, setns, clone and clone3 with a new "
        "one), when it returns: the container, source and target, the flags by name, the error.",
    .examples =
        {
            {"tally mountsnoop", "how every container is set up, call by call"},
            {"tally mountsnoop --errors-only", "why a container does not start"},
            {"tally mountsnoop --json -- runc run web", "the calls of a runtime, for a script"},
        },
}};

}  // namespace
