// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/listing_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "output/escape.h"
#include "output/fit.h"
#include "output/json_record.h"
#include "output/messages.h"

namespace tally {
namespace {

constexpr std::size_t kGap = 2;  // columns between two columns

/// Of a stream: one long name must not push all later lines off the screen.
constexpr std::size_t kWidestColumn = 40;

std::vector<std::string> cells_of(const Listing::Row& row) {
    std::vector<std::string> cells;
    for (const std::string& label : row.labels) {
        cells.push_back(locale_is_utf8() ? escape_text(label) : escape_ascii(label));
    }
    return cells;
}

void widen(std::vector<std::size_t>& widths, const std::vector<std::string>& cells) {
    widths.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        widths[i] = std::max(widths[i], display_width(cells[i]));
    }
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
        line += pad_right(cells[i], widths[i] + kGap);
    }
    return line + cells.back() + "\n";
}

void write_text(const Listing& listing, OutputFile& out) {
    if (listing.rows.empty()) {
        out.append(listing.empty + "\n");
        return;
    }
    std::vector<std::vector<std::string>> lines{listing.headings};
    std::transform(listing.rows.begin(), listing.rows.end(), std::back_inserter(lines), cells_of);
    std::vector<std::size_t> widths;
    for (const auto& line : lines) {
        widen(widths, line);
    }
    for (const auto& line : lines) {
        out.append(line_of(line, widths));
    }
}

void write_json(const std::string& type, const Listing::Row& row, OutputFile& out) {
    JsonRecord record;
    record.begin(type);
    for (const Field& field : row.fields) {
        record.add(field);
    }
    out.append(record.end());
}

}  // namespace

void write_listing(Format format, const Listing& listing, OutputFile& out) {
    if (format == Format::json) {
        for (const Listing::Row& each : listing.rows) {
            write_json(listing.type, each, out);
        }
    } else {
        write_text(listing, out);
    }
    out.flush();
}

ListingStream::ListingStream(Format format, Listing listing, OutputFile& out)
    : format_(format), listing_(std::move(listing)), out_(out) {
    if (format_ == Format::text) {
        write_line(listing_.headings);
    }
}

void ListingStream::write(const Listing::Row& row) {
    if (format_ == Format::text) {
        write_line(cells_of(row));
    } else {
        write_json(listing_.type, row, out_);
        out_.flush();
    }
}

void ListingStream::write_line(const std::vector<std::string>& cells) {
    widen(widths_, cells);
    for (std::size_t& each : widths_) {
        each = std::min(each, kWidestColumn);
    }
    out_.append(line_of(cells, widths_));
    out_.flush();
}

}  // namespace tally
