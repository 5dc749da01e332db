// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The names in bpf/include of those maps and programs that loading, or more than one source file,
// has to find by name.
#pragma once

#include <array>
#include <string_view>

namespace tally {

/// declare.bpf.h: what the engine's programs are for, by their tags.
inline constexpr const char* kCgroupsJob = "cgroups";
inline constexpr const char* kTreeJob = "tree";
inline constexpr const char* kReaderJob = "reader";

/// The variables that all tracers of a session share, and among them the flag that starts them.
inline constexpr const char* kSharedData = ".data.tally";
inline constexpr const char* kStarted = "tally_started";

/// tree.bpf.h: the iterator that makes the calling process the root, and the map of the tree.
inline constexpr const char* kTreeRoot = "tally_tree_root";
inline constexpr const char* kTreeMap = "target_tree";

/// target.bpf.h: the iterator that marks the calling process as the reader of the events.
inline constexpr const char* kReaderProgram = "tally_reader";

/// loss.bpf.h: the counters of the tracer's own programs, and of the engine's.
inline constexpr const char* kCounters = "tally_counters";
inline constexpr const char* kEngineCounters = "tally_engine_counters";

/// sockets.bpf.h: each stands in for the other where the kernel leaves it out.
inline constexpr std::array<std::string_view, 2> kStandIns{"tally_tcp_state",
                                                           "tally_tcp_state_again"};

/// events.bpf.h
inline constexpr const char* kEventsRing = "tally_events";

/// slots.bpf.h: endings of the names of the maps beside that of a HISTOGRAM() or COUNTS().
inline constexpr const char* kIndexEnding = "_index";
inline constexpr const char* kFreeEnding = "_free";

/// declare.bpf.h: ending of the name of an IN_FLIGHT()'s iterator, after the name of its map.
inline constexpr const char* kInFlightEnding = "_in_flight";

/// object_state.bpf.h: endings of the names of what an OBJECT_STATE() has besides its map.
inline constexpr const char* kOldEnding = "_old";
inline constexpr const char* kLongestEnding = "_longest";
inline constexpr const char* kForgetOldEnding = "_forget_old";

/// thread_state.bpf.h: endings of the names of the maps and programs of a THREAD_STATE().
inline constexpr const char* kByNumberEnding = "_by_number";
inline constexpr const char* kByAddressEnding = "_by_address";
inline constexpr const char* kByTaskEnding = "_by_task";
inline constexpr const char* kThreadGoneEnding = "_thread_gone";
inline constexpr const char* kThreadMadeEnding = "_thread_made";
inline constexpr const char* kThreadsExistingEnding = "_threads_existing";

}  // namespace tally
