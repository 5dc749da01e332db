// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Functions of the kernel, and of a file system that has none; a tracepoint of two shapes; one that
// is not there.
#include "probes.bpf.h"

TRACER("Reads of files");
struct reads {
    __u64 entries;
    __u64 returns;
};
COUNTS(reads, struct subject, struct reads, "reads");
OPTIONAL_PROBES(weather, "the weather");
CHOICE(hook, "what they are heard of by");

FUNCTION_ENTRY(hook.vfs.read, 1, vfs_read, read_begins, struct file* file) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct reads* counts;

    if (!started() || !target_includes(task) || !BPF_CORE_READ(file, f_inode))
        return 0;
    counts = counts_of(reads, subject_of(task), NULL);
    if (counts)
        count_up(&counts->entries, 1);
    return 0;
}

FUNCTION_RETURN(hook.vfs.read, 1, vfs_read, read_ends) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct reads* counts;

    if (!started() || !target_includes(task) || result < 0)
        return 0;
    counts = counts_of(reads, subject_of(task), NULL);
    if (counts)
        count_up(&counts->returns, 1);
    return 0;
}

FUNCTION_ENTRY(hook.mind.read, 1, vfs_read_mind, mind_begins, struct file* file) {
    return 0;
}

SEC("tp_btf/rain") PROBE(weather, 1)
int BPF_PROG(on_rain, int drops) {
    return 0;
}

// 6.9 gave it another argument; the group is required, one of the two is there.
SEC("tp_btf/mark_victim")
PROBE_WITH(victim, 1, 2)
int BPF_PROG(on_victim, struct task_struct* task) {
    return 0;
}
SEC("tp_btf/mark_victim") PROBE_WITH(victim, 2, 1)
int BPF_PROG(on_victim_number, int pid) {
    return 0;
}
