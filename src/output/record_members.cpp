// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/record_members.h"

#include <fmt/format.h>

#include <ctime>

namespace tally {

std::string_view name_of(Unit unit) {
    switch (unit) {
        case Unit::nanoseconds:
            return "ns";
        case Unit::bytes:
            return "bytes";
        case Unit::count:
            break;
    }
    return "count";
}

std::string_view name_of(Scope scope) {
    return scope == Scope::interval ? "interval" : "total";
}

std::string timestamp(UnixNanoseconds time) {
    constexpr UnixNanoseconds kSecond = 1'000'000'000;
    const auto seconds = static_cast<std::time_t>(time / kSecond);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time % kSecond);
}

std::string_view Timestamps::of(UnixNanoseconds time) {
    constexpr UnixNanoseconds kSecond = 1'000'000'000;
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

std::string decimal(double number) {
    std::string text = fmt::format("{:.9f}", number);
    const std::size_t last = text.find_last_not_of('0');
    text.resize(std::max(last + 1, text.find('.') + 2));
    return text;
}

}  // namespace tally
