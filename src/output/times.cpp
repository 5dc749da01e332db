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

std::string_view Timestamps::of(UnixNanoseconds time) {
    if (time / kSecond != second_) {
        text_ = timestamp(time);
        second_ = time / kSecond;
        return text_;
    }
    constexpr std::size_t kDigits = 9;
    const std::size_t end = text_.size() - 1;  // the Z
    UnixNanoseconds rest = time % kSecond;
    for (std::size_t i = 1; i <= kDigits; ++i) {
        text_[end - i] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    }
    return text_;
}

std::string local_clock(UnixNanoseconds time) {
    const auto seconds = static_cast<std::time_t>(time / kSecond);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string milliseconds_of(UnixNanoseconds time) {
    return fmt::format(".{:03}", time % kSecond / 1'000'000);
}

}  // namespace tally
