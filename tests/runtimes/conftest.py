# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Each test runs for each runtime; all tests of one before the first of the next."""

import contextlib
import os

import pytest
from leftovers import Before
from packages import missing
from runtimes import RUNTIMES

pytest_plugins = ["every_test"]


def pytest_configure(config):
    config.addinivalue_line("markers", "only_for(condition): the runtimes that a test is for")
    if os.geteuid() == 0 and "TALLY_OWN_FILES" not in os.environ:
        pytest.exit("these would be the host's own runtimes: start tests/runtimes/run", 4)


def pytest_generate_tests(metafunc):
    """`runtime`: all of them, or those that a test is marked with."""
    if "runtime" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("only_for")
        wanted = [each for each in RUNTIMES if mark is None or mark.args[0](each)]
        assert wanted, f"no runtime for {metafunc.function.__name__}"
        metafunc.parametrize("runtime", wanted, ids=[each.title for each in wanted],
                             indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: RUNTIMES.index(item.callspec.params["runtime"]))


@pytest.fixture(scope="session")
def runtime(request):
    """A runtime that can start containers. When it is down again, nothing is left of it."""
    kind = request.param
    if missing(kind):
        pytest.skip(f"{kind.title} could not be installed: no {', '.join(missing(kind))}")
    before = Before()
    made = kind()
    with contextlib.ExitStack() as ends:
        ends.callback(before.assert_nothing_left)
        ends.callback(lambda: before.remove_parents(made.parents))
        ends.callback(made.down)
        made.up()
        yield made


class Containers:
    """The containers of one test."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.living = {}

    def start(self, name, *command, **options):
        self.living[name] = self.runtime.start(name, *command, **options)
        return self.living[name]

    def restart(self, container):
        self.living[container.name] = self.runtime.restart(container)
        return self.living[container.name]

    def rename(self, container, name):
        self.runtime.rename(container.name, name)
        self.living[name] = self.living.pop(container.name)
        container.name = name


@pytest.fixture
def containers(runtime):
    """To start them; all are removed after the test."""
    made = Containers(runtime)
    with contextlib.ExitStack() as ends:
        yield made
        for container in made.living.values():
            ends.callback(runtime.remove, container)
