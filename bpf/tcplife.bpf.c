// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// tcplife: each TCP connection that was established, reported at its end.
#include "pairing.bpf.h"
#include "sockets.bpf.h"

TRACER("TCP connections that ended: lifetime and bytes transferred");
OPTION(__u64, min_us, 0, "leave out connections shorter than N microseconds");
SELECTION(local_port, port_nr, "", "only connections with this local port; repeatable");
SELECTION(remote_port, port_nr, "", "only connections with this remote port; repeatable");

enum direction { UNSEEN, ACTIVE, PASSIVE };

struct life_event {
    struct event_head head;
    enum direction direction;
    duration_ns duration_ns;  // from established to CLOSE
    bytes bytes_sent;
    bytes bytes_received;
    __u32 retransmits;
    errno_nr error;
    ip_addr local_address;
    port_nr local_port;
    ip_addr remote_address;
    port_nr remote_port;
};
EVENTS(connections, struct life_event, "TCP connections that have ended");

// The current thread opens the connection: by connect(), or by its first send with TCP Fast Open.
// Remembered even if it is not wanted; otherwise it would count at its end as begun before the
// start.
static __always_inline void is_opened(const struct sock* sk) {
    struct task_struct* task = current_task();
    struct connection connection = {.is_active = true, .is_included = target_includes(task)};

    connection.owner = event_head_of(task, 0);
    connection_begin(sk, &connection);
}

// An accepted connection, or one that both ends opened by connect(), is established by a packet:
// the current thread can be any thread.
static __always_inline void is_established(const struct sock* sk, int state_before) {
    struct connection* known = connection_of(sk);
    struct connection accepted = {};

    if (known && known->is_active && !known->since) {
        known->since = clock_ns();
    } else if (state_before == TCP_SYN_RECV) {
        accepted.since = clock_ns();
        accepted.owner.cgroup = cgroup_of_socket(sk);
        connection_begin(sk, &accepted);
    }
}

// close() or shutdown() by the last process that has the socket. It becomes the owner if none is
// known, except for a kernel thread, which closes on behalf of others.
static __always_inline void is_shut_down(const struct sock* sk) {
    struct task_struct* task = current_task();
    struct connection* known = connection_of(sk);
    struct connection old = {};

    if (task_read(task, flags) & TALLY_PF_KTHREAD || (known && known->owner.tid))
        return;
    if (known) {
        known->owner = event_head_of(task, 0);
        known->is_included = target_includes(task);
        return;
    }
    old.owner = event_head_of(task, 0);
    old.is_included = target_includes(task);
    connection_begin(sk, &old);
}

static __always_inline void tell(const struct sock* sk, struct connection* connection) {
    const struct tcp_sock* tcp = (const struct tcp_sock*)sk;
    port_nr local_port = local_port_of(sk);
    __u64 now, duration = NO_DURATION;
    struct life_event* event;

    if (!local_port_is_selected(local_port) ||
        !remote_port_is_selected(bpf_ntohs(sk->__sk_common.skc_dport)))
        return;
    now = clock_ns();
    if (!connection->since)
        count_one(connection->is_active ? LOST_UNMATCHED_BEGIN : BEFORE_ATTACH);
    else if (!pair_duration(connection->since, now, &duration))
        return;
    if (duration < min_us * 1000)
        return;
    connection->owner.time = now;
    event = event_begin_as(connections, &connection->owner);
    if (!event)
        return;
    if (connection->since)
        event->direction = connection->is_active ? ACTIVE : PASSIVE;
    event->duration_ns = duration;
    event->bytes_sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
    // A FIN counts as a byte there (tcp_rcv_nxt_update()).
    event->bytes_received =
        BPF_CORE_READ(tcp, bytes_received) - (sk->__sk_common.skc_flags >> TALLY_SOCK_DONE & 1);
    event->retransmits = BPF_CORE_READ(tcp, total_retrans);
    event->error = sk->sk_err;
    event->remote_port =
        addresses_of(&sk->__sk_common, &event->local_address, &event->remote_address);
    event->local_port = local_port;
    event_submit(connections, event);
}

// The current thread can be any thread, unless close() resets the connection (because received data
// was not read, or SO_LINGER requests it): only then is sk_shutdown set before the state
// (__tcp_close()).
static __always_inline void is_closed(const struct sock* sk, int state_before) {
    struct connection connection = {};

    if ((state_before == TCP_ESTABLISHED || state_before == TCP_CLOSE_WAIT) &&
        sk->sk_shutdown & TALLY_SEND_SHUTDOWN)
        is_shut_down(sk);
    connection_end(sk, &connection);
    if (state_before == TCP_SYN_SENT || state_before == TCP_SYN_RECV ||
        state_before == TCP_LISTEN || state_before == TCP_CLOSE)
        return;  // it was never established
    if (!connection.owner.tid) {
        connection.owner.cgroup = cgroup_of_socket(sk);
        connection.is_included = target_includes_cgroup(connection.owner.cgroup);
    }
    if (connection.is_included)
        tell(sk, &connection);
}

static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state) {
    switch (state) {
        case TCP_SYN_SENT:
            is_opened(sk);
            break;
        case TCP_ESTABLISHED:
            is_established(sk, state_before);
            break;
        case TCP_FIN_WAIT1:
        case TCP_LAST_ACK:
            is_shut_down(sk);
            break;
        case TCP_CLOSE:
            is_closed(sk, state_before);
    }
}
