// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstdint>

namespace tally {

/// Nanoseconds since 1970, UTC, by the wall clock.
inline std::uint64_t unix_now() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

/// Nanoseconds from CLOCK_MONOTONIC, which the kernel's side reads, to UTC. Differs by what lies
/// between two readings of a clock from one call to the next.
inline std::int64_t monotonic_to_unix() {
    const auto monotonic = [] {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    };
    const std::int64_t before = monotonic();
    const auto utc = static_cast<std::int64_t>(unix_now());
    return utc - before - (monotonic() - before) / 2;
}

}  // namespace tally
