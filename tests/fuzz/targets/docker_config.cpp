// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Docker's config.v2.json.
#include <algorithm>
#include <string>

#include "json_strings.h"

using namespace tally;

FUZZ_TARGET(docker_config) {
    const std::string text(bytes);
    const auto facts = parse_docker_config(text);
    check_facts(text, facts);
}
