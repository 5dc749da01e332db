// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/container.h"

#include <fmt/format.h>

namespace tally {

std::string Owner::label() const {
    if (container) {
        std::string text;
        if (container->pod_namespace) {
            text += *container->pod_namespace + "/";
        }
        if (container->pod) {
            text += *container->pod + "/";
        }
        return text + container->name;
    }
    if (systemd_unit) {
        return *systemd_unit;
    }
    return cgroup ? *cgroup : fmt::format("unknown cgroup {}", root);
}

}  // namespace tally
