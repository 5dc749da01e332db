// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// capable: each time that the kernel checks whether a thread has a capability.
#include "pairing.bpf.h"
#include "probes.bpf.h"

TRACER("Capability checks, and which are refused");
BY("container,capability,user_namespace");
OPTION(bool, unaudited, false, "include unaudited checks, whose refusal is not an error");
OPTION(bool, borrowed, false,
       "include checks of borrowed credentials (overlayfs uses those of its mounter)");

const volatile bool by_capability = true;
const volatile bool by_user_namespace = true;
const volatile bool by_syscall = false;
const volatile bool by_uid = false;

// The user namespace in which a capability is needed.
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

// Whether the checked credentials are the thread's own. The kernel may borrow others for a while
// (override_creds() of kernel/cred.c; overlayfs borrows those of its mounter), and task->cred is
// set to them; or it checks those of another thread, or those with which a file was opened. A copy
// of the thread's own credentials with another user for files counts as its own: access() and core
// dumps make one.
static __always_inline bool is_own(struct task_struct* task, const struct cred* cred) {
    const struct cred* own = task->real_cred;
    __u64 permitted = 0, own_permitted = 0;  // struct kernel_cap_struct

    if (cred == own)
        return true;
    bpf_core_read(&permitted, sizeof(permitted), &cred->cap_permitted);
    bpf_core_read(&own_permitted, sizeof(own_permitted), &own->cap_permitted);
    return permitted == own_permitted &&
           BPF_CORE_READ(cred, user_ns) == BPF_CORE_READ(own, user_ns) &&
           BPF_CORE_READ(cred, user) == BPF_CORE_READ(own, user) &&
           BPF_CORE_READ(cred, group_info) == BPF_CORE_READ(own, group_info);
}

static __always_inline bool is_wanted(struct task_struct* task, const struct cred* cred) {
    return target_includes(task) && (borrowed || is_own(task, cred));
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
        key.syscall = call_in_progress(task);
    if (by_uid)
        key.uid = BPF_CORE_READ(task, real_cred, euid.val);
    counts = counts_of(checks, key, NULL);
    if (!counts)
        return;
    count_up(&counts->checks, 1);
    if (!is_granted)
        count_up(&counts->refused, 1);
}

// A check between entry and return.
struct check {
    __u64 since;  // PAIR_BEGAN: no clock is needed
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
    check = pair_state(check, task);
    if (!check)
        return 0;
    pair_begin(&check->since);
    if ((!unaudited && ((__u64)options & CAP_OPT_NOAUDIT)) || !is_wanted(task, cred))
        return 0;
    check->since = PAIR_BEGAN;
    check->level = BPF_CORE_READ(space, level);
    check->capability = (__u64)capability;
    return 0;
}

FUNCTION_RETURN(check, 1, cap_capable, check_ended) {
    struct task_struct* task = bpf_get_current_task_btf();
    struct check* check = started() ? check_of(task) : NULL;

    if (!check)
        return 0;  // counted where it began
    if (pair_end(&check->since, task))
        count_check(check->level, check->capability, (int)result == 0);
    return 0;
}

// Since 6.14. The tracepoint does not show whether a check is unaudited.
SEC("tp_btf/cap_capable")
PROBE(check, 2)
int BPF_PROG(checked, const struct cred* cred, struct user_namespace* space,
             const struct user_namespace* found, int capability, int result) {
    if (started() && is_wanted(bpf_get_current_task_btf(), cred))
        count_check(BPF_CORE_READ(space, level), capability, result == 0);
    return 0;
}
