// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tally {

/// Which row each slot of a kernel's map adds to. A slot is given back when its cgroup is gone; a
/// row that no slot adds to any more gets nothing more unless another cgroup is in it too, and need
/// not be remembered.
class RowUse {
  public:
    RowUse() = default;
    RowUse(const RowUse&) = delete;
    RowUse& operator=(const RowUse&) = delete;

    /// The slot adds to the row of this identity (RowKey::identity), from now on to no other.
    void note(std::uint32_t slot, const std::string& identity);

    /// The slot was given back.
    void release(std::uint32_t slot);

    /// The identities of the rows that no slot adds to any more, except those that are `kept`,
    /// which a later call returns. Each is returned once, unless a slot adds to it again.
    std::vector<std::string> take_unused(
        const std::function<bool(const std::string& identity)>& is_kept);

  private:
    /// By identity: how many slots add to it. Its elements stay where they are.
    std::unordered_map<std::string, std::uint32_t> users_;
    std::vector<std::pair<const std::string, std::uint32_t>*> row_of_;  ///< by slot
};

}  // namespace tally
