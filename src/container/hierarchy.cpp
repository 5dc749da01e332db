// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/hierarchy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "container/path_shapes.h"
#include "util/read_file.h"

namespace tally {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

/// The kernel writes space, tab, newline and backslash as \040 and so on (show_mountinfo).
std::string unescape_octal(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] <= '3' &&
            is_octal(text[at + 1]) && is_octal(text[at + 2]) && is_octal(text[at + 3])) {
            out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                     (text[at + 3] - '0'));
            at += 3;
        } else {
            out += text[at];
        }
    }
    return out;
}

/// The order of preference: systemd puts each of its units into pids and memory; its own hierarchy
/// has no controller and is the most expensive to look up.
constexpr std::array<std::string_view, 7> kPreferred{"pids",    "memory",  "cpu",  "cpuacct",
                                                     "devices", "freezer", "blkio"};

std::size_t preference(const Hierarchy& hierarchy) {
    if (hierarchy.is_unified()) {
        return 0;
    }
    if (hierarchy.controllers.empty()) {
        return kPreferred.size() + 2;
    }
    const auto* const found =
        std::find_first_of(kPreferred.begin(), kPreferred.end(), hierarchy.controllers.begin(),
                           hierarchy.controllers.end());
    return 1 + static_cast<std::size_t>(found - kPreferred.begin());
}

std::string processes(std::size_t count) {
    return count == 1 ? "1 process" : fmt::format("{} processes", count);
}

/// Calls take(number, controllers, path) for each line of /proc/PID/cgroup: "8:pids:/docker/3f".
template <typename Take>
void for_each_line(const std::string& text, Take take) {
    for (const std::string_view line : split(text, '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);  // first may be npos, which is -1
        std::uint32_t number = 0;
        if (first == std::string_view::npos || second == std::string_view::npos ||
            std::from_chars(line.data(), line.data() + first, number).ptr != line.data() + first) {
            continue;
        }
        take(number, line.substr(first + 1, second - first - 1), line.substr(second + 1));
    }
}

bool has_container_shape(std::string_view path) {
    std::string_view above;
    for (const std::string_view each : split(path, '/')) {
        if (!each.empty() && directory_shape(above, each)) {
            return true;
        }
        above = each;
    }
    return false;
}

/// Whether a process in this cgroup is in a container if it has its own pid namespace.
bool namespace_may_tell(const std::string& path) {
    return path != "/" && !is_in_service(path);
}

struct Mount {
    bool is_unified = false;
    std::vector<std::string_view> options;  ///< of version 1: controllers and name=... are there
    std::string mount_point;
};

std::vector<Mount> find_mounts(const std::string& mountinfo, MountRoot root) {
    std::vector<Mount> mounts;
    for (const std::string_view line : split(mountinfo, '\n')) {
        // id, parent, device, root, mount point, options, optional fields, "-", type, source, ...
        const auto fields = split(line, ' ');
        if (fields.size() < 9) {
            continue;
        }
        const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
        // Another root than "/" shows a part of the tree only (a bind mount, or a cgroup namespace
        // that is not ours).
        if (fields.end() - dash < 4 || (root == MountRoot::as_ours && fields[3] != "/") ||
            (dash[1] != "cgroup2" && dash[1] != "cgroup")) {
            continue;
        }
        mounts.push_back({dash[1] == "cgroup2", split(dash[3], ','), unescape_octal(fields[4])});
    }
    return mounts;
}

}  // namespace

bool Hierarchy::is_called(const std::string& word) const {
    if (is_unified()) {
        return word == "unified" || word == "v2";
    }
    return word == name || "name=" + word == name ||
           std::find(controllers.begin(), controllers.end(), word) != controllers.end();
}

std::string Hierarchy::label() const {
    return is_unified() ? "version 2" : name + " (version 1)";
}

std::vector<Hierarchy> find_hierarchies(const std::string& mountinfo,
                                        const std::string& own_cgroups, MountRoot root) {
    const std::vector<Mount> mounts = find_mounts(mountinfo, root);
    std::vector<Hierarchy> found;
    for_each_line(own_cgroups, [&](std::uint32_t number, std::string_view words, std::string_view) {
        const auto parts = split(words, ',');
        const auto mount = std::find_if(mounts.begin(), mounts.end(), [&](const Mount& each) {
            return number == 0 ? each.is_unified
                               : !each.is_unified &&
                                     std::all_of(parts.begin(), parts.end(), [&](auto part) {
                                         return std::find(each.options.begin(), each.options.end(),
                                                          part) != each.options.end();
                                     });
        });
        if (mount == mounts.end()) {
            return;
        }
        Hierarchy hierarchy{number, {}, "unified", mount->mount_point};
        if (number != 0) {
            hierarchy.name = words;
            for (const std::string_view part : parts) {
                if (!part.starts_with("name=")) {
                    hierarchy.controllers.emplace_back(part);
                }
            }
        }
        found.push_back(std::move(hierarchy));
    });
    std::stable_sort(found.begin(), found.end(), [](const Hierarchy& one, const Hierarchy& other) {
        return preference(one) < preference(other);
    });
    return found;
}

