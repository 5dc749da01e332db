// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "output/messages.h"
#include "util/error.h"
#include "util/read_file.h"

namespace tally {
namespace {

constexpr std::size_t kCommSize = 16;  // TASK_COMM_LEN

/// So many new cgroups, the latest, are asked about again.
constexpr std::size_t kMostUnmatched = 1024;

/// Whether `id` is a process, a thread of one, or nothing: a thread has a directory in /proc too,
/// though it is not listed.
void check_exists(const char* option, std::uint32_t id, bool process) {
    const auto status = read_kernel_file(fmt::format("/proc/{}/status", id));
    if (!status) {
        throw UsageError("{} {}: there is no such {}", option, id, process ? "process" : "thread");
    }
    if (process && status->find(fmt::format("\nTgid:\t{}\n", id)) == std::string::npos) {
        throw UsageError("{} {}: that is a thread, not a process; --tid measures it", option, id);
    }
}

void add(Tracer& tracer, const char* set, const void* key) {
    if (!tracer.add_to_set(set, key)) {
        throw UsageError("there are too many values for one option: {} at most",
                         tracer.max_entries(set));
    }
}

std::string names_of(const std::vector<Containers::Listed>& containers) {
    std::vector<std::string> names;
    for (const Containers::Listed& each : containers) {
        names.push_back(each.owner.label());
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
        check_exists("--pid", pid, true);
    }
    for (const std::uint32_t tid : request_.tids) {
        check_exists("--tid", tid, false);
    }
}

void Target::configure(Tracer& tracer, bool tree) const {
    tracer.set_tree(tree);
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
        if (members_.insert(each).second && !tracer.add_to_set("target_cgroups", &each)) {
            ++not_added_;
        }
    }
}

void Target::install(Tracer& tracer, Containers& containers) {
    for (const std::uint32_t pid : request_.pids) {
        add(tracer, "target_pids", &pid);
    }
    for (const std::uint32_t tid : request_.tids) {
        add(tracer, "target_tids", &tid);
    }
    for (const std::string& wanted : request_.comms) {
        std::array<char, kCommSize> comm{};
        std::copy_n(wanted.data(), std::min(wanted.size(), kCommSize - 1), comm.data());
        add(tracer, "target_comms", comm.data());
    }
    for (const std::string& path : request_.cgroups) {
        const auto found = containers.find_cgroup(path);
        if (!found) {
            throw UsageError(
                "--cgroup {}: there is no such cgroup, neither in the file system nor from the "
                "hierarchy's root",
                path);
        }
        add_subtree(tracer, containers, *found);
    }
    install_containers(tracer, containers);
    if (not_added_ != 0) {
        throw Error("the target has too many cgroups: {} at most",
                    tracer.max_entries("target_cgroups"));
    }
}

void Target::install_containers(Tracer& tracer, Containers& containers) {
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
            throw UsageError("--container {}: there is no such container; {}{}", wanted,
                             all.empty() ? "no container runs here" : "there are ", names_of(all));
        }
        if (found.size() > 1) {
            say(fmt::format("'{}' means {} containers: {}", wanted, found.size(), names_of(found)));
        }
    }
}

void Target::match_again(Tracer& tracer, Containers& containers) {
    for (const Containers::Listed& each : containers.list()) {
        if (is_wanted(*each.owner.container)) {
            add_subtree(tracer, containers, each.owner.root);
        }
    }
}

void Target::follow(Tracer& tracer, Containers& containers, const CgroupEvents& events) {
    if (!needs_cgroups()) {
        return;
    }
    for (const CgroupBirth& birth : events.births) {
        if (members_.count(birth.parent) != 0) {
            // The kernel has added it, unless its parent was added here only afterwards.
            add_subtree(tracer, containers, birth.id);
        } else if (!request_.containers.empty()) {
            unmatched_.push_back(birth.id);
        }
    }
    for (const CgroupId id : events.deaths) {
        members_.erase(id);  // the kernel has taken it out of its set
        std::erase(unmatched_, id);
    }
    if (unmatched_.size() > kMostUnmatched) {
        unmatched_.erase(unmatched_.begin(), unmatched_.end() - kMostUnmatched);
    }
    // A name may come, or become another, after the first look: the runtime's file is written, the
    // node name is set. So all of them are asked about each time.
    std::erase_if(unmatched_, [&](CgroupId id) {
        const Owner& owner = containers.owner_of(id);
        const bool wanted = owner.container && is_wanted(*owner.container);
        if (wanted) {
            add_subtree(tracer, containers, owner.root);
        }
        return wanted;
    });
}

}  // namespace tally
