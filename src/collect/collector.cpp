// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/collector.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "util/error.h"

namespace tally {
namespace {

/// How many slots are read in one system call.
constexpr std::uint32_t kChunk = 64;

}  // namespace

Collector::Collector(const Tracer& tracer, const SlotsSchema& schema, Grouping grouping)
    : tracer_(tracer), schema_(schema), grouping_(std::move(grouping)) {}

void Collector::describe(Report& head) const {
    head.name = schema_.name;
    head.description = schema_.help;
    head.headings = grouping_.headings();
    head.key_names = grouping_.key_names();
}

void Collector::read_slots(Containers& containers) {
    const int map = tracer_.map_fd(schema_.name);
    const std::uint32_t all = tracer_.max_entries(schema_.name);
    numbers_.resize(kChunk);
    slots_.resize(kChunk * schema_.slot_size);
    // Slots are taken from the first on, so behind the last that was ever used there is none after
    // a chunk without any.
    std::uint32_t place = 0;
    for (std::uint32_t first = 0; first < all;) {
        std::uint32_t count = std::min(kChunk, all - first);
        const int error = bpf_map_lookup_batch(map, first == 0 ? nullptr : &place, &place,
                                               numbers_.data(), slots_.data(), &count, nullptr);
        if (error != 0 && error != -ENOENT) {
            throw Error("cannot read the kernel's map '{}': {}", schema_.name,
                        std::strerror(-error));
        }
        bool any = false;
        for (std::uint32_t i = 0; i < count; ++i) {
            any |= take(first + i, slots_.data() + i * schema_.slot_size, containers);
        }
        first += count;
        if (error == -ENOENT || count == 0 || (!any && first >= used_)) {
            break;
        }
        used_ = std::max(used_, any ? first : 0);
    }
}

/// False: the slot is not used.
bool Collector::take(std::uint32_t number, const std::byte* slot, Containers& containers) {
    if (known_.size() <= number) {
        known_.resize(number + 1);
    }
    Slot& known = known_[number];
    known.changed = false;
    std::uint64_t shard = 0;
    std::memcpy(&shard, slot + schema_.shard_offset, sizeof shard);
    if (shard == 0) {
        return false;
    }
    // A slot that is taken while it is read may show half of its key. Its shard is written last, so
    // by now all of it is there.
    if (known.key.empty()) {
        std::vector<std::byte> again(schema_.slot_size);
        if (bpf_map_lookup_elem(tracer_.map_fd(schema_.name), &number, again.data()) != 0) {
            return true;
        }
        known.key.assign(again.begin(),
                         again.begin() + static_cast<std::ptrdiff_t>(schema_.key_size));
    }
    const Admission admission = admission_of(known.key.data());
    known.changed =
        admission != Admission::held && add_new(number, known.key.data(), slot + schema_.key_size,
                                                admission == Admission::dropped, containers);
    return true;
}

/// 0 (kernel threads) where keys have no cgroup.
CgroupId Collector::cgroup_of(const std::byte* key) const {
    const KeyField& field = schema_.key.front();
    CgroupId id = kKernelThreads;
    if (field.type == SemanticType::cgroup) {
        std::memcpy(&id, key + field.offset, sizeof id);
    }
    return id;
}

Admission Collector::admission_of(const std::byte* key) const {
    return admission_ ? admission_(cgroup_of(key)) : Admission::counted;
}

void Collector::forget_dead(Tracer& tracer, const std::function<bool(CgroupId)>& is_gone,
                            Containers& containers) {
    if (used_ * 2 < tracer.max_entries(schema_.name)) {
        return;
    }
    const int map = tracer.map_fd(schema_.name);
    for (std::uint32_t number = 0; number < known_.size(); ++number) {
        Slot& known = known_[number];
        const CgroupId id = known.key.empty() ? kKernelThreads : cgroup_of(known.key.data());
        if (id == kKernelThreads || known.changed || !is_gone(id) ||
            admission_of(known.key.data()) == Admission::held) {
            continue;
        }
        // The last events of a dying thread may have come after the reading.
        slots_.resize(kChunk * schema_.slot_size);
        if (bpf_map_lookup_elem(map, &number, slots_.data()) == 0) {
            take(number, slots_.data(), containers);
            tracer.free_slot(schema_, number, known.key.data());
            known = {};
            forget(number);
        }
    }
}

}  // namespace tally
