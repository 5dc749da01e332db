/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The path of a cgroup from the root of its hierarchy, for tracers of events. The hierarchy may be
 * another one than that of the run, with names that user space does not know.
 */
#ifndef TALLY_CGROUP_PATH_BPF_H
#define TALLY_CGROUP_PATH_BPF_H

#include "events.bpf.h"

/* Deeper cgroups have no path. */
#define TALLY_MOST_CGROUPS 48

/* While the path is assembled, the cgroups on the way up are stored after the text. */
#define TALLY_CGROUPS_AT (TALLY_EVENT_TEXT - 8 * TALLY_MOST_CGROUPS)

/* Returns whether the path was found. The loops count in memory, where the verifier does not track
 * the values: it would otherwise examine every path through them. */
static __noinline bool tally_add_cgroup(char* text, __u32* used, struct cgroup* cgroup) {
    struct cgroup** parts;
    __u32 at;
    int i;

    if (!text || !used || !cgroup)
        return false;
    parts = (struct cgroup**)(text + TALLY_CGROUPS_AT);
    __builtin_memset(parts, 0, 8 * TALLY_MOST_CGROUPS);
    for (i = 0; i < TALLY_MOST_CGROUPS; i++) {
        struct cgroup_subsys_state* above = BPF_CORE_READ(cgroup, self.parent);

        if (!above)
            break;
        parts[i] = cgroup;
        cgroup = BPF_CORE_READ(above, cgroup);
    }
    if (i == TALLY_MOST_CGROUPS)
        return false;
    at = *(volatile __u32*)used;
    if (at > TALLY_CGROUPS_AT - 2 * TALLY_MOST_STRING)
        return false;
    text[at] = '/'; /* the root itself */
    for (i = TALLY_MOST_CGROUPS - 1; i >= 0; i--) {
        struct cgroup* part = parts[i];
        long length;

        if (!part)
            continue;
        at = *(volatile __u32*)used;
        if (at > TALLY_CGROUPS_AT - 2 * TALLY_MOST_STRING)
            return false;
        text[at] = '/';
        length = bpf_probe_read_kernel_str(text + at + 1, 256, BPF_CORE_READ(part, kn, name));
        if (length <= 0 || length > 256)
            return false;
        *(volatile __u32*)used = at + length;
    }
    return true;
}

static __always_inline void tally_add_cgroup_path(char* text, __u32* used, struct tally_text* field,
                                                  struct cgroup* cgroup) {
    __u32 begin = *used;

    if (!tally_add_cgroup(text, used, cgroup)) {
        *used = begin;
        count_one(LOST_STRING_FAULT);
        return;
    }
    if (*used == begin)
        *used = begin + 1; /* the root */
    field->offset = begin;
    field->length = *used - begin;
    field->state = TALLY_TEXT_WHOLE;
}

/* Sets a path field to the path of a cgroup. */
#define event_cgroup_path(name, event, field, cgroup) \
    tally_add_cgroup_path(TALLY_TEXT_OF(name, event, field), cgroup)

#endif /* TALLY_CGROUP_PATH_BPF_H */
