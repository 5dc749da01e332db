// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Which keys of a report are shown to people, in which order and under which names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/record.h"
#include "output/format.h"

namespace tally {

/// The only way by which bytes from others get into text.
std::string safe_text(std::string_view bytes, const TextOptions& options);

/// One key, ready to be drawn.
struct TextRow {
    const RowName* name = nullptr;
    const HistogramRow* row = nullptr;  ///< of a HistogramReport
    const CountsRow* counts = nullptr;  ///< of a CountsReport
    std::vector<std::string> labels;    ///< one for each heading: safe, never empty, unambiguous
    std::uint64_t p50 = 0;              ///< these are 0 where the histogram is empty
    std::uint64_t p90 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t p99_9 = 0;
    std::uint64_t max = 0;

    const Histogram& histogram() const { return row->histogram; }
};

/// Keys that are not shown, for the line at the end.
struct LeftOut {
    std::size_t keys = 0;
    std::uint64_t values = 0;
    InFlight in_flight;
};

struct TextRows {
    std::vector<std::string> headings;  ///< safe
    std::vector<TextRow> rows;  ///< worst first; calls that are meant to wait after the others
    LeftOut beyond_top;
    LeftOut below_min_count;
};

/// `report` must outlive the result.
TextRows choose_rows(const HistogramReport& report, const TextOptions& options);
TextRows choose_rows(const CountsReport& report, const TextOptions& options);

}  // namespace tally
