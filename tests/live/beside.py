# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Two workers (pytest-xdist) run tests beside each other. Those that are marked `alone` are
given out last, and run when no other test does. Of a group of files, each a group of its own if
GROUPS does not say otherwise, one worker runs all, so that its tests never run beside each other.

Without workers all tests come one after another, in the order of their files.

That is the same for several runs on one machine, of other trees: they take turns by locks, which end with
the process that has them."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

# Files whose containers have the same names (`-c left` would have two), or which begin the same objects
# (tests/objects/object_state.h). The longest group first. claim() notices what is missing here.
GROUPS = (
    ("test_tcp", "test_events", "test_capable", "test_cgsnoop", "test_counts", "test_exitsnoop",
     "test_mountsnoop", "test_oomsnoop", "test_run", "test_runqslower", "test_several_tracers", "test_sigsnoop",
     "test_statsnoop", "test_sysslower", "test_throttle"),
    ("test_system_calls", "test_ends", "test_records", "test_csv", "test_births", "test_filters",
     "test_paths", "test_privileges", "test_commands", "test_private_namespace", "test_terminal",
     "test_hierarchies", "test_watch", "test_wait"),
    ("test_sources_of_events", "test_object_state"),
)

ALONE = "alone"

LOCKS = Path("/run/tally-live")


def group_of(item):
    if item.get_closest_marker("alone"):
        return ALONE
    for group in GROUPS:
        if item.path.stem in group:
            return group[0]
    return item.path.stem


@contextlib.contextmanager
def locked(name, how):
    with open(LOCKS / name, "a", encoding="utf-8") as file:
        fcntl.flock(file, how)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # children that were forked have it too


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """All tests share the machine, but for one that has it alone, and two of a group. Whoever waits to have
    it alone stands in the door, so that those who share it do not keep it for ever."""
    with contextlib.ExitStack() as turn:
        if os.geteuid() == 0:
            LOCKS.mkdir(parents=True, exist_ok=True)
            if group_of(item) == ALONE:
                turn.enter_context(locked("door", fcntl.LOCK_EX))
                turn.enter_context(locked("machine", fcntl.LOCK_EX))
            else:
                turn.enter_context(locked(group_of(item), fcntl.LOCK_EX))
                with locked("door", fcntl.LOCK_EX):
                    turn.enter_context(locked("machine", fcntl.LOCK_SH))
        yield


class Beside:
    """In each worker; and in the process that gives them the tests, which knows these by their names only:
    a worker writes their groups down for it."""

    def __init__(self, folder):
        self._groups = folder / "groups"
        self._names = folder / "names"
        self._names.mkdir(exist_ok=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        """Groups in the order in which they are to begin: those of the table, then those of most tests."""
        sizes = {}
        for item in items:
            sizes[group_of(item)] = sizes.get(group_of(item), 0) + 1
        first = [group[0] for group in GROUPS]

        def key(item):
            group = group_of(item)
            rank = first.index(group) if group in first else len(first)
            return group == ALONE, rank, -sizes[group], group

        items.sort(key=key)
        with tempfile.NamedTemporaryFile("w", dir=self._groups.parent, delete=False) as file:
            json.dump({item.nodeid: group_of(item) for item in items}, file)
        os.rename(file.name, self._groups)

    def groups(self):
        """By the names of the tests."""
        return json.loads(self._groups.read_text())

    def claim(self, name):
        """A file that must stay open as long as a container, or whatever else tests share, has this name."""
        digest = hashlib.sha256(name if isinstance(name, bytes) else name.encode()).hexdigest()
        file = open(self._names / digest, "w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            pytest.fail(f"a test beside this one has {name!r} too: see GROUPS in {__file__}")
        return file


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "alone: no other test runs beside it, since it looks at all of the "
                                       "machine, changes it, or needs its CPUs")
    folder = None
    if hasattr(config, "workerinput"):
        folder = Path(config.workerinput["beside"])
    elif getattr(config.option, "numprocesses", None):
        folder = Path(tempfile.mkdtemp(prefix="tally-live-"))
        config.add_cleanup(lambda: shutil.rmtree(folder))
    if folder:
        config.beside = Beside(folder)
        config.beside_folder = folder
        if hasattr(config, "workerinput"):
            config.pluginmanager.register(config.beside)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["beside"] = str(node.config.beside_folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling  # not in the guests of tests/kernels

    class Groups(LoadScopeScheduling):
        """A worker that is nearly done with its tests gets all of the next group."""

        def schedule(self):
            if self.collection is None:
                self._group_of = config.beside.groups()
            super().schedule()

        def _split_scope(self, nodeid):
            return self._group_of[nodeid]

    return Groups(config, log)


@pytest.fixture
def claim_name(request):
    """claim_name(NAME) before a container, or whatever else tests share, has it, so that no test beside this
    one has it too."""
    claimed = {}

    def claim(name):
        if hasattr(request.config, "beside") and name not in claimed:
            claimed[name] = request.config.beside.claim(name)

    yield claim
    for file in claimed.values():
        file.close()
