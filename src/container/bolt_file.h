// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace tally {

/// A file of BoltDB (go.etcd.io/bbolt, version 2 of the format), read from its bytes and never
/// trusted: nothing outside of them is touched, and the work is bounded by their number.
///
/// bbolt writes a transaction to unused pages and then one of two heads. The pages of the last
/// transaction are never written over by the next, so bytes read at once are consistent unless two
/// transactions end meanwhile, each with its fdatasync().
class BoltFile {
  public:
    /// Keys and values in a tree of pages, or in one page inside the value of another bucket.
    struct Bucket {
        std::uint64_t root = 0;  ///< number of the page; 0: it is `page`
        std::string_view page;
    };

    /// None if this is not such a file. `bytes` must outlive it.
    static std::optional<BoltFile> open(std::string_view bytes);

    Bucket root() const { return {root_, {}}; }

    /// One key of a bucket; if the value is a bucket, pass the entry to inner_bucket().
    struct Entry {
        std::string_view key;
        std::string_view value;
        bool is_bucket = false;
    };

    /// Calls `visit` with the entries of a bucket. False if the file is broken.
    bool each(const Bucket& bucket, const std::function<void(const Entry&)>& visit);

    static std::optional<Bucket> inner_bucket(const Entry& entry);

    /// The bucket of that name within another; none if there is none or the file is broken.
    std::optional<Bucket> find_bucket(const Bucket& in, std::string_view name);

  private:
    BoltFile(std::string_view bytes, std::size_t page_size, std::uint64_t root)
        : bytes_(bytes), page_size_(page_size), root_(root), budget_(bytes.size() / 16) {}

    std::optional<std::string_view> page(std::uint64_t number) const;
    bool each_of_page(std::string_view page, int depth,
                      const std::function<void(const Entry&)>& visit);

    std::string_view bytes_;
    std::size_t page_size_;
    std::uint64_t root_;
    std::size_t budget_;  ///< entries that may still be examined: in a valid file each has 16 bytes
};

}  // namespace tally
