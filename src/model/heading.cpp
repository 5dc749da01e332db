// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "model/heading.h"

#include <algorithm>

namespace tally {

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

}  // namespace tally
