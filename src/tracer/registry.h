// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// A tool: what its BPF object cannot declare itself. Each built-in tool has a tools/NAME.cpp,
/// which registers it; there is no list anywhere. A tool from a file (`tally run`) has no
/// description. A further name of a tool (`runqslower` of runqlat) is a Tool too: the same object,
/// with some of its options set.
struct Tool {
    std::string_view name;
    std::span<const std::byte> object{};
    std::string_view description;  ///< paragraphs for `tally help NAME`
    struct Example {
        std::string_view command;  ///< "tally runqlat -c web 1"
        std::string_view meaning;
    };
    std::vector<Example> examples;
    std::string command{};  ///< what is typed after "tally", if it is not the name: "run FILE"

    std::string_view summary{};  ///< the line in `tally list`; empty: that of the object
    bool tells_events = false;   ///< always, as if by --events; the name has no such option
    struct Default {
        std::string_view option;  ///< of the object: "min-us"
        std::uint64_t value = 0;  ///< if the user types no other
    };
    std::vector<Default> defaults{};
    std::vector<std::string_view> hidden{};  ///< options of the object that the name does not have

    /// Registered with this one, and with its object.
    std::vector<Tool> further_names{};
};

/// All tools by name, further names included.
std::vector<const Tool*> all_tools();

/// A tool by its name; null if there is none.
const Tool* find_tool(std::string_view name);

/// Adds a tool and its further names before main() begins.
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
