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

    /// Shows `visit` the records that are there when it begins, oldest first, and leaves them
    /// there. The span that `visit` is given is good until it returns. Ends early at a record that
    /// is not yet whole. Returns where it ended, for take().
    template <typename Visit>
    std::uint64_t look(Visit&& visit) {
        std::uint64_t position = position_;
        for (const std::uint64_t end = produced(); position < end;) {
            const Record record = at(position);
            if (!record.is_whole) {
                break;
            }
            if (record.content != 0) {
                visit(content_at(position, record.content));
            }
            position += record.length;
        }
        return position;
    }

    /// Hands the records before `end`, which look() has returned, to `visit`, and gives their room
    /// back. The span that `visit` is given is good until it returns.
    template <typename Visit>
    void take(std::uint64_t end, Visit&& visit) {
        while (position_ < end) {
            const Record record = at(position_);
            if (record.content != 0) {
                visit(content_at(position_, record.content));
            }
            position_ += record.length;
            if (position_ - given_back_ >= kPiece) {
                give_back();
            }
        }
        give_back();
    }

    /// Whether there is nothing before `end` that was not taken.
    bool is_taken(std::uint64_t end) const { return position_ >= end; }

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

    const std::size_t page_size_;
    std::size_t size_;
    std::byte* consumer_ = nullptr;  ///< the page that is ours
    std::byte* producer_ = nullptr;  ///< the kernel's page, and behind it the data
    std::vector<std::byte> joined_;  ///< a record that goes on at the beginning of the data
    std::uint64_t position_ = 0;
    std::uint64_t given_back_ = 0;
};

}  // namespace tally
