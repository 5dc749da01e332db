# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#
# A thin front for CMake, which is the only description of the build.

BUILD ?= build
PREFIX ?= /usr/local

.PHONY: all deps demo test test-runtimes test-kernels static deb install clean

all: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) --parallel

$(BUILD)/CMakeCache.txt: CMakeLists.txt
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX)

# Looks first; needs root and a package mirror only if something is missing.
deps:
	@./deps

demo: deps
	@$(MAKE) --no-print-directory all
	@tests/demo $(BUILD)/tally

# Unit and schema tests need no root; the live ones are skipped without it, and say so.
test: deps
	@cmake -S . -B $(BUILD) >/dev/null
	@$(MAKE) --no-print-directory all
	@ctest --test-dir $(BUILD) --output-on-failure --no-tests=error
	@TALLY=$(abspath $(BUILD))/tally BUILD=$(abspath $(BUILD)) tests/live/run

# The containers of docker, podman and others, which it installs from Debian.
test-runtimes: deps
	@$(MAKE) --no-print-directory all
	@TALLY=$(abspath $(BUILD))/tally TALLY_WORKLOADS=$(abspath $(BUILD))/tests tests/runtimes/run

# On other kernels, under QEMU, which it downloads from Debian.
test-kernels: deps
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory static >/dev/null
	@BUILD=$(abspath $(BUILD)) tests/kernels/run

# One file that needs nothing of the machine it is carried to.
static: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) --parallel --target tally_static
	@ls -l $(BUILD)/static/tally

deb: all
	@cd $(BUILD) && cpack -G DEB -B $(abspath $(BUILD))/deb

install: all
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD)
