// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/loss_sentences.h"

#include <fmt/format.h>

#include "output/quantity.h"
#include "output/text_rows.h"

namespace tally {

std::string lost_sentence(const LostRecord& lost, const TextOptions& options) {
    return fmt::format("tally: {}: lost {}: {}: {}", safe_text(lost.tool, options),
                       format_count(lost.count), safe_text(lost.reason, options),
                       safe_text(lost.advice, options));
}

std::vector<std::string> end_sentences(const EndRecord& end, const TextOptions& options) {
    const std::string tool = safe_text(end.tool, options);
    std::vector<std::string> sentences;
    if (end.before_attach != 0) {
        sentences.push_back(
            fmt::format("tally: {}: {} began before tracing started and {} not included", tool,
                        format_count(end.before_attach), end.before_attach == 1 ? "is" : "are"));
    }
    std::string reasons;
    for (const EndRecord::Lost& each : end.lost) {
        if (each.count != 0) {
            reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ",
                                   safe_text(each.reason, options), format_count(each.count));
        }
    }
    if (!reasons.empty()) {
        sentences.push_back(fmt::format("tally: {}: lost in the whole run: {}", tool, reasons));
    }
    return sentences;
}

}  // namespace tally
