// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// connections ADDRESS PORT COUNT SENT ANSWERED REFUSED SERVED
//   Listens on PORT from the beginning. A child accepts SERVED connections there, never asleep, so
//   that it is the current thread whenever its CPU has an interrupt. When told to go, connects
//   COUNT times to PORT at ADDRESS, which is another one of this; in each, SENT bytes go there and
//   ANSWERED come back; the odd ones are closed by the other end first. Then REFUSED times to the
//   port above, where nobody listens. Says what it has seen of these.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "workload.h"

namespace {

struct Peer {
    sockaddr_storage address{};
    socklen_t size = 0;

    Peer(const char* text, std::uint16_t port) {
        auto* four = reinterpret_cast<sockaddr_in*>(&address);
        auto* six = reinterpret_cast<sockaddr_in6*>(&address);
        if (::inet_pton(AF_INET, text, &four->sin_addr) == 1) {
            four->sin_family = AF_INET;
            four->sin_port = htons(port);
            size = sizeof *four;
        } else if (::inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
            six->sin6_family = AF_INET6;
            six->sin6_port = htons(port);
            size = sizeof *six;
        } else {
            workload::fail(text);
        }
    }
};

void send_all(int fd, long size) {
    const std::string bytes(static_cast<std::size_t>(size), 'x');
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t more = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (more < 0) {
            workload::fail("send");
        }
        sent += static_cast<std::size_t>(more);
    }
}

/// Reads so many bytes, or to the end.
void receive(int fd, long size) {
    char room[65536];
    while (size > 0) {
        const ssize_t got = ::recv(fd, room, std::min<std::size_t>(sizeof room, size), 0);
        if (got < 0) {
            workload::fail("recv");
        }
        if (got == 0) {
            break;
        }
        size -= got;
    }
}

int listen_on(std::uint16_t port) {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any) != 0 ||
        ::listen(fd, 128) != 0) {
        workload::fail("listen");
    }
    return fd;
}

void serve(int listener, long count, long received, long answered) {
    for (long i = 0; i < count;) {
        const int fd = ::accept(listener, nullptr, nullptr);
        if (fd < 0) {
            continue;
        }
        receive(fd, received);
        send_all(fd, answered);
        if (i % 2 == 0) {
            receive(fd, 1);
        }
        ::close(fd);
        ++i;
    }
}

std::uint16_t local_port(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.ss_family == AF_INET
                     ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                     : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int index) { return workload::number(argc, argv, index); };
    const auto port = static_cast<std::uint16_t>(number(2));
    const long count = number(3), sent = number(4), answered = number(5), refused = number(6);
    const Peer peer(argv[1], port);
    const Peer nobody(argv[1], port + 1);

    const int listener = listen_on(port);
    ::signal(SIGCHLD, SIG_IGN);  // nobody waits for the child
    workload::fork_child([&] { serve(listener, number(7), sent, answered); });
    ::close(listener);
    workload::wait_for_go();

    long done = 0, turned_away = 0;
    std::chrono::nanoseconds connecting{};
    std::string ports;
    for (long i = 0; i < count + refused; ++i) {
        const Peer& to = i < count ? peer : nobody;
        const int fd = ::socket(to.address.ss_family, SOCK_STREAM, 0);
        const auto before = std::chrono::steady_clock::now();
        const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&to.address), to.size);
        if (i < count) {
            if (result != 0) {
                workload::fail("connect");
            }
            connecting += std::chrono::steady_clock::now() - before;
            ports += (ports.empty() ? "" : ",") + std::to_string(local_port(fd));
            send_all(fd, sent);
            receive(fd, answered + i % 2);
            ++done;
        } else {
            turned_away += result != 0 && errno == ECONNREFUSED;
        }
        ::close(fd);
    }
    std::printf("{\"done\": %ld, \"refused\": %ld, \"nanoseconds\": %lld, \"ports\": [%s]}\n", done,
                turned_away, static_cast<long long>(connecting.count()), ports.c_str());
    std::fflush(stdout);
    workload::stay();
}
