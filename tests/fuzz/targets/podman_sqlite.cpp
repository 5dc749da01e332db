// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Podman's db.sql, of which AddressSanitizer looks at every index.
#include <string>

#include "container/path_shapes.h"
#include "container/podman_pods.h"
#include "fuzz.h"

using namespace tally;

FUZZ_TARGET(podman_sqlite) {
    const auto pods = parse_podman_sqlite(std::string(bytes));
    if (!pods) {
        return;
    }
    for (const auto& [id, name] : pods->names) {
        MUST(is_long_id(id));
        MUST(name.size() <= bytes.size());
    }
    for (const auto& [container, pod] : pods->pod_of) {
        MUST(is_long_id(container) && is_long_id(pod));
    }
}
