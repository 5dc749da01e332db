// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The program as the system starts it: descriptors, signals, what its end says.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include "commands/program.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "util/error.h"
#include "util/inherited_signals.h"

namespace {

/// A descriptor below 3 that is closed would be given to the next file that is opened, and what is
/// meant for stderr would go there.
void open_standard_files() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR);  // the lowest: fd
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    open_standard_files();
    tally::remember_signals();
    std::signal(SIGPIPE, SIG_IGN);  // told by write(2) instead, as a ClosedPipe
    try {
        return static_cast<int>(tally::run_program(count > 0 ? arguments[0] : "tally",
                                                   {arguments + 1, arguments + count}));
    } catch (const tally::ClosedPipe&) {
        return 0;
    } catch (const tally::Error& error) {
        tally::say(error.what());
        return static_cast<int>(error.status());
    } catch (const std::exception& error) {
        tally::say(error.what());
        return static_cast<int>(tally::ExitStatus::failed);
    }
}
