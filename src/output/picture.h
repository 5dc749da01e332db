// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// A report as lines of text, independent of where they will be shown.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "output/text_rows.h"

namespace tally {

enum class Style {
    plain,
    dim,   ///< titles and headings
    bold,  ///< the most important parts
};

/// One line of the screen: no control characters, so its width can be counted. A style applies to
/// the whole line.
struct Line {
    std::string text;
    Style style = Style::plain;
};

/// Lines that belong together, mostly those of one key.
using Block = std::vector<Line>;

struct Picture {
    Block head;
    std::vector<Block> keys;
    Block foot;

    std::size_t height() const;

    /// Leaves out keys from the end, then lines of the first one, until `lines` are enough.
    void fit_height(std::size_t lines);
};

/// Everything of a picture, each line cut to `width` columns.
std::vector<Line> lines_of(const Picture& picture, std::size_t width, bool unicode);

/// One diagram for each key.
void draw_bars(Picture& picture, const TextRows& rows, const HistogramReport& report,
               std::size_t width, const TextOptions& options);

/// One line for each key.
void draw_table(Picture& picture, const TextRows& rows, const CountsReport& report,
                std::size_t width, const TextOptions& options);
void draw_table(Picture& picture, const TextRows& rows, const HistogramReport& report,
                std::size_t width, const TextOptions& options);

}  // namespace tally
