// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

#include "container/container.h"

namespace tally {

/// A set of cgroups that drops the oldest when there are too many.
class RecentIds {
  public:
    explicit RecentIds(std::size_t most) : most_(most) {}

    void insert(CgroupId id) {
        if (!ids_.insert(id).second) {
            return;
        }
        order_.push_back(id);
        if (order_.size() > most_) {
            ids_.erase(order_.front());
            order_.pop_front();
        }
    }
    bool contains(CgroupId id) const { return ids_.contains(id); }
    /// Whether it was there.
    bool erase(CgroupId id) {
        if (ids_.erase(id) == 0) {
            return false;
        }
        std::erase(order_, id);
        return true;
    }

  private:
    std::size_t most_;
    std::unordered_set<CgroupId> ids_;
    std::deque<CgroupId> order_;
};

}  // namespace tally
