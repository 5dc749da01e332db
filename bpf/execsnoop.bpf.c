// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// execsnoop: each program that is started, and each exec that fails.
#include "events.bpf.h"

TRACER("Programs started, with their arguments, and execs that fail");
OPTION(bool, errors_only, false, "only calls that fail");

struct exec_event {
    struct event_head head;
    pid_nr container_pid;  // in the innermost pid namespace
    pid_nr parent_pid;
    uid_nr uid;
    errno_nr error;
    path file;
    argument_vector arguments;
};
EVENTS(execs, struct exec_event, "programs that begin");

static __always_inline struct exec_event* begin_exec(struct task_struct* task) {
    struct exec_event* event = event_begin(execs, task, clock_ns());

    if (event) {
        event->container_pid = container_pid_of(task);
        event->parent_pid = task_read(task, real_parent, tgid);
        event->uid = task_read(task, cred, uid.val);
    }
    return event;
}

// The new program is in place. Its arguments are read from its own memory, where the kernel has put
// them: no other process can have changed them since. With #!, the interpreter and the script are
// among them.
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_number, struct linux_binprm* program) {
    struct exec_event* event;
    __u64 begin, end;

    if (errors_only || !target_includes(task))
        return 0;
    event = begin_exec(task);
    if (!event)
        return 0;
    begin = BPF_CORE_READ(task, mm, arg_start);
    end = BPF_CORE_READ(task, mm, arg_end);
    event_kernel_string(execs, event, file, BPF_CORE_READ(program, filename));
    event_user_words(execs, event, arguments, begin, end > begin ? end - begin : 0);
    event_submit(execs, event);
    return 0;
}

#define EFAULT 14
#define ERESTARTNOINTR 513  // the kernel repeats the call by itself: it has not ended
#define MOST_ARGUMENTS 200  // of a call that fails

// A call that fails leaves the caller's memory as it was, so its arguments are still where they
// were at the entry; and by the return their pages are in memory.
SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs* regs, long result) {
    struct task_struct* task;
    struct exec_event* event;
    __u32 number = regs->orig_ax;
    __u64 file, arguments;
    bool is_32, is_at;
    int i;

    if (result >= 0 || result < -4095 || result == -ERESTARTNOINTR)
        return 0;
    task = current_task();
    number = system_call_number(task, number);
    if (!is_exec(number) || !target_includes(task))
        return 0;
    event = begin_exec(task);
    if (!event)
        return 0;
    event->error = -result;
    is_at = exec_has_directory(number);
    file = call_argument(number, regs, is_at ? 1 : 0);
    arguments = call_argument(number, regs, is_at ? 2 : 1);
    is_32 = number & TALLY_SYSCALL_32;
    // Memory that the kernel could not read, a BPF program cannot read either.
    if (result != -EFAULT) {
        event_user_string(execs, event, file, file);
        for (i = 0; arguments && i < MOST_ARGUMENTS; i++) {
            __u64 word = 0;

            if (bpf_probe_read_user(&word, is_32 ? 4 : 8, (void*)arguments)) {
                count_one(LOST_STRING_FAULT);
                break;
            }
            if (!word || !event_user_word(execs, event, arguments, word))
                break;
            arguments += is_32 ? 4 : 8;
        }
        if (i == MOST_ARGUMENTS)
            event->arguments.state = TALLY_TEXT_CUT;
    }
    event_submit(execs, event);
    return 0;
}
