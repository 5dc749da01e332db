// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "container/container_match.h"
#include "output/messages.h"
#include "util/error.h"
#include "util/read_file.h"

namespace tally {
namespace {

constexpr std::size_t kCommSize = 16;  // TASK_COMM_LEN

/// How many cgroups may wait for their names at a time: as many as the kernel's set holds. Beyond
/// that, those still unnamed are rejected (with --container) or counted under what is known.
constexpr std::size_t kMostNewborns = 65'536;

/// How many removed members, and how many rejected cgroups, are remembered: what was measured in
/// them may not have been read yet.
constexpr std::size_t kMostDecided = 65'536;

/// How long after its birth a cgroup may turn out to be a wanted container and still have its whole
/// life counted. With a later name it is counted from then on.
constexpr std::chrono::seconds kLongestTrial{10};

/// The same if the name is needed only for the row: runtimes that have files have written them by
/// then.
constexpr std::chrono::seconds kLongestNaming{1};

/// Throws UsageError unless `id` is a process, or, without `process`, a thread. A thread has a
/// directory in /proc too, though it is not listed.
void check_exists(const char* option, std::uint32_t id, bool process) {
    const auto status = read_kernel_file(fmt::format("/proc/{}/status", id));
    if (!status) {
        throw UsageError("{} {}: there is no such {}", option, id, process ? "process" : "thread");
    }
    if (process && status->find(fmt::format("\nTgid:\t{}\n", id)) == std::string::npos) {
        throw UsageError("{} {}: this is a thread, not a process; use --tid", option, id);
    }
}

void add(TargetSets& sets, const char* set, const void* key) {
    if (!sets.add(set, key)) {
        throw UsageError("too many values for one option: at most {}", sets.size(set));
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

Target::Target(TargetRequest request)
    : request_(std::move(request)), dead_members_(kMostDecided), rejected_(kMostDecided) {
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
    tracer.set_constant("target_by_name", by_name());
    if (by_name()) {
        tracer.set_constant("by_cgroup", 1);  // so that data held back can be told apart
    }
    tracer.set_constant("target_by_pid", !request_.pids.empty());
    tracer.set_constant("target_by_tid", !request_.tids.empty());
    tracer.set_constant("target_by_comm", !request_.comms.empty());
}

bool Target::is_wanted(const Container& container) const {
    return std::any_of(request_.containers.begin(), request_.containers.end(),
                       [&](const std::string& wanted) { return is_called(container, wanted); });
}

bool Target::is_member(CgroupId cgroup) const {
    return members_.contains(cgroup) || dead_members_.contains(cgroup);
}

void Target::add_subtree(const Containers& containers, CgroupId root) {
    for (const CgroupId each : containers.subtree(root)) {
        if (members_.insert(each).second && !sets_->add("target_cgroups", &each)) {
            ++not_added_;
        }
    }
}

void Target::install(TargetSets& sets, Containers& containers) {
    sets_ = &sets;
    for (const std::uint32_t pid : request_.pids) {
        add(*sets_, "target_pids", &pid);
    }
    for (const std::uint32_t tid : request_.tids) {
        add(*sets_, "target_tids", &tid);
    }
    for (const std::string& wanted : request_.comms) {
        std::array<char, kCommSize> comm{};
        std::copy_n(wanted.data(), std::min(wanted.size(), kCommSize - 1), comm.data());
        add(*sets_, "target_comms", comm.data());
    }
    for (const std::string& path : request_.cgroups) {
        const auto found = containers.find_cgroup(path);
        if (!found) {
            throw UsageError(
                "--cgroup {}: there is no such cgroup, neither in the file system nor below the "
                "hierarchy's root",
                path);
        }
        add_subtree(containers, *found);
    }
    install_containers(containers);
    if (not_added_ != 0) {
        throw Error("the target has too many cgroups: at most {}", sets_->size("target_cgroups"));
    }
}

void Target::install_containers(const Containers& containers) {
    if (request_.containers.empty()) {
        return;
    }
    const std::vector<Containers::Listed> all = containers.list();
    for (const std::string& wanted : request_.containers) {
        std::vector<Containers::Listed> found;
        for (const Containers::Listed& each : all) {
            if (is_called(*each.owner.container, wanted)) {
                found.push_back(each);
                add_subtree(containers, each.owner.root);
            }
        }
        if (found.empty() && request_.wait) {
            say(
                fmt::format("there is no container '{}' yet; it will be measured from its first "
                            "instruction",
                            wanted));
        } else if (found.empty()) {
            throw UsageError(
                "--container {}: there is no such container; {}{}; --wait waits for one", wanted,
                all.empty() ? "no container runs here" : "there are ", names_of(all));
        }
        if (found.size() > 1) {
            say(fmt::format("'{}' matches {} containers: {}", wanted, found.size(),
                            names_of(found)));
        }
    }
}

/// True: the newborn cgroup belongs to a wanted container, and is a member by now.
bool Target::adopt(const Containers& containers, CgroupId newborn) {
    const Owner& owner = containers.owner_of(newborn);
    if (!owner.container || !is_wanted(*owner.container)) {
        return false;
    }
    add_subtree(containers, owner.root);
    if (!members_.contains(newborn)) {
        dead_members_.insert(newborn);
    }
    return true;
}

void Target::reject(CgroupId newborn) {
    rejected_.insert(newborn);
    sets_->remove("target_cgroups", &newborn);
}

void Target::follow(const Containers& containers, const CgroupEvents& events,
                    Clock::time_point now) {
    const std::unordered_set<CgroupId> gone(events.deaths.begin(), events.deaths.end());
    for (const CgroupBirth& birth : events.births) {
        const bool is_dead = gone.contains(birth.id);
        if (is_member(birth.parent)) {
            // The kernel has added it, unless its parent was added here only later.
            if (is_dead) {
                dead_members_.insert(birth.id);
            } else {
                add_subtree(containers, birth.id);
            }
        }
        if (by_name() ? !is_member(birth.id) : containers.may_get_name(birth.id)) {
            newborns_.try_emplace(birth.id, Newborn{birth.parent, now, is_dead});
        }
    }
    for (const CgroupId id : events.deaths) {
        if (members_.erase(id) != 0) {
            // The kernel has removed it from its set, but it may have been added here afterwards.
            sets_->remove("target_cgroups", &id);
            dead_members_.insert(id);
        }
        if (const auto newborn = newborns_.find(id); newborn != newborns_.end()) {
            newborn->second.dead = true;
        } else if (by_name() && !is_member(id)) {
            rejected_.insert(id);  // it can no longer become wanted, so its keys can go
        }
    }
    if (by_name()) {
        std::erase_if(newborns_,
                      [&](const auto& newborn) { return adopt(containers, newborn.first); });
    }
    if (newborns_.size() > kMostNewborns) {
        settle(containers, now);
        for (const auto& [id, newborn] : std::exchange(newborns_, {})) {
            if (by_name()) {
                reject(id);
                ++not_added_;
            }
        }
    }
}

/// A dead cgroup can no longer get a name itself, but the container that it was a part of may.
bool Target::may_wait(CgroupId newborn, const Owner& owner, Clock::time_point now) const {
    const Clock::duration longest =
        by_name() ? Clock::duration(kLongestTrial) : Clock::duration(kLongestNaming);
    if (newborns_.at(newborn).dead && !owner.cgroup) {
        return false;  // the tree has forgotten it
    }
    for (auto each = newborns_.find(newborn); each != newborns_.end();
         each = newborns_.find(each->second.parent)) {
        if (now - each->second.born >= longest) {
            return false;
        }
        if (!each->second.dead) {
            return true;
        }
        if (owner.container && each->first == owner.root) {
            return false;
        }
    }
    return false;
}

void Target::settle(const Containers& containers, Clock::time_point now) {
    if (by_name()) {
        std::vector<CgroupId> wanted;
        containers.for_each([&](CgroupId root, const Container& container, bool alive) {
            if (alive && is_wanted(container)) {
                wanted.push_back(root);
            }
        });
        for (const CgroupId root : wanted) {
            add_subtree(containers, root);
        }
    }
    // A container made by hand may get its name in steps.
    const auto is_home_made = [&](CgroupId id) {
        const auto& container = containers.owner_of(id).container;
        return container && container->runtime == "namespaces";
    };
    std::erase_if(newborns_, [&](const auto& each) {
        const CgroupId id = each.first;
        if (by_name() && adopt(containers, id)) {
            return true;
        }
        if (may_wait(id, containers.owner_of(id), now) &&
            (containers.may_get_name(id) || (by_name() && is_home_made(id)))) {
            return false;
        }
        if (by_name()) {
            reject(id);
        }
        return true;
    });
}

Admission Target::admission_of(CgroupId cgroup, bool last) const {
    const Admission undecided = by_name() ? Admission::dropped : Admission::counted;
    if (newborns_.contains(cgroup)) {
        return last ? undecided : Admission::held;
    }
    if (!by_name() || is_member(cgroup)) {
        return Admission::counted;
    }
    return last || rejected_.contains(cgroup) ? undecided : Admission::held;
}

}  // namespace tally
