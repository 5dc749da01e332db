# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The live tests run on this host; those marked `guest` on the kernels of tests/kernels too."""

pytest_plugins = ["every_test", "own_containers"]
