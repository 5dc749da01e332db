// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/container.h"

namespace tally {

std::string Container::label() const {
    std::string text;
    if (pod_namespace) {
        text += *pod_namespace + "/";
    }
    if (pod) {
        text += *pod + "/";
    }
    return text + name;
}

std::string Owner::label() const {
    if (container) {
        return container->label();
    }
    if (systemd_unit) {
        return *systemd_unit;
    }
    // Without its number: two rows are one if all their written fields are equal, and the number is
    // not written.
    return cgroup.value_or("unknown");
}

}  // namespace tally
