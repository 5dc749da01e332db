// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tally {

/// The reader's side of a BPF ring buffer (kernel/bpf/ringbuf.c). libbpf's own reads on for as long
/// as more comes, tells the kernel after each record, and maps the data twice, which a process has
/// to account for.
class Ring {
  public:
    /// `map` is the descriptor of a BPF_MAP_TYPE_RINGBUF of `size` bytes. All memory is mapped
    /// here. Throws Error.
    Ring(int map, std::size_t size);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// Hands the records that are there when it begins to `take`, oldest first. Its span is good
    /// until it returns. Ends early at a record that is not yet whole. Returns whether there was
    /// any.
    template <typename Take>
    bool drain(Take&& take) {
        const std::uint64_t begin = position_;
        const std::uint64_t end = produced();
        while (position_ < end) {
            const Record record = at(position_);
            if (!record.is_whole) {
                break;
            }
            position_ += record.length;
            if (record.content != 0) {
                take(content_at(position_ - record.length, record.content));
            }
            if (position_ - given_back_ >= kPiece) {
                give_back();
            }
        }
        give_back();
        return position_ != begin;
    }

  private:
    /// After so many bytes their room is given back to the kernel.
    static constexpr std::uint64_t kPiece = 64 * 1024;

    struct Record {
        bool is_whole = false;
        std::uint64_t length = 0;  ///< of the place that it takes
        std::size_t content = 0;   ///< how many bytes; 0: it was discarded
    };

    std::uint64_t produced() const;
    Record at(std::uint64_t position) const;
    std::span<const std::byte> content_at(std::uint64_t position, std::size_t size);
    void give_back();

    std::size_t size_;
    std::byte* consumer_ = nullptr;  ///< the page that is ours
    std::byte* producer_ = nullptr;  ///< the kernel's page, and behind it the data
    std::vector<std::byte> joined_;  ///< a record that goes on at the beginning of the data
    std::uint64_t position_ = 0;
    std::uint64_t given_back_ = 0;
};

}  // namespace tally
