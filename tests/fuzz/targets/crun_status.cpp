// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Crun's status.
#include <algorithm>
#include <string>

#include "json_strings.h"

using namespace tally;

FUZZ_TARGET(crun_status) {
    const std::string text(bytes);
    const auto facts = parse_crun_status(text);
    check_facts(text, facts);
}
