// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/record_members.h"

#include <fmt/format.h>

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

std::string decimal(double number) {
    std::string text = fmt::format("{:.9f}", number);
    const std::size_t last = text.find_last_not_of('0');
    text.resize(std::max(last + 1, text.find('.') + 2));
    return text;
}

}  // namespace tally
