// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "output/format.h"

namespace tally {

/// Which threads are measured, as typed. A thread must match one value of each list that is not
/// empty; `containers` and `cgroups` count as one list.
struct TargetRequest {
    std::vector<std::string> containers;
    std::vector<std::string> cgroups;
    std::vector<std::uint32_t> pids;
    std::vector<std::uint32_t> tids;
    std::vector<std::string> comms;
    bool wait = false;  ///< `containers` need not exist yet
};

using Seconds = std::chrono::duration<double>;

/// What the command line says about one tracer of a run.
struct TracerRequest {
    std::vector<std::string> by;  ///< as in --by, or as the tool declares
    std::optional<std::uint32_t> max_keys;
    std::optional<std::uint32_t> ring_size;        ///< in bytes
    bool tells_events = false;                     ///< report events, if the tool can also measure
    bool own_events = false;                       ///< report those of tally itself too
    std::map<std::string, std::uint64_t> options;  ///< the tool's own, by the constant's name
    /// The values of the tool's own selections, by the name of their map.
    std::map<std::string, std::vector<std::uint64_t>> selections;
    /// The values asked for of each CHOICE() of the tool, by its name.
    std::map<std::string, std::vector<std::string>> choices;
};

/// All that the command line says about one run, of one tool or of several.
struct Request {
    std::vector<TracerRequest>
        tracers;  ///< one for each tool, in the order in which they were named
    TargetRequest target;
    std::vector<std::string> command;  ///< to be run and measured; empty: none
    Format format = Format::text;
    TextOptions text;
    std::optional<std::string>
        output_file;  ///< or the folder of one file for each tool (outputs.h)
    std::optional<Seconds> interval;
    std::optional<std::uint64_t> count;  ///< of intervals
    std::optional<Seconds> duration;
    std::optional<std::string> hierarchy;  ///< of cgroups; none: the one in which containers live
    std::optional<int> ready_fd;
    bool strict = false;
    bool keep_privileges = false;
    bool verbose = false;
    bool probe_plan = false;  ///< print the hooks that the tool would attach to, then exit
};

/// The options of `tally containers` and `tally doctor`.
struct ListingRequest {
    Format format = Format::text;
    std::optional<std::string> hierarchy;
    bool verbose = false;
    bool watch = false;               ///< this and what follows: containers only
    std::optional<Seconds> duration;  ///< of the watch
    std::optional<int> ready_fd;
    bool keep_privileges = false;
};

}  // namespace tally
