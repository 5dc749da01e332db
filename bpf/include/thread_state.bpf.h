/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a tracer remembers about each thread between two events.
 */
#ifndef TALLY_THREAD_STATE_BPF_H
#define TALLY_THREAD_STATE_BPF_H

#include "compat.bpf.h"
#include "declare.bpf.h"
#include "loss.bpf.h"

/* An array by thread number costs 5 ns a look-up, task storage 32, a hash 43 and more; but the
 * array has pid_max elements, 32 MiB for 8 bytes each on a big server. User space decides
 * (src/tracer/map_budget.cpp). The flag is a constant: the code of the other way is not even
 * loaded. */
const volatile bool tally_threads_by_number = true;

/* Otherwise, on kernels before task storage (5.12, a10787e6d58c "bpf: Enable task local storage for
 * tracing programs"): a hash map by the address of the task_struct, which a thread keeps until
 * sched_process_free (tree.bpf.h). */
const volatile bool tally_threads_by_address = false;

/* Threads with neighbouring numbers are often busy together, on different CPUs: eight of them must
 * not share a cache line. Permutes each block of 256 numbers, so that they still share pages. */
static __always_inline __u32 tally_thread_slot(__u32 number) {
    return (number & ~255U) | (number & 7) << 5 | (number >> 3 & 31);
}

/*
 * THREAD_STATE(runnable, struct cpu_wait): runnable_of(task) is the struct cpu_wait of that thread,
 * zero when the thread is new, or NULL, which pair_state() counts (pairing.bpf.h).
 *
 * The array has one element for each thread *number*: the state that a thread leaves behind is
 * found by the next thread with that number. Set it at the first event of a new thread, or store
 * with it what the end must match. In task storage, the state is freed with the thread.
 *
 * Storage is allocated when a thread is created, and once for all existing threads, because it is
 * not safe on every kernel to allocate memory under the run queue's lock, where the scheduler's
 * events occur. Where it is safe, storage that could not be allocated then (a burst of new threads
 * empties the allocator's reserve) is allocated at the next event.
 */
#define THREAD_STATE(name, state_type)                                                          \
    struct {                                                                                    \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                       \
        __uint(max_entries, 1);                                                                 \
        __type(key, __u32);                                                                     \
        __type(value, state_type);                                                              \
    } name##_by_number SEC(".maps") TALLY_TAG("thread_state:" #name);                           \
                                                                                                \
    struct {                                                                                    \
        __uint(type, BPF_MAP_TYPE_TASK_STORAGE);                                                \
        __uint(map_flags, BPF_F_NO_PREALLOC);                                                   \
        __type(key, int);                                                                       \
        __type(value, state_type);                                                              \
    } name##_by_task SEC(".maps");                                                              \
                                                                                                \
    struct {                                                                                    \
        __uint(type, BPF_MAP_TYPE_HASH);                                                        \
        __uint(max_entries, 1);                                                                 \
        __type(key, __u64);                                                                     \
        __type(value, state_type);                                                              \
    } name##_by_address SEC(".maps");                                                           \
                                                                                                \
    static __always_inline state_type* name##_of(struct task_struct* task) {                    \
        state_type* state;                                                                      \
                                                                                                \
        if (tally_threads_by_number) {                                                          \
            __u32 number = tally_thread_slot(task_read(task, pid));                             \
                                                                                                \
            return bpf_map_lookup_elem(&name##_by_number, &number);                             \
        }                                                                                       \
        if (tally_threads_by_address) {                                                         \
            __u64 address = (__u64)task;                                                        \
            state_type nothing = {};                                                            \
                                                                                                \
            state = bpf_map_lookup_elem(&name##_by_address, &address);                          \
            if (state)                                                                          \
                return state;                                                                   \
            bpf_map_update_elem(&name##_by_address, &address, &nothing, BPF_NOEXIST);           \
            return bpf_map_lookup_elem(&name##_by_address, &address);                           \
        }                                                                                       \
        state = bpf_task_storage_get(&name##_by_task, task, 0, 0);                              \
        if (!state && storage_allocates_safely())                                               \
            state =                                                                             \
                bpf_task_storage_get(&name##_by_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); \
        return state;                                                                           \
    }                                                                                           \
                                                                                                \
    SEC("tp_btf/sched_process_free")                                                            \
    int BPF_PROG(name##_thread_gone, struct task_struct* task) {                                \
        __u64 address = (__u64)task;                                                            \
                                                                                                \
        bpf_map_delete_elem(&name##_by_address, &address);                                      \
        return 0;                                                                               \
    }                                                                                           \
                                                                                                \
    SEC("tp_btf/task_newtask")                                                                  \
    int BPF_PROG(name##_thread_made, struct task_struct* task, unsigned long clone_flags) {     \
        bpf_task_storage_get(&name##_by_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);         \
        return 0;                                                                               \
    }                                                                                           \
                                                                                                \
    SEC("iter/task")                                                                            \
    int name##_threads_existing(struct bpf_iter__task* ctx) {                                   \
        struct task_struct* task = ctx->task;                                                   \
                                                                                                \
        if (task)                                                                               \
            bpf_task_storage_get(&name##_by_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);     \
        return 0;                                                                               \
    }                                                                                           \
    struct tally_semicolon

#endif /* TALLY_THREAD_STATE_BPF_H */
