// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/utf8.h"

namespace tally {

CodePoint first_code_point(std::string_view bytes) {
    const auto byte_at = [bytes](std::size_t index) -> char32_t {
        return static_cast<unsigned char>(bytes[index]);
    };
    const char32_t lead = byte_at(0);
    const CodePoint invalid{lead, 1, false};
    if (lead < 0x80) {
        return {lead, 1, true};
    }

    std::size_t length = 0;
    char32_t smallest = 0;  // anything below it has a shorter form
    char32_t value = 0;
    if ((lead & 0xe0) == 0xc0) {
        length = 2;
        smallest = 0x80;
        value = lead & 0x1f;
    } else if ((lead & 0xf0) == 0xe0) {
        length = 3;
        smallest = 0x800;
        value = lead & 0x0f;
    } else if ((lead & 0xf8) == 0xf0) {
        length = 4;
        smallest = 0x10000;
        value = lead & 0x07;
    } else {
        return invalid;
    }
    if (bytes.size() < length) {
        return invalid;
    }
    for (std::size_t index = 1; index < length; ++index) {
        if ((byte_at(index) & 0xc0) != 0x80) {
            return invalid;
        }
        value = (value << 6) | (byte_at(index) & 0x3f);
    }
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest || value > 0x10ffff || surrogate) {
        return invalid;
    }
    return {value, length, true};
}

}  // namespace tally
