// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/listing_writer.h"

#include <algorithm>
#include <string_view>

#include "output/escape.h"
#include "output/fit.h"
#include "output/json_record.h"
#include "output/messages.h"

namespace tally {
namespace {

constexpr std::size_t kGap = 2;  // columns between two columns

void write_text(const Listing& listing, OutputFile& out) {
    if (listing.rows.empty()) {
        out.append(listing.empty + "\n");
        return;
    }
    std::vector<std::vector<std::string>> lines{listing.headings};
    for (const Listing::Row& each : listing.rows) {
        std::vector<std::string>& line = lines.emplace_back();
        for (const std::string& label : each.labels) {
            line.push_back(locale_is_utf8() ? escape_text(label) : escape_ascii(label));
        }
    }
    std::vector<std::size_t> widths(listing.headings.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(line[i]));
        }
    }
    for (const auto& line : lines) {
        for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
            out.append(pad_right(line[i], widths[i] + kGap));
        }
        out.append(line.back() + "\n");
    }
}

void write_json(const Listing& listing, OutputFile& out) {
    JsonRecord record;
    for (const Listing::Row& each : listing.rows) {
        record.begin(listing.type);
        for (const Field& field : each.fields) {
            record.add(field);
        }
        out.append(record.end());
    }
}

}  // namespace

void write_listing(Format format, const Listing& listing, OutputFile& out) {
    format == Format::json ? write_json(listing, out) : write_text(listing, out);
    out.flush();
}

}  // namespace tally
