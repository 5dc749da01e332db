/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What has begun and not ended when a report is made: the thread that waits right now, the call
 * that hangs. Read from the threads themselves, so a thread that died is never among them.
 */
#ifndef TALLY_IN_FLIGHT_BPF_H
#define TALLY_IN_FLIGHT_BPF_H

#include "target.bpf.h"
#include "wire.h"

/*
 * IN_FLIGHT(waits, task, key) { fill *key; return its age, or 0; }
 *
 * declares it for the HISTOGRAM `waits`, declared before (COUNTS have nothing in flight); `key`
 * points to one of its keys. The body is asked for every thread that is wanted at that moment and
 * returns for how many nanoseconds what it waits for has lasted; 0 if it waits for nothing;
 * TALLY_OLDER_THAN_RUN if that is not known because it had begun before the probes were there.
 *
 * IN_FLIGHT_EACH(waits, most, task, key, index) { the same }
 *
 * is for a thread that can be in several things at once: asked with each `index` below `most`.
 */
#define IN_FLIGHT_EACH(name, most, its_task, its_key, its_index)                            \
    static __always_inline __u64 tally_##name##_age(                                        \
        struct task_struct* its_task, tally_##name##_key_type* its_key, __u32 its_index);   \
                                                                                            \
    SEC("iter/task")                                                                        \
    int name##_in_flight(struct bpf_iter__task* ctx) {                                      \
        struct task_struct* each = ctx->task;                                               \
        __u32 number;                                                                       \
                                                                                            \
        /* Not the dead that nobody has waited for, nor who reads this just now. */         \
        if (!each || each->exit_state || (__u64)each == bpf_get_current_task() ||           \
            !target_includes(each))                                                         \
            return 0;                                                                       \
        for (number = 0; number < (most); number++) {                                       \
            struct {                                                                        \
                tally_##name##_key_type key;                                                \
                struct tally_in_flight in_flight;                                           \
            } record = {};                                                                  \
                                                                                            \
            record.in_flight.age = tally_##name##_age(each, &record.key, number);           \
            if (!record.in_flight.age)                                                      \
                continue;                                                                   \
            record.in_flight.pid = each->tgid;                                              \
            record.in_flight.tid = each->pid;                                               \
            bpf_probe_read_kernel_str(record.in_flight.comm, sizeof(record.in_flight.comm), \
                                      each->comm);                                          \
            bpf_seq_write(ctx->meta->seq, &record, sizeof(record));                         \
        }                                                                                   \
        return 0;                                                                           \
    }                                                                                       \
                                                                                            \
    static __always_inline __u64 tally_##name##_age(                                        \
        struct task_struct* its_task, tally_##name##_key_type* its_key, __u32 its_index)

#define IN_FLIGHT(name, its_task, its_key) IN_FLIGHT_EACH(name, 1, its_task, its_key, tally_only)

#endif /* TALLY_IN_FLIGHT_BPF_H */
