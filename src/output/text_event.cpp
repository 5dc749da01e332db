// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/text_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "output/escape.h"
#include "output/fit.h"
#include "output/quantity.h"
#include "output/text_rows.h"
#include "output/times.h"

namespace tally {
namespace {

constexpr UnixNanoseconds kSecond = 1'000'000'000;
constexpr std::size_t kClock = 12;  // 09:00:05.123
constexpr std::size_t kTool = 10;
constexpr std::size_t kContainer = 16;
constexpr std::size_t kPid = 7;
constexpr std::size_t kComm = 15;

std::size_t width_of(const EventColumn& column) {
    return std::max(column.width, heading_of(column.name, column.unit).size());
}

void add_cell(std::string& line, std::string_view text, std::size_t width, bool is_number) {
    line += line.empty() ? "" : "  ";
    line += is_number ? pad_left(text, width) : pad_right(text, width);
}

void end_line(std::string& line) {
    while (line.ends_with(' ')) {
        line.pop_back();
    }
    line += '\n';
}

std::string milliseconds(UnixNanoseconds time) {
    return fmt::format(".{:03}", time % kSecond / 1'000'000);
}

}  // namespace

std::string TextEvents::heading(const EventShape& shape) const {
    std::string line;
    add_cell(line, "TIME", kClock, false);
    if (options_.names_tools) {
        add_cell(line, safe_text(shape.tool, options_), kTool, false);
    }
    add_cell(line, "CONTAINER", kContainer, false);
    add_cell(line, "PID", kPid, true);
    add_cell(line, "COMM", kComm, false);
    for (const EventColumn& each : shape.columns) {
        if (!each.is_cut_mark) {
            add_cell(line, heading_of(each.name, each.unit), width_of(each), each.is_number);
        }
    }
    end_line(line);
    return line;
}

std::string TextEvents::cell(const EventColumn& column, const EventValue& value) const {
    struct Visitor {
        const EventColumn& column;
        const TextOptions& options;

        std::string operator()(std::monostate) const { return "-"; }
        std::string operator()(std::uint64_t number) const {
            return column.unit == Unit::count ? std::to_string(number)
                                              : format_quantity(column.unit, number);
        }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(bool yes) const { return yes ? "yes" : "no"; }
        std::string operator()(std::string_view text) const { return safe_text(text, options); }
        std::string operator()(const Words& words) const {
            return escape_words(words, !options.unicode);
        }
        std::string operator()(const Moment& moment) const {
            return local_clock(moment.time) + milliseconds(moment.time);
        }
    };
    return std::visit(Visitor{column, options_}, value);
}

std::string_view TextEvents::line(const Event& event) {
    if (event.time / kSecond != second_ || clock_.empty()) {
        second_ = event.time / kSecond;
        clock_ = local_clock(event.time);
    }
    line_ = clock_ + milliseconds(event.time);
    if (options_.names_tools) {
        add_cell(line_, safe_text(event.shape.tool, options_), kTool, false);
    }
    add_cell(line_, safe_text(event.owner.label, options_), kContainer, false);
    const bool is_known = event.tid != 0;
    add_cell(line_, is_known ? std::to_string(event.pid) : "-", kPid, true);
    add_cell(line_, is_known ? safe_text(event.comm, options_) : "-", kComm, false);
    for (std::size_t i = 0; i < event.values.size(); ++i) {
        const EventColumn& column = event.shape.columns[i];
        if (!column.is_cut_mark) {
            add_cell(line_, cell(column, event.values[i]), width_of(column), column.is_number);
        } else if (const bool* cut = std::get_if<bool>(&event.values[i]); cut && *cut) {
            line_ += " ...";
        }
    }
    end_line(line_);
    return line_;
}

}  // namespace tally
