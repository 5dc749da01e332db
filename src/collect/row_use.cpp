// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/row_use.h"

namespace tally {

void RowUse::note(std::uint32_t slot, const std::string& identity) {
    if (row_of_.size() <= slot) {
        row_of_.resize(slot + 1);
    }
    if (row_of_[slot] != nullptr && row_of_[slot]->first == identity) {
        return;
    }
    release(slot);  // its cgroup has got a name
    row_of_[slot] = &*users_.try_emplace(identity).first;
    ++row_of_[slot]->second;
}

void RowUse::release(std::uint32_t slot) {
    if (slot < row_of_.size() && row_of_[slot] != nullptr) {
        --row_of_[slot]->second;
        row_of_[slot] = nullptr;
    }
}

std::vector<std::string> RowUse::take_unused(
    const std::function<bool(const std::string& identity)>& is_kept) {
    std::vector<std::string> unused;
    for (const auto& [identity, users] : users_) {
        if (users == 0 && !is_kept(identity)) {
            unused.push_back(identity);
        }
    }
    for (const std::string& each : unused) {
        users_.erase(each);
    }
    return unused;
}

}  // namespace tally
