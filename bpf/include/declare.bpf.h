/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How a BPF file declares what it is. A declaration is a global that carries a "tally:..." tag in
 * the object's BTF; src/tracer/declarations.cpp reads them.
 */
#ifndef TALLY_DECLARE_BPF_H
#define TALLY_DECLARE_BPF_H

#include "wire.h"

#define TALLY_TAG(text) __attribute__((btf_decl_tag("tally:" text)))

/* TRACER("How long runnable threads wait for a CPU"): makes the object a tracer. One line, no full
 * stop. */
#define TRACER(summary) const volatile __u8 tally_tracer TALLY_TAG("tracer:" summary) = 1

/* BY("container,syscall"): the keys that make a row if --by is not given. Without it: container. */
#define BY(keys) const volatile __u8 tally_by TALLY_TAG("by:" keys) = 1

/* OPTION(__u64, min_us, 0, "leave out shorter waits"): a constant that --min-us sets before the
 * program is loaded, so that the verifier removes the code that it switches off. Types: bool,
 * __u32, __u64. Its name must not be that of a common option (docs/new-tool.md). */
#define OPTION(type, name, initial, help) \
    const volatile type name TALLY_TAG("option:" help) = initial

/*
 * The engine: the programs and maps that follow cgroups, list processes and hold the target. They
 * are part of every object. Where several tracers run together, all use those of the first one;
 * those of the others are not loaded (src/tracer/tracer.h). A program declares its job: cgroups,
 * tree, processes or reader. Variables that all tracers share are in .data.tally.
 */
#define TALLY_ENGINE(job) TALLY_TAG("engine:" #job)
#define TALLY_ENGINE_MAP TALLY_TAG("engine_map:")

/* The clock (clock_ns()) at the moment when all probes were attached; 0 until then, and again from
 * before the first one is detached. User space sets it. */
volatile __u64 tally_started SEC(".data.tally") = 0;

/* Probes are attached one after the other. A tracer that pairs events of different probes must
 * return from its handlers at once, without remembering anything, while not all of them are
 * attached. */
static __always_inline bool started(void) {
    return tally_started;
}

/* The version of wire.h with which the object was built. */
const volatile __u32 tally_wire_version = TALLY_WIRE_VERSION;

#endif /* TALLY_DECLARE_BPF_H */
