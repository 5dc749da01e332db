// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/container_match.h"

#include <fnmatch.h>

namespace tally {
namespace {

// The shortest prefix that is taken for an id; docker accepts any unique prefix, but two digits are
// too likely a name.
constexpr std::size_t kShortestId = 4;

bool is_match(const std::string& text, const std::string& wanted, bool is_pattern) {
    return text == wanted || (is_pattern && ::fnmatch(wanted.c_str(), text.c_str(), 0) == 0);
}

}  // namespace

bool is_called(const Container& container, const std::string& wanted) {
    if (wanted.empty()) {
        return false;
    }
    const bool is_pattern = wanted.find_first_of("*?[") != std::string::npos;
    if (is_match(container.name, wanted, is_pattern)) {
        return true;
    }
    if (container.id && (is_match(*container.id, wanted, is_pattern) ||
                         (wanted.size() >= kShortestId && container.id->starts_with(wanted)))) {
        return true;
    }
    if (container.pod && (is_match(*container.pod, wanted, is_pattern) ||
                          is_match(*container.pod + "/" + container.name, wanted, is_pattern))) {
        return true;
    }
    if (container.pod && container.pod_namespace &&
        is_match(*container.pod_namespace + "/" + *container.pod, wanted, is_pattern)) {
        return true;
    }
    return is_match(container.label(), wanted, is_pattern);
}

}  // namespace tally
