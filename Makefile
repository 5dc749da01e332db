# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A thin front for CMake, which is the only description of the build.

BUILD ?= build
CHECK ?= build-check
PREFIX ?= /usr/local
JOBS ?= $(shell cmake/jobs)

# For a tree that is configured for the first time.
export CMAKE_GENERATOR ?= Ninja

CONFIGURE = @cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
COMPILE = @cmake --build $(BUILD) --parallel $(JOBS) --target

.PHONY: all deps demo check test test-programs test-runtimes test-kernels static deb install clean

all: $(BUILD)/CMakeCache.txt
	$(COMPILE) tally
	@echo "The program is $(BUILD)/tally."

$(BUILD)/CMakeCache.txt: CMakeLists.txt
	$(CONFIGURE)

# Looks first; needs root and a package mirror only if something is missing.
deps:
	@./deps

demo: deps
	@$(MAKE) --no-print-directory all
	@tests/demo $(BUILD)/tally

# What can be said without root in a few minutes: style, unit and schema tests, in a tree that is not
# optimised.
check:
	@./deps tests style
	@tests/style
	@cmake -S . -B $(CHECK) -DCMAKE_BUILD_TYPE=Debug >/dev/null
	@cmake --build $(CHECK) --parallel $(JOBS) --target unit_tests schema_tests
	@BUILD=$(CHECK) tests/programs

# Unit and schema tests need no root; the live ones are skipped without it, and say so.
test: test-programs
	@BUILD=$(BUILD) tests/programs
	@TALLY=$(abspath $(BUILD))/tally TALLY_WORKLOADS=$(abspath $(BUILD))/tests tests/live/run

test-programs:
	@./deps tests
	$(CONFIGURE)
	$(COMPILE) tally tests

# The containers of docker, podman and others, which it installs from Debian.
test-runtimes: test-programs
	@TALLY=$(abspath $(BUILD))/tally TALLY_WORKLOADS=$(abspath $(BUILD))/tests tests/runtimes/run

# On other kernels, under QEMU, which it downloads from Debian. GUESTS: arguments, as "--kernel 5.10-cloud".
test-kernels: test-programs
	$(COMPILE) tally_static
	@BUILD=$(abspath $(BUILD)) tests/kernels/run $(GUESTS)

# One file that needs nothing of the machine it is carried to.
static: $(BUILD)/CMakeCache.txt
	$(COMPILE) tally_static
	@ls -l $(BUILD)/static/tally

deb: $(BUILD)/CMakeCache.txt
	$(COMPILE) tally documents
	@cd $(BUILD) && cpack -G DEB -B $(abspath $(BUILD))/deb

install: $(BUILD)/CMakeCache.txt
	$(COMPILE) tally documents
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD) $(CHECK)
