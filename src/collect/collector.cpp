// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tally {
namespace {

/// How many slots are read in one system call.
constexpr std::uint32_t kChunk = 64;

}  // namespace

Collector::Collector(std::unique_ptr<SlotMap> slots, const SlotsSchema& schema, Grouping grouping)
    : slots_(std::move(slots)), schema_(schema), grouping_(std::move(grouping)) {}

void Collector::describe(Report& head) const {
    head.name = schema_.name;
    head.description = schema_.help;
    head.headings = grouping_.headings();
    head.key_names = grouping_.key_names();
    head.other_cgroups = grouping_.other_columns();
}

bool Collector::is_used(const std::byte* slot) const {
    std::uint64_t shard = 0;
    std::memcpy(&shard, slot + schema_.shard_offset, sizeof shard);
    return shard != 0;
}

bool Collector::take() {
    first_ = next_;
    const std::uint32_t wanted = is_read_ ? 0 : std::min(kChunk, slots_->size() - first_);
    if (wanted == 0) {
        next_ = 0;
        is_read_ = false;
        return false;
    }
    chunk_.resize(kChunk * schema_.slot_size);
    const std::uint32_t count = slots_->read(first_, wanted, chunk_.data());
    next_ = first_ + count;
    known_.resize(std::max<std::size_t>(known_.size(), next_));
    bool any = false;
    for (std::uint32_t number = first_; number < next_; ++number) {
        known_[number].changed = false;
        if (is_used(chunk_.data() + (number - first_) * schema_.slot_size)) {
            any = true;
            learn_key(number);
        }
    }
    // Slots are taken from the first on: once past the last one that was ever used, a chunk without
    // any means that the rest is unused.
    is_read_ = count < wanted || (!any && next_ >= used_);
    used_ = std::max(used_, any ? next_ : 0);
    return true;
}

/// A slot that is taken while it is read may show half of its key. Its shard is written last, so by
/// now all of it is there.
void Collector::learn_key(std::uint32_t number) {
    Slot& known = known_[number];
    if (!known.key.empty()) {
        return;
    }
    std::vector<std::byte> slot(schema_.slot_size);
    if (slots_->read_one(number, slot.data())) {
        known.key.assign(slot.begin(),
                         slot.begin() + static_cast<std::ptrdiff_t>(schema_.key_size));
        note_cgroup(known.key.data());
    }
}

void Collector::note_cgroup(const std::byte* key) {
    const auto note = [this](CgroupId id) {
        if (id != kKernelThreads && (new_cgroups_.empty() || new_cgroups_.back() != id)) {
            new_cgroups_.push_back(id);
        }
    };
    note(cgroup_of(key));
    for (const StructField& each : grouping_.other_cgroups()) {
        note(number_at(each, key));
    }
}

void Collector::forget_repeated_cgroups() {
    std::sort(new_cgroups_.begin(), new_cgroups_.end());
    new_cgroups_.erase(std::unique(new_cgroups_.begin(), new_cgroups_.end()), new_cgroups_.end());
}

void Collector::add(const Containers& containers) {
    for (std::uint32_t number = first_; number < next_; ++number) {
        add_slot(number, chunk_.data() + (number - first_) * schema_.slot_size, containers);
    }
    first_ = next_;
    new_cgroups_.clear();
}

void Collector::add_slot(std::uint32_t number, const std::byte* slot,
                         const Containers& containers) {
    Slot& known = known_[number];
    if (known.key.empty() || !is_used(slot)) {
        return;
    }
    const Admission admission = admission_of(known.key.data());
    known.changed =
        admission != Admission::held && add_new(number, known.key.data(), slot + schema_.key_size,
                                                admission == Admission::dropped, containers);
}

/// 0 (kernel threads) where keys have no cgroup.
CgroupId Collector::cgroup_of(const std::byte* key) const {
    const StructField& field = schema_.key.front();
    return field.is_cgroup() ? number_at(field, key) : kKernelThreads;
}

Admission Collector::admission_of(const std::byte* key) const {
    if (!admission_) {
        return Admission::counted;
    }
    const Admission own = admission_(cgroup_of(key));
    // Whether it is counted is the subject's matter alone. But what another cgroup is called may
    // also be known only later.
    const auto is_held = [&](const StructField& each) {
        return is_undecided_(number_at(each, key));
    };
    const auto& others = grouping_.other_cgroups();
    return own == Admission::counted && std::any_of(others.begin(), others.end(), is_held)
               ? Admission::held
               : own;
}

void Collector::note_row(std::uint32_t number, const std::string& identity) {
    // Rows that name no cgroup are as few as what they name, and get slots of other cgroups.
    if (rows_expire_ && grouping_.needs_cgroups()) {
        row_use_.note(number, identity);
    }
}

std::vector<std::string> Collector::take_expired(
    const std::function<bool(const std::string& identity)>& is_kept) {
    return row_use_.take_unused(is_kept);
}

void Collector::forget_dead(const std::function<bool(CgroupId)>& is_gone,
                            const Containers& containers) {
    if (used_ * 2 < slots_->size()) {
        return;
    }
    const auto is_dead = [&](CgroupId id) { return id != kKernelThreads && is_gone(id); };
    for (std::uint32_t number = 0; number < known_.size(); ++number) {
        Slot& known = known_[number];
        if (known.key.empty() || known.changed || !is_dead(cgroup_of(known.key.data())) ||
            admission_of(known.key.data()) == Admission::held) {
            continue;
        }
        // The last events of a dying thread may have come after the reading.
        chunk_.resize(kChunk * schema_.slot_size);
        if (slots_->read_one(number, chunk_.data())) {
            add_slot(number, chunk_.data(), containers);
            slots_->give_back(number, known.key.data());
            known = {};
            row_use_.release(number);
            forget(number);
        }
    }
}

}  // namespace tally
