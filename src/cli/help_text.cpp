// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/help_text.h"

#include <algorithm>

namespace tally {

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
    std::string wrapped;
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, end - at);
        if (used != 0 && used + 1 + word.size() > width) {
            wrapped += "\n" + std::string(indent, ' ');
            used = 0;
        } else if (used != 0) {
            wrapped += ' ';
            ++used;
        }
        wrapped += word;
        used += word.size();
        at = end + 1;
    }
    return wrapped;
}

}  // namespace tally
