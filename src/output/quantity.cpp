// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tally {

namespace {

/// Three significant digits; more only from 1,000 on.
std::string three_digits(double number) {
    // Judged as rounded: 9.996 is "10.0", not "10.00".
    const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f}", number, decimals);
}

/// From minutes on, a unit is 60 or 24 of the next, so two are shown.
std::string long_duration(double seconds) {
    constexpr std::uint64_t kMinute = 60;
    constexpr std::uint64_t kHour = 60 * kMinute;
    constexpr std::uint64_t kDay = 24 * kHour;
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < kHour) {
        return fmt::format("{}m{:02}s", whole / kMinute, whole % kMinute);
    }
    const std::uint64_t to_minute = (whole + kMinute / 2) / kMinute * kMinute;
    if (to_minute < kDay) {
        return fmt::format("{}h{:02}m", to_minute / kHour, to_minute % kHour / kMinute);
    }
    const std::uint64_t to_hour = (whole + kHour / 2) / kHour * kHour;
    return fmt::format("{}d{:02}h", to_hour / kDay, to_hour % kDay / kHour);
}

}  // namespace

std::string heading_of(std::string name, Unit unit) {
    if (unit == Unit::nanoseconds && name.ends_with("_ns")) {
        name.resize(name.size() - 3);
    }
    std::transform(name.begin(), name.end(), name.begin(), [](char each) {
        return each == '_'                  ? ' '
               : each >= 'a' && each <= 'z' ? static_cast<char>(each - 'a' + 'A')
                                            : each;
    });
    return name;
}

std::string format_count(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t place = digits.size(); place > 3; place -= 3) {
        digits.insert(place - 3, 1, ',');
    }
    return digits;
}

std::string format_count_of(std::uint64_t count, std::string_view plural) {
    if (count == 1 && plural.ends_with('s')) {
        plural.remove_suffix(1);
    }
    return fmt::format("{} {}", format_count(count), plural);
}

std::string format_oldest(const InFlight& in_flight) {
    return (in_flight.oldest_before_attach ? ">" : "") + format_duration(in_flight.oldest_ns);
}

std::string format_in_flight(const InFlight& in_flight) {
    return fmt::format("{} waiting now, the longest for {}", format_count(in_flight.count),
                       format_oldest(in_flight));
}

std::string format_duration(std::uint64_t nanoseconds) {
    const auto value = static_cast<double>(nanoseconds);
    if (nanoseconds < 1000) {
        return fmt::format("{}ns", nanoseconds);
    }
    if (value < 999.5e3) {
        return three_digits(value / 1e3) + "us";
    }
    if (value < 999.5e6) {
        return three_digits(value / 1e6) + "ms";
    }
    if (value < 99.95e9) {
        return three_digits(value / 1e9) + "s";
    }
    return long_duration(value / 1e9);
}

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1024) {
        return fmt::format("{}B", bytes);
    }
    constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = static_cast<double>(bytes) / 1024;
    for (const char* unit : kUnits) {
        if (value < 1023.5) {
            return three_digits(value) + unit;
        }
        value /= 1024;
    }
    return three_digits(value) + "EiB";
}

std::string format_quantity(Unit unit, std::uint64_t value) {
    switch (unit) {
        case Unit::nanoseconds:
            return format_duration(value);
        case Unit::bytes:
            return format_bytes(value);
        case Unit::count:
            break;
    }
    return format_count(value);
}

}  // namespace tally
