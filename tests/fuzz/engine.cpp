// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <cstddef>
#include <cstdint>

#include "fuzz.h"

/// What libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    tally::fuzz_targets().at(0).run({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
