// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/messages.h"

#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <string>

#include "output/escape.h"

namespace tally {

bool locale_is_utf8() {
    static const bool answer = [] {
        std::setlocale(LC_CTYPE, "");
        return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    }();
    return answer;
}

void say(std::string_view text) {
    const std::string line =
        "tally: " + (locale_is_utf8() ? escape_text(text) : escape_ascii(text)) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tally
