// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Runc's state.json.
#include <algorithm>
#include <string>

#include "json_strings.h"

using namespace tally;

FUZZ_TARGET(runc_state) {
    const std::string text(bytes);
    const auto facts = parse_runc_state(text);
    check_facts(text, facts);
}
