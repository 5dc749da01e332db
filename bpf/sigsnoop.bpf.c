// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// sigsnoop: each signal that is sent.
#include "events.bpf.h"

TRACER("Signals, with their senders and receivers");
OPTION(bool, sent, false, "apply filters to the sender of a signal, not to its receiver");
SELECTION(signal, signal_nr, "s", "only this signal, by name or number; repeatable");

// TRACE_SIGNAL_*, include/trace/events/signal.h.
enum result { QUEUED, IGNORED, ALREADY_PENDING, OVERFLOW, INFO_LOST };

struct signal_event {
    struct event_head head;
    signal_nr signal;
    enum result result;
    __s32 code;                  // si_code
    natural_or_none sender_pid;  // none: the kernel
    comm sender_comm;
    pid_nr receiver_pid;
    natural_or_none receiver_tid;  // none: any thread of the process
    comm receiver_comm;
};
EVENTS(signals, struct signal_event, "signals that are sent");

// include/uapi/asm-generic/siginfo.h
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TKILL (-6)

// Two values of the pointer mean that there is no siginfo: include/linux/signal.h.
#define SEND_SIG_NOINFO 0
#define SEND_SIG_PRIV 1

static __always_inline __s32 code_of(__u64 information) {
    if (information == SEND_SIG_NOINFO)
        return SI_USER;
    if (information == SEND_SIG_PRIV)
        return SI_KERNEL;
    return BPF_CORE_READ((struct kernel_siginfo*)information, si_code);
}

// Whether the current thread has sent the signal. The kernel's own signals have no sender: they may
// be caused by a timer or a packet, while any thread is running; and for a fault the current thread
// is the receiver. SIGCHLD about the end of a child is sent by the child.
static __always_inline bool has_sender(__u32 signal, __s32 code) {
    const __u32 sigchld = 17;

    return code == SI_USER || code == SI_QUEUE || code == SI_TKILL ||
           (signal == sigchld && code > 0 && code < SI_KERNEL);
}

SEC("tp_btf/signal_generate")
int on_signal(__u64* arguments) {
    struct task_struct* sender = current_task();
    struct task_struct* receiver = (struct task_struct*)arguments[2];
    __u32 signal = arguments[0];
    __s32 code = code_of(arguments[1]);
    bool is_sent = has_sender(signal, code);
    struct task_struct* subject = sent ? sender : receiver;
    struct signal_event* event;

    if ((sent && !is_sent) || !signal_is_selected(signal) || !target_includes(subject))
        return 0;
    event = event_begin(signals, subject, clock_ns());
    if (!event)
        return 0;
    event->signal = signal;
    event->result = arguments[4];
    event->code = code;
    event->sender_pid = -1;
    if (is_sent) {
        event->sender_pid = task_read(sender, tgid);
        bpf_probe_read_kernel_str(event->sender_comm, sizeof(comm), sender->comm);
    }
    event->receiver_pid = receiver->tgid;
    event->receiver_tid = (__u32)arguments[3] ? -1 : receiver->pid;
    bpf_probe_read_kernel_str(event->receiver_comm, sizeof(comm), receiver->comm);
    event_submit(signals, event);
    return 0;
}
