// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/fit.h"

#include "output/escape.h"
#include "output/utf8.h"

namespace tally {

namespace {

/// The mark for the part that is cut out, as far as `width` has room for it.
std::string_view ellipsis(std::size_t width, bool unicode) {
    return unicode ? (width >= 1 ? "…" : "") : std::string_view("...").substr(0, width);
}

/// The longest beginning of at most `width` columns, combining marks included.
std::string_view beginning(std::string_view text, std::size_t width) {
    std::size_t taken = 0;
    std::size_t columns = 0;
    while (taken < text.size()) {
        const std::size_t length = first_code_point(text.substr(taken)).length;
        columns += display_width(text.substr(taken, length));
        if (columns > width) {
            break;
        }
        taken += length;
    }
    return text.substr(0, taken);
}

/// The longest end of at most `width` columns.
std::string_view ending(std::string_view text, std::size_t width) {
    std::size_t columns = display_width(text);
    bool cut = false;
    while (!text.empty()) {
        const std::size_t length = first_code_point(text).length;
        const std::size_t columns_here = display_width(text.substr(0, length));
        // A combining mark stays with its character.
        if (columns <= width && !(cut && columns_here == 0)) {
            break;
        }
        columns -= columns_here;
        text.remove_prefix(length);
        cut = true;
    }
    return text;
}

}  // namespace

std::string cut_end(std::string_view text, std::size_t width, bool unicode) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    const std::string_view dots = ellipsis(width, unicode);
    std::string result(beginning(text, width - display_width(dots)));
    return result.append(dots);
}

std::string cut_middle(std::string_view text, std::size_t width, bool unicode) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    const std::string_view dots = ellipsis(width, unicode);
    const std::size_t kept = width - display_width(dots);
    const std::string_view front = beginning(text, kept / 2);
    const std::string_view back = ending(text, kept - display_width(front));
    return std::string(front).append(dots).append(back);
}

std::string pad_right(std::string_view text, std::size_t width) {
    const std::size_t columns = display_width(text);
    return std::string(text).append(columns < width ? width - columns : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
    const std::size_t columns = display_width(text);
    return std::string(columns < width ? width - columns : 0, ' ').append(text);
}

}  // namespace tally
