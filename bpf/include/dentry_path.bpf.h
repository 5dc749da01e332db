/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The path of a file from the root of its file system, for tracers of events that know its
 * dentry but no mount, as in functions of the file system itself.
 */
#ifndef TALLY_DENTRY_PATH_BPF_H
#define TALLY_DENTRY_PATH_BPF_H

#include "events.bpf.h"

/* Deeper files have no path. */
#define TALLY_MOST_DENTRIES 64

/* While the path is assembled, the dentries on the way up are stored after the text. */
#define TALLY_DENTRIES_AT (TALLY_EVENT_TEXT - 8 * TALLY_MOST_DENTRIES)

/* Returns whether the path was found. The loops count in memory, where the verifier does not track
 * the values: it would otherwise examine every path through them. Without the locks of
 * dentry_path(): a file that is being renamed may have its old name or the new one. */
static __noinline bool tally_add_dentry(char* text, __u32* used, struct dentry* dentry) {
    struct dentry** parts;
    __u32 at;
    int i;

    if (!text || !used || !dentry)
        return false;
    parts = (struct dentry**)(text + TALLY_DENTRIES_AT);
    __builtin_memset(parts, 0, 8 * TALLY_MOST_DENTRIES);
    for (i = 0; i < TALLY_MOST_DENTRIES; i++) {
        struct dentry* parent = BPF_CORE_READ(dentry, d_parent);

        if (!parent || parent == dentry)
            break;
        parts[i] = dentry;
        dentry = parent;
    }
    if (i == TALLY_MOST_DENTRIES)
        return false;
    at = *(volatile __u32*)used;
    if (at > TALLY_DENTRIES_AT - 2 * TALLY_MOST_STRING)
        return false;
    text[at] = '/'; /* the root itself */
    for (i = TALLY_MOST_DENTRIES - 1; i >= 0; i--) {
        struct dentry* part = parts[i];
        long length;

        if (!part)
            continue;
        at = *(volatile __u32*)used;
        if (at > TALLY_DENTRIES_AT - 2 * TALLY_MOST_STRING)
            return false;
        text[at] = '/';
        length = bpf_probe_read_kernel_str(text + at + 1, 256, BPF_CORE_READ(part, d_name.name));
        if (length <= 0 || length > 256)
            return false;
        *(volatile __u32*)used = at + length;
    }
    return true;
}

static __always_inline void tally_add_dentry_path(char* text, __u32* used, struct tally_text* field,
                                                  struct dentry* dentry) {
    __u32 begin = *used;

    if (!tally_add_dentry(text, used, dentry)) {
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

/* Sets a path field to the path of a dentry, from the root of its file system. */
#define event_dentry_path(name, event, field, dentry) \
    tally_add_dentry_path(TALLY_TEXT_OF(name, event, field), dentry)

#endif /* TALLY_DENTRY_PATH_BPF_H */
