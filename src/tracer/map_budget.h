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
    /// Of each of them, each key on every one of up to eight CPUs; none: what fits in 12 MiB (23
    /// MiB where a key has more than its subject), or in what of the limit is left where maps count
    /// against RLIMIT_MEMLOCK.
    std::optional<std::uint32_t> max_keys;

    /// Of the ring of events, in bytes, a power of two from 4,096 on; none: kRingSize, or less,
    /// likewise.
    std::optional<std::uint32_t> ring_size;

    /// Where maps count against RLIMIT_MEMLOCK: what those of other tracers of this session take,
    /// in bytes, and how many tracers share what is left, with this one.
    std::uint64_t taken = 0;
    std::uint32_t sharers = 1;
};

/// docs/design.md says why.
inline constexpr std::uint32_t kRingSize = 8U << 20;

/// How large the maps of an object become, by what was asked for and what this user may lock.
class MapBudget {
  public:
    /// Before the object is loaded: sizes its maps, and chooses how the state of threads is kept.
    /// Throws Error where the limit leaves next to nothing.
    void size(const OpenedObject& object, const TracerSchema& schema, const MapSizes& sizes);

    /// What all maps of this user may take, in bytes, where maps count against RLIMIT_MEMLOCK;
    /// none: no limit. As size() has found it.
    std::optional<std::uint64_t> lockable() const { return lockable_; }

    /// A sentence where maps had to be made smaller than usual, and what helps.
    std::optional<std::string> shrunk() const;

  private:
    std::optional<std::uint64_t> lockable_;
};

/// What the kernel sets aside for the maps, in bytes: what they can take at the most. Without those
/// that are another object's.
std::uint64_t map_memory(const OpenedObject& object);

}  // namespace tally
