// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// A database of SQLite 3, read from its bytes and never trusted: nothing outside of them is
/// touched, and the work is bounded by their number. Supports tables with row ids, no index, no
/// write-ahead log: a database with one is not accepted.
///
/// SQLite writes into the file while a transaction ends, so a row that is read then may be missing,
/// or come twice, but it is a row that was written.
class SqliteFile {
  public:
    /// None if this is not such a file. `bytes` must outlive it.
    static std::optional<SqliteFile> open(std::string_view bytes);

    /// The texts of a row's columns; none: NULL, a number, a blob, or too long to have been read.
    using Row = std::vector<std::optional<std::string>>;

    /// Calls `visit` with the rows of a table. False if there is none or the file is broken.
    bool each_row(std::string_view table, const std::function<void(const Row&)>& visit);

  private:
    SqliteFile(std::string_view bytes, std::size_t page_size, std::size_t usable)
        : bytes_(bytes), page_size_(page_size), usable_(usable), budget_(bytes.size()) {}

    /// A row's bytes, as SQLite's record format.
    using VisitRecord = std::function<void(std::string_view)>;

    std::optional<std::string_view> page(std::uint64_t number) const;
    bool each_record(std::uint64_t root, int depth, const VisitRecord& visit);
    std::optional<std::string> record_at(std::string_view page, std::size_t at);
    bool spend(std::size_t bytes);

    std::string_view bytes_;
    std::size_t page_size_;
    std::size_t usable_;  ///< of a page: some of its end may be reserved
    std::size_t budget_;  ///< bytes of cells that may still be examined: a valid file has no more
};

}  // namespace tally
