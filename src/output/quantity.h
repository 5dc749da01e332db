// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Numbers for people: three significant digits and a unit. Scripts get raw integers instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/record.h"

namespace tally {

/// All digits, in groups of three: "4,711".
std::string format_count(std::uint64_t count);

/// "4,711 waits", "1 wait": a count and a noun, which is given as a plural.
std::string format_count_of(std::uint64_t count, std::string_view plural);

/// The age of the oldest in flight: "81.0ms", ">5.00s" if it had begun before the run.
std::string format_oldest(const InFlight& in_flight);

/// "2 waiting now, the longest for 81.0ms"
std::string format_in_flight(const InFlight& in_flight);

/// "412ns", "3.20us", "81.0ms", "75.0s", "2m05s", "2h05m", "3d04h".
std::string format_duration(std::uint64_t nanoseconds);

/// "512B", "1.50KiB", "12.0MiB".
std::string format_bytes(std::uint64_t bytes);

/// The heading of a column: "total_ns" is TOTAL, since the cells have units; "parent_pid" PARENT
/// PID.
std::string heading_of(std::string name, Unit unit);

/// A value of a histogram, in the form of its unit.
std::string format_quantity(Unit unit, std::uint64_t value);

}  // namespace tally
