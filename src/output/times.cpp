// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/times.h"

#include <fmt/format.h>

#include <ctime>

namespace tally {
namespace {

constexpr UnixNanoseconds kSecond = 1'000'000'000;

}  // namespace

std::string timestamp(UnixNanoseconds time) {
    const auto seconds = static_cast<std::time_t>(time / kSecond);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time % kSecond);
}

std::string local_clock(UnixNanoseconds time) {
    const auto seconds = static_cast<std::time_t>(time / kSecond);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

}  // namespace tally
