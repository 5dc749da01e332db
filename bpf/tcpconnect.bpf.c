// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// tcpconnect: each TCP connection opened by connect(), reported when it is established or has
// failed.
#include "pairing.bpf.h"
#include "sockets.bpf.h"

TRACER("TCP connections opened, and how long that takes");
OPTION(bool, errors_only, false, "only connections that fail");
OPTION(__u64, min_us, 0, "leave out those faster than N microseconds");
SELECTION(remote_port, port_nr, "", "only connections to this remote port; repeatable");

enum outcome { CONNECTED, FAILED, CLOSED, ABORTED };

struct connect_event {
    struct event_head head;
    enum outcome outcome;
    errno_nr error;
    duration_ns duration_ns;
    ip_addr local_address;
    port_nr local_port;
    ip_addr remote_address;
    port_nr remote_port;
};
EVENTS(connects, struct connect_event, "TCP connections that are opened");

// The current thread is in connect(), or in the first send with TCP Fast Open.
static __always_inline void connect_begins(const struct sock* sk) {
    struct task_struct* task = current_task();
    struct connection connection = {.is_included = true};

    if (!target_includes(task)) {
        connection_forget(sk);
        return;
    }
    connection.since = clock_ns();
    connection.owner = event_head_of(task, connection.since);
    connection_begin(sk, &connection);
}

static __always_inline enum outcome outcome_of(const struct sock* sk, int state) {
    if (state == TCP_ESTABLISHED)
        return CONNECTED;
    if (sk->sk_err)
        return FAILED;
    return sk->sk_shutdown ? CLOSED : ABORTED;
}

// The current thread can be any thread: the answer arrives in an interrupt.
static __always_inline void connect_ends(const struct sock* sk, int state_before, int state) {
    enum outcome outcome = outcome_of(sk, state);
    struct connect_event* event;
    struct connection connection;
    __u64 now, duration;

    if (!connection_end(sk, &connection)) {
        if (state_before == TCP_SYN_SENT && target_includes_cgroup(cgroup_of_socket(sk)))
            pair_unmatched_end(PAIR_NEVER_SEEN, true);
        return;
    }
    if (state_before != TCP_SYN_SENT && state_before != TCP_SYN_RECV) {
        pair_unmatched_begin(PAIR_BEGAN);  // established, unseen
        return;
    }
    if (errors_only && outcome == CONNECTED)
        return;
    if (!remote_port_is_selected(bpf_ntohs(connection.remote_port)))
        return;
    now = clock_ns();
    if (!pair_duration(connection.since, now, &duration) || duration < min_us * 1000)
        return;
    connection.owner.time = now;
    event = event_begin_as(connects, &connection.owner);
    if (!event)
        return;
    event->outcome = outcome;
    event->error = outcome == FAILED ? sk->sk_err : 0;
    event->duration_ns = duration;
    event->remote_port =
        addresses_of(&sk->__sk_common, &event->local_address, &event->remote_address);
    event->local_port = local_port_of(sk);
    event_submit(connects, event);
}

static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state) {
    if (state == TCP_SYN_SENT)
        connect_begins(sk);
    else if (state == TCP_ESTABLISHED || state == TCP_CLOSE)
        connect_ends(sk, state_before, state);
}
