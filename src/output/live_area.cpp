// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/live_area.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

namespace tally {

TerminalSize terminal_size(int fd) {
    TerminalSize size;
    winsize told{};
    if (::ioctl(fd, TIOCGWINSZ, &told) == 0 && told.ws_col != 0 && told.ws_row != 0) {
        size.columns = told.ws_col;
        size.rows = told.ws_row;
    }
    return size;
}

std::string styled(const Line& line, bool colour) {
    if (!colour || line.style == Style::plain || line.text.empty()) {
        return line.text;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", line.style == Style::bold ? 1 : 2, line.text);
}

void LiveArea::draw(const std::vector<Line>& lines, std::size_t columns, bool colour) {
    go_up(columns);
    for (const Line& line : lines) {
        out_.append(styled(line, colour));
        out_.append("\x1b[K\n");  // the rest of the line may still show the former picture
    }
    out_.append("\x1b[J");  // and so may the lines below
    height_ = lines.size();
    columns_ = columns;
}

void LiveArea::erase(std::size_t columns) {
    if (height_ != 0) {
        go_up(columns);
        out_.append("\x1b[J");
        height_ = 0;
    }
}

void LiveArea::go_up(std::size_t columns) {
    // A terminal that was resized may have wrapped the lines differently, and how many rows they
    // take now is unknown. It is better to leave an old picture than to erase the output of others.
    if (height_ != 0 && columns == columns_) {
        out_.append(fmt::format("\r\x1b[{}A", height_));
    }
}

}  // namespace tally
