// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Bytes as the kernel's side might hand them over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tracer/schema.h"

namespace tally {

/// Structs of `size` bytes with these fields: all 0, each field 1, all bits set (which is "none"
/// for many types), and one for each name of an enumeration. An enumeration always has a name.
inline std::vector<std::vector<std::byte>> samples_of(std::size_t size,
                                                      const std::vector<StructField>& fields) {
    std::vector<std::vector<std::byte>> samples{std::vector<std::byte>(size),
                                                std::vector<std::byte>(size),
                                                std::vector<std::byte>(size, std::byte{0xff})};
    const auto put = [](std::vector<std::byte>& sample, const StructField& field,
                        std::int64_t value) {
        std::memcpy(sample.data() + field.offset, &value, std::min(field.size, sizeof value));
    };
    for (const StructField& field : fields) {
        put(samples[1], field, 1);
    }
    for (const StructField& field : fields) {
        if (!field.names.empty()) {
            for (std::vector<std::byte>& each : samples) {
                put(each, field, field.names.begin()->first);
            }
        }
    }
    for (const StructField& field : fields) {
        for (const auto& [value, name] : field.names) {
            samples.push_back(samples.front());
            put(samples.back(), field, value);
        }
    }
    return samples;
}

}  // namespace tally
