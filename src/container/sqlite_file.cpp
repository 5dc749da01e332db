// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/sqlite_file.h"

#include <algorithm>

namespace tally {

namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kFileHead = 100;
constexpr unsigned kLeaf = 13;
constexpr unsigned kInterior = 5;
constexpr int kDeepest = 32;

// No more than this of a long record is assembled: only ids and names are needed, which come first.
// With the usual page of 4,096 bytes it all lies in the cell (at least 489 bytes do).
constexpr std::size_t kMostOfRecord = 480;
constexpr std::size_t kMostColumns = 64;

/// A big-endian number of `size` bytes; 0 beyond the end.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
    if (at > bytes.size() || bytes.size() - at < size) {
        return 0;
    }
    std::uint64_t value = 0;
    for (const char c : bytes.substr(at, size)) {
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
}

/// Reads a number of one to nine bytes and moves on; none at the end.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (std::size_t length = 0; length < std::min<std::size_t>(9, bytes.size()); ++length) {
        const auto byte = static_cast<unsigned char>(bytes[length]);
        if (length == 8) {
            value = value << 8 | byte;
        } else {
            value = value << 7 | (byte & 0x7FU);
        }
        if (length == 8 || (byte & 0x80U) == 0) {
            bytes.remove_prefix(length + 1);
            return value;
        }
    }
    return std::nullopt;
}

/// How many bytes a value of this serial type has.
std::uint64_t size_of_type(std::uint64_t type) {
    constexpr std::uint64_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < 12 ? kSizes[type] : (type - 12) / 2;
}

struct Value {
    std::uint64_t type = 0;
    std::string_view bytes;
};

/// The columns of a record, as far as its bytes are there.
std::vector<Value> values_of(std::string_view record) {
    std::string_view head = record;
    const auto head_size = take_varint(head);
    if (!head_size || *head_size > record.size()) {
        return {};
    }
    const std::size_t used = record.size() - head.size();
    std::string_view content = record.substr(static_cast<std::size_t>(*head_size));
    if (*head_size < used) {
        return {};
    }
    head = head.substr(0, static_cast<std::size_t>(*head_size) - used);
    std::vector<Value> values;
    while (!head.empty() && values.size() < kMostColumns) {
        const auto type = take_varint(head);
        if (!type) {
            return {};
        }
        const std::uint64_t size = size_of_type(*type);
        if (size > content.size()) {
            values.push_back({});  // not read
            content = {};
            continue;
        }
        values.push_back({*type, content.substr(0, static_cast<std::size_t>(size))});
        content.remove_prefix(static_cast<std::size_t>(size));
    }
    return values;
}

std::optional<std::string> text_of(const Value& value) {
    const bool is_text = value.type >= 13 && value.type % 2 == 1;
    return is_text ? std::optional(std::string(value.bytes)) : std::nullopt;
}

}  // namespace

std::optional<SqliteFile> SqliteFile::open(std::string_view bytes) {
    if (bytes.size() < kFileHead || !bytes.starts_with(kMagic)) {
        return std::nullopt;
    }
    const std::uint64_t told = number_at(bytes, 16, 2);
    const std::size_t page_size = told == 1 ? 65536 : static_cast<std::size_t>(told);
    const auto reserved = static_cast<std::size_t>(number_at(bytes, 20, 1));
    const bool is_with_log = number_at(bytes, 19, 1) != 1;
    const bool is_utf8 = number_at(bytes, 56, 4) == 1;
    if (page_size < 512 || (page_size & (page_size - 1)) != 0 || page_size - reserved < 480 ||
        is_with_log || !is_utf8) {
        return std::nullopt;
    }
    return SqliteFile(bytes, page_size, page_size - reserved);
}

std::optional<std::string_view> SqliteFile::page(std::uint64_t number) const {
    if (number == 0 || number > bytes_.size() / page_size_) {
        return std::nullopt;
    }
    return bytes_.substr(static_cast<std::size_t>(number - 1) * page_size_, page_size_);
}

bool SqliteFile::spend(std::size_t bytes) {
    const bool is_enough = bytes <= budget_;
    budget_ -= is_enough ? bytes : budget_;
    return is_enough;
}

/// The record in the cell of a leaf at `at`, including its part in overflow pages.
std::optional<std::string> SqliteFile::record_at(std::string_view page, std::size_t at) {
    std::string_view cell = page.substr(0, usable_).substr(std::min(at, usable_));
    const auto size = take_varint(cell);
    if (!size || !take_varint(cell)) {
        return std::nullopt;
    }
    const std::uint64_t most_here = usable_ - 35;
    std::uint64_t here = *size;
    if (*size > most_here) {
        const std::uint64_t least_here = (usable_ - 12) * 32 / 255 - 23;
        here = least_here + (*size - least_here) % (usable_ - 4);
        here = here > most_here ? least_here : here;
    }
    if (here > cell.size() || !spend(2 + static_cast<std::size_t>(here))) {
        return std::nullopt;
    }
    std::string record(cell.substr(0, static_cast<std::size_t>(here)));
    std::uint64_t next = *size > here ? number_at(cell, static_cast<std::size_t>(here), 4) : 0;
    while (next != 0 && record.size() < std::min<std::uint64_t>(*size, kMostOfRecord)) {
        const auto more = this->page(next);
        if (!more || !spend(usable_)) {
            return std::nullopt;
        }
        record.append(more->substr(4, static_cast<std::size_t>(std::min<std::uint64_t>(
                                          usable_ - 4, *size - record.size()))));
        next = number_at(*more, 0, 4);
    }
    return record;
}

bool SqliteFile::each_record(std::uint64_t root, int depth, const VisitRecord& visit) {
    const auto page = this->page(root);
    if (!page || depth > kDeepest) {
        return false;
    }
    const std::size_t head = root == 1 ? kFileHead : 0;
    const std::uint64_t type = number_at(*page, head, 1);
    const auto cells = static_cast<std::size_t>(number_at(*page, head + 3, 2));
    const std::size_t first = head + (type == kInterior ? 12 : 8);
    if ((type != kLeaf && type != kInterior) || first + cells * 2 > usable_ ||
        !spend(8 + cells * 2)) {
        return false;
    }
    for (std::size_t index = 0; index < cells; ++index) {
        const auto at = static_cast<std::size_t>(number_at(*page, first + index * 2, 2));
        if (type == kInterior) {
            if (!each_record(number_at(*page, at, 4), depth + 1, visit)) {
                return false;
            }
            continue;
        }
        const auto record = record_at(*page, at);
        if (!record) {
            return false;
        }
        visit(*record);
    }
    return type == kLeaf || each_record(number_at(*page, head + 8, 4), depth + 1, visit);
}

bool SqliteFile::each_row(std::string_view table, const std::function<void(const Row&)>& visit) {
    // The table of tables: type, name, table, root page, SQL.
    std::uint64_t root = 0;
    const bool is_whole = each_record(1, 0, [&](std::string_view record) {
        const auto values = values_of(record);
        if (values.size() >= 4 && text_of(values[0]) == "table" && text_of(values[1]) == table &&
            values[3].type >= 1 && values[3].type <= 6) {
            root = number_at(values[3].bytes, 0, values[3].bytes.size());
        }
    });
    return is_whole && root != 0 && each_record(root, 0, [&](std::string_view record) {
               Row row;
               for (const Value& value : values_of(record)) {
                   row.push_back(text_of(value));
               }
               visit(row);
           });
}

}  // namespace tally
