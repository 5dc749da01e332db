// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// A tool: what its BPF object cannot say of itself. For a built-in one there is one
/// tools/NAME.cpp, which registers it; there is no list anywhere. One from a file (`tally run`) has
/// no description.
struct Tool {
    std::string_view name;
    std::span<const std::byte> object;
    std::string_view description;  ///< paragraphs for `tally help NAME`
    struct Example {
        std::string_view command;  ///< "tally runqlat -c web 1"
        std::string_view meaning;
    };
    std::vector<Example> examples;
    std::string command{};  ///< what is typed after "tally", if it is not the name: "run FILE"
};

/// All tools, by name.
std::vector<const Tool*> all_tools();

/// A tool by its name; null if there is none.
const Tool* find_tool(std::string_view name);

/// Adds a tool before main() begins.
struct Registration {
    explicit Registration(Tool tool);
};

}  // namespace tally

/// The embedded object of bpf/NAME.bpf.c (cmake/bpf_objects.cmake), for a file in tools/ or src/.
#define TALLY_DECLARE_OBJECT(name)                    \
    extern "C" const std::byte tally_object_##name[]; \
    extern "C" const std::byte tally_object_##name##_end[]
#define TALLY_OBJECT(name) \
    std::span<const std::byte>(tally_object_##name, tally_object_##name##_end)
