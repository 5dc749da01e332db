// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tracer/opened_object.h"
#include "tracer/schema.h"

namespace tally {

/// How many keys the histograms and counts of a tracer can hold, and what that costs.
struct MapSizes {
    /// Keys of each map, each of them on every one of up to eight CPUs; none: what fits in 12 MiB
    /// (23 MiB where a key has more than its subject), or in what is left of the limit where maps
    /// count against RLIMIT_MEMLOCK.
    std::optional<std::uint32_t> max_keys;

    /// Bytes of the ring of events, a power of two from 4,096 on; none: kRingSize, or less where
    /// maps count against RLIMIT_MEMLOCK.
    std::optional<std::uint32_t> ring_size;

    /// Where maps count against RLIMIT_MEMLOCK: the bytes that the maps of other tracers of this
    /// session take, and how many tracers, this one included, share the rest.
    std::uint64_t taken = 0;
    std::uint32_t sharers = 1;
};

/// The reason is in docs/design.md.
inline constexpr std::uint32_t kRingSize = 8U << 20;

/// Sets the sizes of an object's maps, by what was asked for and what this user may lock.
class MapBudget {
  public:
    /// Before the object is loaded: sizes its maps, and chooses how the state of threads is kept.
    /// Throws Error where the limit leaves next to nothing.
    void size(const OpenedObject& object, const TracerSchema& schema, const MapSizes& sizes);

    /// What all maps of this user may take, in bytes, where maps count against RLIMIT_MEMLOCK;
    /// none: no limit. As found by size().
    std::optional<std::uint64_t> lockable() const { return lockable_; }

    /// A sentence if maps had to be smaller than usual, with what helps.
    std::optional<std::string> shrunk() const;

  private:
    std::optional<std::uint64_t> lockable_;
};

/// What the kernel allocates for the maps, in bytes: the most that they can take. Without those
/// that belong to another object.
std::uint64_t map_memory(const OpenedObject& object);

}  // namespace tally
