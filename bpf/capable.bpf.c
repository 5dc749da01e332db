// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// capable: each time that the kernel asks whether a thread has a capability.
#include "probes.bpf.h"

TRACER("Which capabilities are needed, and which are refused");
BY("container,capability,user_namespace");
OPTION(bool, unaudited, false, "also checks that only find out, whose refusal is no failure");

const volatile bool by_capability = true;
const volatile bool by_user_namespace = true;
const volatile bool by_syscall = false;
const volatile bool by_uid = false;

// A capability is asked for in a user namespace: the one of what it is needed for.
enum asked_in { INITIAL, NESTED };

struct check_key {
    struct subject subject;
    capability_nr capability;
    enum asked_in user_namespace;
    syscall_nr syscall;
    uid_nr uid;
};
struct check_counts {
    __u64 checks;
    __u64 refused;
};
COUNTS(checks, struct check_key, struct check_counts, "times that a capability was asked for");

#define CAP_OPT_NOAUDIT 2  // include/linux/security.h

// A kernel thread has entered the kernel by no call.
static __always_inline syscall_nr call_of(struct task_struct* task) {
    struct pt_regs* registers = task->flags & TALLY_PF_KTHREAD ? NULL : task_registers(task);
    long number = -1;

    if (registers)
        number = BPF_CORE_READ(registers, orig_ax);
    return system_call_number(task, number);
}

static __always_inline void count_check(__u32 level, __u32 capability, bool is_granted) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct check_key key = {.subject = subject_of(task)};
    struct check_counts* counts;

    if (by_capability)
        key.capability = capability;
    if (by_user_namespace)
        key.user_namespace = level ? NESTED : INITIAL;
    if (by_syscall)
        key.syscall = call_of(task);
    if (by_uid)
        key.uid = BPF_CORE_READ(task, cred, euid.val);
    counts = counts_of(checks, key, NULL);
    if (!counts)
        return;
    count_up(&counts->checks, 1);
    if (!is_granted)
        count_up(&counts->refused, 1);
}

// What is asked between entry and return.
struct check {
    bool is_wanted;
    __u32 level;
    __u32 capability;
};
THREAD_STATE(check, struct check);

FUNCTION_ENTRY(check, 1, cap_capable, check_begins, const struct cred* cred,
               struct user_namespace* space, void* capability, void* options) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct check* check;

    if (!started())
        return 0;
    check = check_of(task);
    if (!check) {
        count_one(LOST_NO_THREAD_STATE);
        return 0;
    }
    check->is_wanted = (unaudited || !((__u64)options & CAP_OPT_NOAUDIT)) && target_includes(task);
    check->level = BPF_CORE_READ(space, level);
    check->capability = (__u64)capability;
    return 0;
}

FUNCTION_RETURN(check, 1, cap_capable, check_ended) {
    struct check* check = started() ? check_of(bpf_get_current_task_btf()) : NULL;

    if (check && check->is_wanted) {
        check->is_wanted = false;
        count_check(check->level, check->capability, (int)result == 0);
    }
    return 0;
}

// Since 6.14. It does not tell a check that only finds out.
SEC("tp_btf/cap_capable")
PROBE(check, 2)
int BPF_PROG(checked, const struct cred* cred, struct user_namespace* space,
             const struct user_namespace* found, int capability, int result) {
    if (started() && target_includes(bpf_get_current_task_btf()))
        count_check(BPF_CORE_READ(space, level), capability, result == 0);
    return 0;
}