ProcessPlace parse_process_place(const std::string& cgroup, const std::string& status) {
    ProcessPlace place;
    for_each_line(cgroup, [&](std::uint32_t number, std::string_view, std::string_view path) {
        place.cgroups.emplace(number, path);
    });
    // The process's ids, from the pid namespace of /proc down to its own.
    constexpr std::string_view kNumbers = "\nNSpid:\t";
    const std::size_t numbers = status.find(kNumbers);
    if (numbers != std::string::npos) {
        const std::size_t begin = numbers + kNumbers.size();
        place.own_pid_namespace = status.find('\t', begin) < status.find('\n', begin);
    }
    return place;
}

std::vector<ProcessPlace> read_process_places(const std::string& proc) {
    std::vector<ProcessPlace> places;
    std::error_code error;
    std::filesystem::directory_iterator each(proc, error);
    for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
        const std::string pid = each->path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const auto cgroup = read_kernel_file(each->path() / "cgroup");
        if (!cgroup) {
            continue;
        }
        ProcessPlace place = parse_process_place(*cgroup, "");
        if (std::any_of(place.cgroups.begin(), place.cgroups.end(),
                        [](const auto& at) { return namespace_may_tell(at.second); })) {
            const auto status = read_kernel_file(each->path() / "status");
            place = parse_process_place(*cgroup, status.value_or(""));
        }
        places.push_back(std::move(place));
    }
    return places;
}

ContainerCensus take_census(const std::vector<ProcessPlace>& places) {
    // A cgroup with a process of the host at or below it is not a container by namespaces.
    std::set<std::pair<std::uint32_t, std::string>> with_host;
    for (const ProcessPlace& place : places) {
        if (place.own_pid_namespace) {
            continue;
        }
        for (const auto& [number, path] : place.cgroups) {
            std::string each = path;
            while (!each.empty() && with_host.emplace(number, each).second) {
                each.resize(each.rfind('/'));
            }
        }
    }
    ContainerCensus census;
    for (const ProcessPlace& place : places) {
        std::vector<std::uint32_t> told_by;
        for (const auto& at : place.cgroups) {
            const std::string& path = at.second;
            if (has_container_shape(path) ||
                (place.own_pid_namespace && namespace_may_tell(path) && !with_host.contains(at))) {
                told_by.push_back(at.first);
                ++census.processes[at.first];
            }
        }
        if (std::find(told_by.begin(), told_by.end(), 0U) == told_by.end()) {
            for (const std::uint32_t number : told_by) {
                ++census.not_unified[number];
            }
        }
    }
    return census;
}

HierarchyChoice choose_hierarchy(const std::vector<Hierarchy>& hierarchies,
                                 const ContainerCensus& census) {
    using Counts = std::map<std::uint32_t, std::size_t>;
    const auto count = [](const Counts& counts, const Hierarchy& hierarchy) {
        const auto found = counts.find(hierarchy.number);
        return found == counts.end() ? 0 : found->second;
    };
    // The first of several with the same count.
    const auto most_of = [&](const Counts& counts) -> const Hierarchy& {
        return *std::max_element(hierarchies.begin(), hierarchies.end(),
                                 [&](const Hierarchy& one, const Hierarchy& other) {
                                     return count(counts, one) < count(counts, other);
                                 });
    };
    const Hierarchy& first = hierarchies.front();
    const Hierarchy& most = most_of(census.processes);
    const std::string in_it =
        fmt::format("{} of containers in it", processes(count(census.processes, most)));
    if (!first.is_unified()) {
        return {most, in_it + "; version 2 is not mounted here with its root visible", ""};
    }
    if (hierarchies.size() == 1) {
        return {first, "version 1 is not mounted here with its root visible", ""};
    }
    if (census.processes.empty()) {
        return {first, "no container runs here, and runtimes use version 2 where it is mounted",
                ""};
    }
    if (count(census.processes, first) == 0) {
        return {most, in_it + ", and none in version 2", ""};
    }
    HierarchyChoice choice{first, "containers live in it", ""};
    const Hierarchy& other = most_of(census.not_unified);
    if (const std::size_t unseen = count(census.not_unified, other)) {
        choice.warning = fmt::format(
            "{} of containers {} only in cgroups of version 1 and not distinguished; "
            "--hierarchy {} shows those",
            processes(unseen), unseen == 1 ? "is" : "are", other.name);
    }
    return choice;
}

}  // namespace tally
