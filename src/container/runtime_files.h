// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/stat.h>

#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "container/container.h"
#include "container/runtime_formats.h"

namespace tally {

/// The container runtimes' own files on this machine: who is called what. Asks no daemon and opens
/// no socket.
class RuntimeFiles {
  public:
    /// `root` is put before every path.
    explicit RuntimeFiles(std::string root) : root_(std::move(root)) {}

    /// The container with a long id, as its runtime's files name it; `runtime` is what its path
    /// told, empty: find it out. None if no file tells. The name falls back to the short id.
    std::optional<Container> by_id(const std::string& id, const std::string& runtime);

    /// A container, and where its runtime says its cgroup is.
    struct Located {
        Container container;
        std::vector<std::string> cgroups;  ///< as in RuntimeFacts
    };
    /// The containers of runtimes that let people choose the cgroup (containerd, runc, crun), in
    /// no order. Stale ones too: state files survive their containers.
    std::vector<Located> with_cgroup();

    /// Starts a new look: what was not read since the last call is no longer remembered.
    void forget_unread();

  private:
    // Files of one container have a few KiB.
    static constexpr std::size_t kLargestFile = 4 << 20;

    /// How a file looked when it was parsed: the same again is not read again.
    struct Remembered {
        struct stat status {};
        bool may_change_unseen = false;  ///< it was so young: to be read again at the next look
        std::any parsed;
        bool read_since = true;
    };

    template <typename T>
    const T* parsed(const std::string& path, std::optional<T> (*parse)(const std::string&),
                    std::size_t most = kLargestFile);

    std::optional<Container> in_docker(const std::string& id);
    std::optional<Container> in_containerd(const std::string& id);
    std::optional<Container> in_storage(const std::string& id);
    std::optional<Container> in_runc(const std::string& id);
    std::optional<Container> in_crun(const std::string& id);
    const RuntimeFacts* crun_annotations(const std::string& state, const RuntimeFacts& status);

    std::string root_;
    std::unordered_map<std::string, Remembered> remembered_;
};

}  // namespace tally
