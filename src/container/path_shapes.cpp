// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/path_shapes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

namespace tally {

namespace {

enum class Body {
    id,         ///< between prefix and suffix: 64 hexadecimal digits
    name,       ///< the container's name
    unit_name,  ///< the same, escaped as in the name of a systemd unit
    none,       ///< looks like a container, but is not
};

struct Shape {
    std::string_view parent;  ///< the directory above; empty: any
    std::string_view prefix;
    std::string_view suffix;
    Body body;
    std::string_view runtime;  ///< empty with an id: still to be found out; with `none`: unused
};

// The first matching row decides. An id must fill everything between prefix and suffix, so the
// cgroups of conmon and of shims ("libpod-conmon-ID.scope") match no row.
constexpr std::array kShapes = {
    // systemd cgroup driver: PREFIX-ID.scope
    Shape{"", "docker-", ".scope", Body::id, "docker"},
    Shape{"", "cri-containerd-", ".scope", Body::id, "containerd"},
    Shape{"", "nerdctl-", ".scope", Body::id, "containerd"},
    Shape{"", "crio-", ".scope", Body::id, "cri-o"},
    Shape{"", "libpod-", ".scope", Body::id, "podman"},
    // cgroupfs driver
    Shape{"docker", "", "", Body::id, "docker"},
    Shape{"", "crio-", "", Body::id, "cri-o"},
    Shape{"", "libpod-", "", Body::id, "podman"},
    // podman --cgroups=split, below the cgroup that it was started from: a quadlet's service
    Shape{"", "libpod-payload-", "", Body::id, "podman"},
    // A podman pod; its containers are one below.
    Shape{"libpod_parent", "", "", Body::none, ""},
    // docker --cgroup-parent, containerd below Kubernetes' pods, nerdctl.
    Shape{"", "", "", Body::id, ""},
    // LXC 4 and later, LXC 4 with cgroup.relative, LXC before.
    Shape{"", "lxc.monitor", "", Body::none, ""},
    Shape{"", "lxc.pivot", "", Body::none, ""},
    Shape{"lxc.monitor", "", "", Body::none, ""},
    Shape{"", "lxc.payload.", "", Body::name, "lxc"},
    Shape{"lxc.payload", "", "", Body::name, "lxc"},
    Shape{"lxc", "", "", Body::name, "lxc"},
    // libvirt's machines: virtual machines, and its own containers, which only libvirt can name.
    Shape{"machine.slice", "machine-qemu\\x2d", ".scope", Body::none, ""},
    Shape{"machine.slice", "machine-lxc\\x2d", ".scope", Body::none, ""},
    Shape{"machine.slice", "machine-", ".scope", Body::unit_name, "nspawn"},
    Shape{"", "systemd-nspawn@", ".service", Body::unit_name, "nspawn"},
};

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/// Undoes systemd's \xNN. Its '-' for '/' stays as it is: names of machines have no slash, and in a
/// scope made by hand ("machine-my-web.scope") the dash is meant.
std::string unescape_unit(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x') {
            const int high = hex_value(text[at + 2]);
            const int low = hex_value(text[at + 3]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                at += 3;
                continue;
            }
        }
        out += text[at];
    }
    return out;
}

/// The part of `name` between prefix and suffix; none if they do not match or nothing is left.
std::optional<std::string_view> body_of(std::string_view name, const Shape& shape) {
    if (name.size() <= shape.prefix.size() + shape.suffix.size() ||
        !name.starts_with(shape.prefix) || !name.ends_with(shape.suffix)) {
        return std::nullopt;
    }
    name.remove_prefix(shape.prefix.size());
    name.remove_suffix(shape.suffix.size());
    return name;
}

/// Whether `name` is not just `suffix`: ".service" alone names no unit.
bool has_suffix(std::string_view name, std::string_view suffix) {
    return name.size() > suffix.size() && name.ends_with(suffix);
}

bool is_unit_with_processes(std::string_view name) {
    constexpr std::array<std::string_view, 5> kSuffixes = {".service", ".scope", ".socket",
                                                           ".mount", ".swap"};
    return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                       [&](std::string_view suffix) { return has_suffix(name, suffix); });
}

/// One directory of a path, and where it ends there.
struct Part {
    std::string_view name;
    std::size_t end = 0;
};

/// The last directory of the first `length` bytes of a path; its name is empty if there is none.
Part last_part(std::string_view path, std::size_t length) {
    std::size_t end = length;
    while (end > 0 && path[end - 1] == '/') {
        --end;
    }
    std::size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') {
        --begin;
    }
    return {path.substr(begin, end - begin), end};
}

}  // namespace

bool is_long_id(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex);
}

std::string short_id(std::string_view id) {
    return std::string(is_long_id(id) ? id.substr(0, 12) : id);
}

