// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "output/escape.h"
#include "util/error.h"

namespace tally {
namespace {

constexpr std::size_t kCommSize = 16;  // TASK_COMM_LEN

/// A new cgroup without a container's name is asked about again so many times: the runtime may
/// write its files a moment after it has made the cgroup.
constexpr std::size_t kMostUnnamed = 1024;

void check_exists(const char* option, std::uint32_t id) {
    // A thread has a directory there too, though it is not listed.
    if (::access(fmt::format("/proc/{}", id).c_str(), F_OK) != 0) {
        throw UsageError("{} {}: there is no such {}", option, id,
                         std::strcmp(option, "--pid") == 0 ? "process" : "thread");
    }
}

std::string names_of(const std::vector<Containers::Listed>& containers) {
    std::vector<std::string> names;
    for (const Containers::Listed& each : containers) {
        names.push_back(escape_text(each.owner.label()));
        if (names.size() == 20 && containers.size() > 20) {
            names.push_back(fmt::format("and {} more", containers.size() - 20));
            break;
        }
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Target::Target(TargetRequest request) : request_(std::move(request)) {
    for (const std::uint32_t pid : request_.pids) {
        check_exists("--pid", pid);
    }
    for (const std::uint32_t tid : request_.tids) {
        check_exists("--tid", tid);
    }
}

void Target::configure(Tracer& tracer) const {
    tracer.set_constant("target_by_cgroup", needs_cgroups());
    tracer.set_constant("target_by_pid", !request_.pids.empty());
    tracer.set_constant("target_by_tid", !request_.tids.empty());
    tracer.set_constant("target_by_comm", !request_.comms.empty());
}

bool Target::is_wanted(const Container& container) const {
    return std::any_of(
        request_.containers.begin(), request_.containers.end(),
        [&](const std::string& wanted) { return Containers::matches(container, wanted); });
}

void Target::add_subtree(Tracer& tracer, const Containers& containers, CgroupId root) {
    for (const CgroupId each : containers.subtree(root)) {
        if (members_.insert(each).second) {
            tracer.add_to_set("target_cgroups", &each);
        }
    }
}

void Target::install(Tracer& tracer, Containers& containers) {
    for (const std::uint32_t pid : request_.pids) {
        tracer.add_to_set("target_pids", &pid);
    }
    for (const std::uint32_t tid : request_.tids) {
        tracer.add_to_set("target_tids", &tid);
    }
    for (const std::string& wanted : request_.comms) {
        std::array<char, kCommSize> comm{};
        std::copy_n(wanted.data(), std::min(wanted.size(), kCommSize - 1), comm.data());
        tracer.add_to_set("target_comms", comm.data());
    }
    for (const std::string& path : request_.cgroups) {
        const auto found = containers.find_cgroup(path);
        if (!found) {
            throw UsageError(
                "--cgroup {}: there is no such cgroup, neither in the file system nor from the "
                "hierarchy's root",
                escape_text(path));
        }
        add_subtree(tracer, containers, *found);
    }
    if (request_.containers.empty()) {
        return;
    }
    const std::vector<Containers::Listed> all = containers.list();
    for (const std::string& wanted : request_.containers) {
        std::vector<Containers::Listed> found;
        for (const Containers::Listed& each : all) {
            if (Containers::matches(*each.owner.container, wanted)) {
                found.push_back(each);
                add_subtree(tracer, containers, each.owner.root);
            }
        }
        if (found.empty()) {
            throw UsageError("--container {}: there is no such container; {}{}",
                             escape_text(wanted),
                             all.empty() ? "no container runs here" : "there are ", names_of(all));
        }
        if (found.size() > 1) {
            fmt::print(stderr, "tally: '{}' means {} containers: {}\n", escape_text(wanted),
                       found.size(), names_of(found));
        }
    }
}

void Target::add_births(Tracer& tracer, Containers& containers,
                        const std::vector<CgroupBirth>& births) {
    if (!needs_cgroups()) {
        return;
    }
    for (const CgroupBirth& birth : births) {
        if (members_.count(birth.parent) != 0) {
            // The kernel has added it, unless its parent was added here only afterwards.
            add_subtree(tracer, containers, birth.id);
        } else if (!request_.containers.empty()) {
            unnamed_.push_back(birth.id);
        }
    }
    if (unnamed_.size() > kMostUnnamed) {
        unnamed_.erase(unnamed_.begin(), unnamed_.end() - kMostUnnamed);
    }
    std::erase_if(unnamed_, [&](CgroupId id) {
        const Owner& owner = containers.owner_of(id);
        if (!owner.container) {
            return false;  // perhaps not yet
        }
        if (is_wanted(*owner.container)) {
            add_subtree(tracer, containers, owner.root);
        }
        return true;
    });
}

}  // namespace tally
