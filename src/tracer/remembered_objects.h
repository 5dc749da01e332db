// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tracer/schema.h"

namespace tally {

/// The objects of an OBJECT_STATE() (bpf/include/object_state.bpf.h) as they were copied from the
/// kernel's map, each once.
struct RememberedObjects {
    std::vector<std::uint64_t> keys;
    std::vector<std::byte> values;  ///< as many, each of `value_size` bytes
};

/// Copies them from the map with descriptor `fd` and values of `value_size` bytes. Throws Error.
RememberedObjects read_remembered_objects(int fd, std::size_t value_size);

/// The keys of those that have lived for longer than `longest_ns` at `now`, by CLOCK_MONOTONIC in
/// nanoseconds.
std::vector<std::uint64_t> too_old(const RememberedObjects& objects, std::size_t value_size,
                                   std::uint64_t longest_ns, std::uint64_t now);

/// The measured ones, as the records that an IN_FLIGHT() writes for threads: a key of `key_size`
/// bytes and a struct tally_in_flight each. `now` as above.
std::vector<std::byte> in_flight_records(const RememberedObjects& objects, const InFlightOf& of,
                                         std::size_t key_size, std::uint64_t now);

}  // namespace tally
