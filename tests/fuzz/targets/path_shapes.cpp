// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// A path of a cgroup, as the kernel or a runtime tells it; and OCI's cgroupsPath.
#include "container/path_shapes.h"

#include <algorithm>
#include <array>
#include <string>

#include "fuzz.h"

using namespace tally;

namespace {

void check_directory(std::string_view parent, std::string_view name) {
    const auto shape = directory_shape(parent, name);
    if (!shape) {
        return;
    }
    constexpr std::array<std::string_view, 7> kRuntimes = {
        "", "docker", "containerd", "cri-o", "podman", "lxc", "nspawn"};
    MUST(std::find(kRuntimes.begin(), kRuntimes.end(), shape->runtime) != kRuntimes.end());
    MUST(shape->id.has_value() != shape->name.has_value());
    if (shape->id) {
        MUST(is_long_id(*shape->id));
        MUST(name.find(*shape->id) != std::string_view::npos);
        MUST(short_id(*shape->id) == shape->id->substr(0, 12));
    } else {
        MUST(!shape->name->empty());
        MUST(!shape->runtime.empty());
        // Taken as it is, or with \xNN undone, which makes it shorter.
        MUST(shape->name->size() < name.size() || shape->name == name);
        MUST(name.find('\\') != std::string_view::npos ||
             name.find(*shape->name) != std::string_view::npos);
    }
}

void check_unit(std::string_view path) {
    const auto unit = find_systemd_unit(path);
    MUST(systemd_unit_of(path) == (unit ? std::optional(std::string(unit->name)) : std::nullopt));
    if (!unit) {
        MUST(!is_in_service(path));
        return;
    }
    MUST(unit->length <= path.size());
    MUST(unit->name.size() <= unit->length);
    MUST(path.substr(unit->length - unit->name.size(), unit->name.size()) == unit->name);
    MUST(unit->name.find('/') == std::string_view::npos);
    MUST(unit->name.rfind('.') != std::string_view::npos && unit->name.rfind('.') > 0);
    MUST(unit->length == path.size() || path[unit->length] == '/');
    MUST(!unit->name.ends_with(".service") || is_in_service(path));
}

void check_cgroups_path(std::string_view text) {
    const std::string path = expand_cgroups_path(text);
    MUST(path.starts_with('/'));
    MUST(!text.starts_with('/') || path == text);
    // A slice of 255 bytes lies in 127 others at the most.
    MUST(path.size() <= text.size() + 65'536);
}

}  // namespace

FUZZ_TARGET(path_shapes) {
    check_unit(bytes);
    check_cgroups_path(bytes);
    std::string_view parent;
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view name = rest.substr(0, end);
        check_directory(parent, name);
        check_directory("", name);
        MUST(!directory_shape(parent, ""));
        parent = name;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}
