// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// An OCI bundle's config.json.
#include <algorithm>
#include <string>

#include "json_strings.h"

using namespace tally;

FUZZ_TARGET(oci_config) {
    const std::string text(bytes);
    const auto facts = parse_oci_config(text);
    check_facts(text, facts);
}
