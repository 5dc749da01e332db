// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// A fuzz target: a file in targets/ with
//
//     // Sources: container/path_shapes.cpp      what of src/ it needs
//     FUZZ_TARGET(NAME) { MUST(something of `bytes`); }
//
// and seeds in corpus/NAME/. libFuzzer runs it (tests/fuzz/run), and unit_tests its seeds.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace tally {

struct FuzzTarget {
    std::string_view name;
    void (*run)(std::string_view bytes);
};

/// The targets that are linked into this program: one for libFuzzer, all for unit_tests.
inline std::vector<FuzzTarget>& fuzz_targets() {
    static std::vector<FuzzTarget> targets;
    return targets;
}

[[noreturn]] inline void property_broken(const char* file, int line, const char* property) {
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    std::abort();
}

}  // namespace tally

#define FUZZ_TARGET(name)                                              \
    static void fuzz_##name(std::string_view bytes);                   \
    [[maybe_unused]] static const bool fuzz_##name##_is_known =        \
        (tally::fuzz_targets().push_back({#name, fuzz_##name}), true); \
    static void fuzz_##name(std::string_view bytes)

/// Unlike assert(), in every build.
#define MUST(property) \
    ((property) ? static_cast<void>(0) : tally::property_broken(__FILE__, __LINE__, #property))
