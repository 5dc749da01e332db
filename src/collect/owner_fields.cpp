// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/owner_fields.h"

#include <optional>
#include <string>

namespace tally {
namespace {

Value text_or_null(const std::optional<std::string>& text) {
    return text ? Value(*text) : Value();
}

}  // namespace

std::vector<Field> owner_fields(const Owner& owner) {
    const std::optional<Container>& container = owner.container;
    const Value null;
    return {
        {"container", container ? Value(container->name) : null},
        {"container_id", container ? text_or_null(container->id) : null},
        {"runtime", container ? Value(container->runtime) : null},
        {"pod", container ? text_or_null(container->pod) : null},
        {"namespace", container ? text_or_null(container->pod_namespace) : null},
        {"systemd_unit", text_or_null(owner.systemd_unit)},
        {"cgroup", text_or_null(owner.cgroup)},
    };
}

}  // namespace tally
