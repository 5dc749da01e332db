// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/bolt_file.h"

#include <cstring>

namespace tally {

namespace {

constexpr std::size_t kPageHead = 16;   // number u64, flags u16, count u16, overflow u32
constexpr std::size_t kEntryHead = 16;  // leaf: flags, position, key size, value size; branch:
                                        // position u32, key size u32, page u64
constexpr std::uint16_t kBranch = 1;
constexpr std::uint16_t kLeaf = 2;
constexpr std::uint32_t kIsBucket = 1;
constexpr std::uint32_t kMagic = 0xED0CDAED;
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kSmallestPage = 1024;
constexpr std::size_t kLargestPage = 65536;
constexpr int kDeepest = 32;

/// A number in the machine's byte order: bbolt writes its structures as they are in memory, and
/// podman's file is read on the machine that wrote it. 0 beyond the end.
template <typename T>
T number_at(std::string_view bytes, std::size_t at) {
    T value{};
    if (at <= bytes.size() && bytes.size() - at >= sizeof value) {
        std::memcpy(&value, bytes.data() + at, sizeof value);
    }
    return value;
}

/// FNV-1a, 64 bits.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = 14695981039346656037ULL;
    for (const char c : bytes) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return sum;
}

struct Head {
    std::size_t page_size = 0;
    std::uint64_t root = 0;
    std::uint64_t transaction = 0;
};

/// One of the two heads: after the page's own, magic u32, version u32, page size u32, flags u32,
/// root bucket (page u64, sequence u64), free list u64, highest page u64, transaction u64, and the
/// checksum of all that.
std::optional<Head> head_at(std::string_view bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < kPageHead + 64) {
        return std::nullopt;
    }
    const std::string_view head = bytes.substr(at + kPageHead, 64);
    if (number_at<std::uint32_t>(head, 0) != kMagic ||
        number_at<std::uint32_t>(head, 4) != kVersion ||
        number_at<std::uint64_t>(head, 56) != checksum(head.substr(0, 56))) {
        return std::nullopt;
    }
    return Head{number_at<std::uint32_t>(head, 8), number_at<std::uint64_t>(head, 16),
                number_at<std::uint64_t>(head, 48)};
}

}  // namespace

std::optional<BoltFile> BoltFile::open(std::string_view bytes) {
    std::optional<Head> newest = head_at(bytes, 0);
    if (newest && (newest->page_size < kSmallestPage || newest->page_size > kLargestPage)) {
        return std::nullopt;
    }
    // The second one is a page further, and the first may be the one that is being written: then
    // the page size must be found out.
    const std::size_t first = newest ? newest->page_size : kSmallestPage;
    const std::size_t last = newest ? newest->page_size : kLargestPage;
    for (std::size_t size = first; size <= last; size *= 2) {
        const auto head = head_at(bytes, size);
        if (head && head->page_size == size &&
            (!newest || head->transaction > newest->transaction)) {
            newest = head;
        }
    }
    if (!newest) {
        return std::nullopt;
    }
    return BoltFile(bytes, newest->page_size, newest->root);
}

std::optional<std::string_view> BoltFile::page(std::uint64_t number) const {
    const std::uint64_t pages = bytes_.size() / page_size_;
    if (number >= pages) {
        return std::nullopt;
    }
    const std::string_view rest = bytes_.substr(static_cast<std::size_t>(number) * page_size_);
    const std::uint64_t more = number_at<std::uint32_t>(rest, 12);
    if (number_at<std::uint64_t>(rest, 0) != number || more >= pages - number) {
        return std::nullopt;
    }
    return rest.substr(0, static_cast<std::size_t>(1 + more) * page_size_);
}

bool BoltFile::each_of_page(std::string_view page, int depth,
                            const std::function<void(const Entry&)>& visit) {
    const auto flags = number_at<std::uint16_t>(page, 8);
    const std::size_t count = number_at<std::uint16_t>(page, 10);
    if ((flags != kBranch && flags != kLeaf) || depth > kDeepest ||
        page.size() < kPageHead + count * kEntryHead) {
        return false;
    }
    for (std::size_t index = 0; index < count; ++index) {
        if (budget_ == 0) {
            return false;
        }
        --budget_;
        const std::string_view entry = page.substr(kPageHead + index * kEntryHead);
        if (flags == kBranch) {
            const auto below = this->page(number_at<std::uint64_t>(entry, 8));
            if (!below || !each_of_page(*below, depth + 1, visit)) {
                return false;
            }
            continue;
        }
        const std::size_t position = number_at<std::uint32_t>(entry, 4);
        const std::size_t key = number_at<std::uint32_t>(entry, 8);
        const std::size_t value = number_at<std::uint32_t>(entry, 12);
        if (position > entry.size() || key > entry.size() - position ||
            value > entry.size() - position - key) {
            return false;
        }
        visit({entry.substr(position, key), entry.substr(position + key, value),
               (number_at<std::uint32_t>(entry, 0) & kIsBucket) != 0});
    }
    return true;
}

bool BoltFile::each(const Bucket& bucket, const std::function<void(const Entry&)>& visit) {
    if (bucket.root == 0) {
        return each_of_page(bucket.page, 0, visit);
    }
    const auto first = page(bucket.root);
    return first && each_of_page(*first, 0, visit);
}

std::optional<BoltFile::Bucket> BoltFile::inner_bucket(const Entry& entry) {
    // Page u64, sequence u64; where the page is 0, it follows.
    if (!entry.is_bucket || entry.value.size() < 16) {
        return std::nullopt;
    }
    return Bucket{number_at<std::uint64_t>(entry.value, 0), entry.value.substr(16)};
}

std::optional<BoltFile::Bucket> BoltFile::find_bucket(const Bucket& in, std::string_view name) {
    std::optional<Bucket> found;
    const bool is_whole = each(in, [&](const Entry& entry) {
        if (entry.key == name) {
            found = inner_bucket(entry);
        }
    });
    return is_whole ? found : std::nullopt;
}

}  // namespace tally
