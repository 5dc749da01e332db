// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/picture.h"

#include <fmt/format.h>

#include "output/fit.h"

namespace tally {

std::size_t Picture::height() const {
    std::size_t lines = head.size() + foot.size();
    for (const Block& key : keys) {
        lines += key.size();
    }
    return lines;
}

void Picture::fit_height(std::size_t lines) {
    if (height() <= lines) {
        return;
    }
    std::size_t left_out = 0;
    while (keys.size() > 1 && height() + 1 > lines) {  // one more line for the note
        keys.pop_back();
        ++left_out;
    }
    if (left_out != 0) {
        foot.insert(foot.begin(), {fmt::format("... {} more, ranked lower", left_out), Style::dim});
    }
    if (!keys.empty()) {
        // The small values of a diagram are removed first: problems are at the other end.
        Block& key = keys.front();
        while (height() > lines && key.size() > 3) {
            key.erase(key.begin() + 1);
            key[1] = {"  ...", Style::dim};
        }
    }
    for (Block* block : {&foot, &head, keys.empty() ? &foot : &keys.front()}) {
        while (height() > lines && !block->empty()) {
            block->pop_back();
        }
    }
}

std::vector<Line> lines_of(const Picture& picture, std::size_t width, bool unicode) {
    std::vector<Line> lines;
    lines.reserve(picture.height());
    const auto add = [&](const Block& block) {
        for (const Line& line : block) {
            std::string text = cut_end(line.text, width, unicode);
            text.resize(text.find_last_not_of(' ') + 1);
            lines.push_back({std::move(text), line.style});
        }
    };
    add(picture.head);
    for (const Block& key : picture.keys) {
        add(key);
    }
    add(picture.foot);
    return lines;
}

}  // namespace tally
