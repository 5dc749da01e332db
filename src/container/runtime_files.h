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

/// The container runtimes' own files on this machine, which have the names of containers. Asks no
/// daemon and opens no socket.
class RuntimeFiles {
  public:
    /// `root` is put before every path.
    explicit RuntimeFiles(std::string root) : root_(std::move(root)) {}

    /// The container with a long id, as named by its runtime's files; `runtime` is that of its
    /// path, empty: unknown. None if no file has the id. The name falls back to the short id.
    std::optional<Container> by_id(const std::string& id, const std::string& runtime);

    /// The same by the files of a user, for a cgroup that belongs to the user.
    std::optional<Container> by_id_of_user(const std::string& id, const std::string& runtime,
                                           uid_t user);

    /// A container, and the place of its cgroup according to its runtime.
    struct Located {
        Container container;
        std::vector<std::string> cgroups;  ///< as in RuntimeFacts
        std::optional<uid_t> user;  ///< whose file this is: trusted only for that user's cgroups;
                                    ///< none: the system's
    };
    /// The containers of runtimes that let people choose the cgroup (containerd, runc, crun), in no
    /// order. Includes stale ones: state files survive their containers.
    std::vector<Located> with_cgroup();

    /// Starts a new round: files that were not read since the last call are dropped from the cache.
    void forget_unread();

  private:
    /// The status of a file when it was parsed: an unchanged file is not read again.
    struct Remembered {
        struct stat status {};
        std::any parsed;
        bool read_since = true;
        bool is_settled = true;  ///< any later change has another time of change
    };

    /// The places of the files of one user's, or the system's, runtimes.
    struct Place {
        std::optional<uid_t> owner;         ///< of the files; others are ignored. None: any
        std::string docker;                 ///< a directory for each container
        std::vector<std::string> storages;  ///< of containers/storage: podman, CRI-O
        std::string runc;
        std::string crun;
    };
    const Place& system();
    std::optional<Place> place_of(uid_t user);

    /// The content of a file, or its content when it was last complete; null: none, or the file is
    /// not `owner`'s.
    template <typename T>
    const T* parsed(const std::string& path, std::optional<T> (*parse)(const std::string&),
                    std::optional<uid_t> owner = std::nullopt, std::size_t most = kLargestFile);

    std::optional<Container> in_place(const Place& place, const std::string& id,
                                      const std::string& runtime);
    std::optional<Container> in_docker(const Place& place, const std::string& id);
    std::optional<Container> in_containerd(const std::string& id);
    std::optional<Container> in_storage(const Place& place, const std::string& id);
    std::optional<Container> in_storage_at(const Place& place, const std::string& storage,
                                           const std::string& containers, const std::string& id);
    std::string bundle_of(const Place& place, const std::string& id);
    std::optional<Container> in_runc(const Place& place, const std::string& id);
    std::optional<Container> in_crun(const Place& place, const std::string& id);
    const std::string* name_in_storage(const Place& place, const std::string& containers,
                                       const std::string& id);
    std::string podman_pod(const Place& place, const std::string& storage, const std::string& id,
                           const RuntimeFacts& facts);
    const RuntimeFacts* crun_annotations(const Place& place, const std::string& state,
                                         const RuntimeFacts& status);
    void locate_in(const Place& place, std::vector<Located>& all);

    // Files of one container have a few KiB.
    static constexpr std::size_t kLargestFile = 4 << 20;

    std::string root_;
    // How much of users' files is read in each round, in bytes: they may be large and many, and
    // change all the time, and all names wait for them.
    static constexpr off_t kUsersBytes = 32 * 1024 * 1024;
    off_t users_bytes_ = kUsersBytes;

    std::optional<Place> system_;
    std::unordered_map<std::string, Remembered> remembered_;
};

}  // namespace tally
