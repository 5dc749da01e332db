/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * System calls from entry to return, for tracers that measure or report them. A tracer includes
 * this file and defines call_is_selected() and wanted_call_returned(); CALLS_IN_FLIGHT() reports,
 * with a histogram, the calls that have not returned.
 *
 * How a return is matched with its own entry:
 *  - A new thread first returns from its parent's clone, which it never entered (ret_from_fork() of
 *    arch/x86/entry). It is taken to start inside a call that is not measured, whatever state the
 *    last thread with that number left.
 *  - A new program has new registers. They hold the number of execve, whichever call it was
 *    (set_personality_64bit(), set_personality_ia32() of process_64.c).
 *  - A thread that calls exec and is not its process's first takes the number of the first
 *    (de_thread() of fs/exec.c). Another thread may have its old number before the exec is seen, so
 *    its entry is kept by its address until then.
 *  - sigreturn restores the registers of an earlier moment: neither their number (-1;
 *    restore_sigcontext() of signal_64.c) nor their result is its own.
 *  - A call that seccomp or a tracer answers has no entry, only a return (syscall_trace_enter()).
 */
#ifndef TALLY_SYSTEM_CALL_BPF_H
#define TALLY_SYSTEM_CALL_BPF_H

#include "pairing.bpf.h"

/* Remembered slots of the calls that a thread makes in turn, by the last bits of their numbers. */
#define CALL_PLACES 4

struct entered_call {
    __u64 since; /* the clock at the entry, or as in pairing.bpf.h */
    syscall_nr number;
    __u32 executed; /* a program has begun in this call */
    __u32 places[CALL_PLACES];
};
THREAD_STATE(calling, struct entered_call);

/* NULL before the start, and if there is no state for the thread, which is counted. */
static __always_inline struct entered_call* call_of(struct task_struct* task) {
    return started() ? pair_state(calling, task) : NULL;
}

/* Entries of execs by threads that are not the first, by the address of the task_struct. An entry
 * whose thread was killed meanwhile is evicted as the oldest. */
struct executing {
    __u64 since;
    syscall_nr number;
    __u32 unused;
};
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u64);
    __type(value, struct executing);
} tally_executing SEC(".maps");

static __always_inline bool keeps_by_address(struct task_struct* task, syscall_nr number) {
    return tally_threads_by_number && task_read(task, pid) != task_read(task, tgid) &&
           is_exec(number);
}

/* The duration of a call that was answered before it began. */
#define CALL_REFUSED NO_DURATION

/* A returned call of the current thread. */
struct returned_call {
    struct task_struct* task;
    struct pt_regs* regs; /* as at its entry, except for the result */
    syscall_nr number;
    long result;
    __u64 duration; /* nanoseconds, or CALL_REFUSED */
    __u64 now;      /* the clock; 0: not read, as the call was refused */
    __u32* place;   /* for its key (slots.bpf.h) */
};

/* Defined by the tracer: whether it wants calls of this number at all. */
static __always_inline bool call_is_selected(syscall_nr number);

/* Defined by the tracer: a call of a wanted number, by a thread of the target, has returned. */
static __always_inline void wanted_call_returned(const struct returned_call* call);

#define MOST_ERRNO 4095 /* MAX_ERRNO, include/linux/err.h */

static __always_inline bool is_error(long result) {
    return (unsigned long)result >= (unsigned long)-MOST_ERRNO;
}

static __always_inline errno_nr error_of(long result) {
    return is_error(result) ? -result : 0;
}

/* The clock at the return. */
static __always_inline __u64 returned_at(const struct returned_call* call) {
    return call->now ? call->now : clock_ns();
}

