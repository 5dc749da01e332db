// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The containers.json of containers/storage.
#include <string>

#include "json_strings.h"

using namespace tally;

FUZZ_TARGET(storage_names) {
    const std::string text(bytes);
    const auto names = parse_storage_names(text);
    if (!names) {
        return;
    }
    const auto strings = JsonStrings::of(text);
    MUST(strings);
    for (const auto& [id, name] : *names) {
        MUST(id.empty() || strings->has(id));
        MUST(name.empty() || strings->has(name));
    }
}