std::optional<DirectoryShape> directory_shape(std::string_view parent, std::string_view name) {
    // A runtime that was given systemd's form, SLICE:PREFIX:ID, but creates its cgroups itself. The
    // prefix may look like that of something with a name, whose name this is not.
    const std::size_t last = name.rfind(':');
    const std::size_t before = last == 0 ? std::string_view::npos : name.rfind(':', last - 1);
    if (last != std::string_view::npos && before != std::string_view::npos &&
        is_long_id(name.substr(last + 1))) {
        std::string scope(name.substr(before + 1));
        scope[last - before - 1] = '-';
        auto shape = directory_shape("", scope.append(".scope"));
        return shape && shape->id ? shape : std::nullopt;
    }
    for (const Shape& shape : kShapes) {
        if (!shape.parent.empty() && shape.parent != parent) {
            continue;
        }
        if (shape.body == Body::none && name == shape.prefix) {
            return std::nullopt;
        }
        const auto body = body_of(name, shape);
        if (!body || (shape.body == Body::id && !is_long_id(*body))) {
            continue;
        }
        if (shape.body == Body::none) {
            return std::nullopt;
        }
        DirectoryShape found;
        found.runtime = shape.runtime;
        if (shape.body == Body::id) {
            found.id = std::string(*body);
        } else if (shape.body == Body::name) {
            found.name = std::string(*body);
        } else {
            found.name = unescape_unit(*body);
        }
        return found;
    }
    return std::nullopt;
}

std::optional<UnitInPath> find_systemd_unit(std::string_view path) {
    std::optional<UnitInPath> slice;
    for (Part part = last_part(path, path.size()); !part.name.empty();
         part = last_part(path, part.end - part.name.size())) {
        if (is_unit_with_processes(part.name)) {
            return UnitInPath{part.name, part.end};
        }
        if (!slice && has_suffix(part.name, ".slice")) {
            slice = UnitInPath{part.name, part.end};
        }
    }
    return slice;
}

std::optional<std::string> systemd_unit_of(std::string_view path) {
    const auto unit = find_systemd_unit(path);
    return unit ? std::optional(std::string(unit->name)) : std::nullopt;
}

bool is_in_service(std::string_view path) {
    for (Part part = last_part(path, path.size()); !part.name.empty();
         part = last_part(path, part.end - part.name.size())) {
        if (has_suffix(part.name, ".service")) {
            return true;
        }
    }
    return false;
}

std::optional<std::uint32_t> user_of_slice(std::string_view path) {
    constexpr std::string_view kSlice = "/user.slice/user-";
    if (!path.starts_with(kSlice)) {
        return std::nullopt;
    }
    path.remove_prefix(kSlice.size());
    std::uint32_t user = 0;
    const auto read = std::from_chars(path.data(), path.data() + path.size(), user);
    path.remove_prefix(static_cast<std::size_t>(read.ptr - path.data()));
    const bool is_slice = path == ".slice" || path.starts_with(".slice/");
    return read.ec == std::errc() && is_slice ? std::optional(user) : std::nullopt;
}

std::optional<std::string> podman_pod_of(std::string_view path) {
    constexpr std::string_view kSlice = "libpod_pod_";
    const Part own = last_part(path, path.size());
    std::string_view above = last_part(path, own.end - own.name.size()).name;
    // cgroupfs: PODID/libpod-ID; systemd: machine-libpod_pod_PODID.slice/libpod-ID.scope.
    if (const std::size_t at = above.find(kSlice);
        at != std::string_view::npos && above.ends_with(".slice")) {
        above = above.substr(at + kSlice.size());
        above.remove_suffix(std::min<std::size_t>(above.size(), 6));
    }
    const bool is_pod = own.name.starts_with("libpod-") && is_long_id(above);
    return is_pod ? std::optional(std::string(above)) : std::nullopt;
}

std::string expand_cgroups_path(std::string_view text) {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    // No directory has a longer name; a slice of a million dashes would lie below all others.
    if (text.starts_with('/') || second == std::string_view::npos || first > NAME_MAX) {
        return text.starts_with('/') ? std::string(text) : "/" + std::string(text);
    }
    std::string_view slice = text.substr(0, first);
    const std::string_view prefix = text.substr(first + 1, second - first - 1);
    const std::string_view name = text.substr(second + 1);
    // runc and crun: no slice means system.slice.
    if (slice.empty()) {
        slice = "system.slice";
    }
    std::string path;
    // "a-b.slice" lies in "a.slice"; "-.slice" is the root.
    if (has_suffix(slice, ".slice") && slice != "-.slice") {
        const std::string_view stem = slice.substr(0, slice.size() - 6);
        for (std::size_t dash = stem.find('-'); dash != std::string_view::npos;
             dash = stem.find('-', dash + 1)) {
            path.append("/").append(stem.substr(0, dash)).append(".slice");
        }
    }
    if (slice != "-.slice") {
        path.append("/").append(slice);
    }
    if (has_suffix(name, ".slice")) {
        return path.append("/").append(name);
    }
    path.append("/");
    if (!prefix.empty()) {
        path.append(prefix).append("-");
    }
    return path.append(name).append(".scope");
}

}  // namespace tally