static __always_inline bool call_is_wanted(struct task_struct* task, syscall_nr number) {
    return call_is_selected(number) && target_includes(task);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs* regs, long number) {
    struct task_struct* task = current_task();
    struct entered_call* call = call_of(task);

    if (!call)
        return 0;
    pair_unmatched_begin(call->since); /* the return was not seen */
    call->number = system_call_number(task, number);
    call->executed = 0;
    pair_start_clock(&call->since, call_is_wanted(task, call->number));
    if (keeps_by_address(task, call->number)) {
        struct executing entry = {.since = call->since, .number = call->number};
        __u64 address = (__u64)task;

        if (bpf_map_update_elem(&tally_executing, &address, &entry, BPF_ANY))
            count_one(LOST_NO_THREAD_STATE);
    }
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs* regs, long result) {
    struct task_struct* task = current_task();
    struct entered_call* call = call_of(task);
    __u64 duration = CALL_REFUSED;
    syscall_nr number;
    __u64 since;
    __u64 now = 0;

    if (!call)
        return 0;
    since = pair_take(&call->since);
    if (since == PAIR_NOT_WANTED)
        return 0;
    number = system_call_number(task, regs->orig_ax);
    if (pair_is_open(since)) {
        if ((int)regs->orig_ax < 0 && call->number != TALLY_SYSCALL_UNKNOWN) {
            result = 0;
        } else if (number != call->number && !call->executed) {
            pair_unmatched_end(PAIR_OUTSIDE, true);
            return 0;
        }
        number = call->number;
        now = clock_ns();
        if (!pair_duration(since, now, &duration))
            return 0;
    } else {
        if ((int)regs->orig_ax < 0 || !call_is_wanted(task, number))
            return 0;
        if (since == PAIR_NEVER_SEEN) {
            pair_unmatched_end(since, true);
            return 0;
        }
    }
    struct returned_call returned = {
        .task = task,
        .regs = regs,
        .number = number,
        .result = result,
        .duration = duration,
        .now = now,
        .place = &call->places[number % CALL_PLACES],
    };
    wanted_call_returned(&returned);
    return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_new_thread, struct task_struct* task) {
    struct entered_call* call = call_of(task);

    if (call)
        call->since = PAIR_NOT_WANTED;
    return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_number) {
    struct entered_call* call = call_of(task);
    __u64 address = (__u64)task;
    struct executing* entry;

    if (!call)
        return 0;
    if (tally_threads_by_number && old_number != task->pid) {
        entry = bpf_map_lookup_elem(&tally_executing, &address);
        call->since = entry ? entry->since : PAIR_NEVER_SEEN; /* none: entered before the start */
        call->number = entry ? entry->number : 0;
        bpf_map_delete_elem(&tally_executing, &address);
    }
    call->executed = 1;
    return 0;
}

/* For how many nanoseconds a thread has been in its current call; sets *number to that call. 0: it
 * is in no wanted call; TALLY_OLDER_THAN_RUN: the call was entered before the start. Such a call,
 * without an event of its thread since, is known from the registers that the thread saved at its
 * entry. For IN_FLIGHT(), which asks only about threads of the target. */
static __always_inline __u64 call_age(struct task_struct* task, syscall_nr* number) {
    struct entered_call* call = calling_of(task);
    __u64 since = call ? call->since : PAIR_OUTSIDE;
    __u64 now;

    if (since == PAIR_OUTSIDE || since == PAIR_NOT_WANTED)
        return 0;
    if (since != PAIR_NEVER_SEEN) {
        *number = call->number;
        now = clock_ns();
        return now > since ? now - since : 1;
    }
    /* A thread on a CPU may be in user space, with the registers of an earlier entry; a halted one
     * is on its way there. */
    if (task_on_cpu(task) || task_is_halted(task))
        return 0;
    *number = call_in_progress(task);
    if (*number == TALLY_SYSCALL_UNKNOWN || !call_is_selected(*number))
        return 0;
    return TALLY_OLDER_THAN_RUN;
}

/*
 * CALLS_IN_FLIGHT(calls, task, number, key) { *key = subject_of(task); return true; }
 *
 * is the IN_FLIGHT() of the histogram `calls`: called for each thread that is in a wanted call,
 * with the call's number. False: the call is not reported.
 */
#define CALLS_IN_FLIGHT(name, its_task, its_number, its_key)                                    \
    static __always_inline bool name##_call_key(                                                \
        struct task_struct* its_task, syscall_nr its_number, tally_##name##_key_type* its_key); \
                                                                                                \
    IN_FLIGHT(name, task, key) {                                                                \
        syscall_nr entered = 0;                                                                 \
        __u64 age = call_age(task, &entered);                                                   \
                                                                                                \
        return age && name##_call_key(task, entered, key) ? age : 0;                            \
    }                                                                                           \
                                                                                                \
    static __always_inline bool name##_call_key(                                                \
        struct task_struct* its_task, syscall_nr its_number, tally_##name##_key_type* its_key)

#endif /* TALLY_SYSTEM_CALL_BPF_H */
