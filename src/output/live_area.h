// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "output/output_file.h"
#include "output/picture.h"

namespace tally {

/// The size of the terminal of `fd`; 80 by 24 if it is unknown.
struct TerminalSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};
TerminalSize terminal_size(int fd);

/// The bytes for one line of a terminal, without the end of line.
std::string styled(const Line& line, bool colour);

/// The last lines of a terminal, drawn again and again in the same place. Only appends to `out`.
///
/// The lines must be narrower than the terminal: a line that wraps takes two rows, and the cursor
/// would not go up far enough.
class LiveArea {
  public:
    explicit LiveArea(OutputFile& out) : out_(out) {}

    /// Replaces the picture.
    void draw(const std::vector<Line>& lines, std::size_t columns, bool colour);

    /// Removes the picture, if there is one.
    void erase(std::size_t columns);

  private:
    void go_up(std::size_t columns);

    OutputFile& out_;
    std::size_t height_ = 0;   ///< rows that the picture takes
    std::size_t columns_ = 0;  ///< width of the terminal when it was drawn
};

}  // namespace tally
