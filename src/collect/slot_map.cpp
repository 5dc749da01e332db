// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/slot_map.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "util/error.h"

namespace tally {

std::uint32_t KernelSlotMap::size() const {
    return tracer_.max_entries(schema_.name);
}

std::uint32_t KernelSlotMap::read(std::uint32_t first, std::uint32_t count, std::byte* slots) {
    numbers_.resize(count);
    const int error =
        bpf_map_lookup_batch(tracer_.map_fd(schema_.name), first == 0 ? nullptr : &place_, &place_,
                             numbers_.data(), slots, &count, nullptr);
    if (error != 0 && error != -ENOENT) {
        throw Error("cannot read the kernel's map '{}': {}", schema_.name, std::strerror(-error));
    }
    return count;
}

bool KernelSlotMap::read_one(std::uint32_t number, std::byte* slot) const {
    return bpf_map_lookup_elem(tracer_.map_fd(schema_.name), &number, slot) == 0;
}

void KernelSlotMap::give_back(std::uint32_t number, const std::byte* key) {
    tracer_.free_slot(schema_, number, key);
}

std::vector<std::byte> KernelSlotMap::in_flight() const {
    return tracer_.read_in_flight(schema_);
}

}  // namespace tally
