// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <vector>

#include "model/record.h"

namespace tally {

/// A list of things that exist, as opposed to measurements: the containers, the tools.
struct Listing {
    struct Row {
        std::vector<std::string> labels;  ///< one for each heading, for people; raw bytes
        std::vector<Field> fields;        ///< the record for scripts
    };
    std::string type;  ///< of the records: "container"
    std::vector<std::string> headings;
    std::vector<Row> rows;
    std::string empty;  ///< the text shown if there are no rows: "no container runs here"
};

}  // namespace tally
