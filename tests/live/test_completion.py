# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What TAB inserts, in a bash and a zsh on a terminal. `tally` is a function there that shows its
arguments, so that a command line is seen as the program would get it."""

import os
import re
import shutil

import pytest
from processes import launch
from runs import run
from support import REPOSITORY, SOON, TALLY, WORKLOADS, eventually
from terminals import Terminal

SETUP = {
    "bash": ("--norc", "--noprofile", "-i"),
    "zsh": ("-f", "-i"),
}
FUNCTION = r"""
PS1= PS2= PROMPT=
tally() { if [ "$1" = __complete ]; then command "$TALLY" "$@"; else printf 'arguments: '; \
printf '[%s]' "$@"; echo; fi; }
"""
LOAD = {
    "bash": """\
bind 'set enable-bracketed-paste off' 'set bell-style none' 'set completion-query-items 0'
bind 'set show-all-if-ambiguous on' 'set page-completions off'
. "$PACKAGING/tally.bash"
""",
    "zsh": """\
unsetopt zle_bracketed_paste prompt_sp prompt_cr beep; LISTMAX=1000
fpath=("$PACKAGING" $fpath); autoload -U compinit; compinit -u -d "$DUMP"
""",
}


class Shell:
    def __init__(self, name, folder, dump):
        setup = folder / "setup"
        setup.write_text(FUNCTION + LOAD[name])
        self.terminal = Terminal()
        options = self.terminal.options
        options["env"] = {
            "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(folder), "PATH": os.environ["PATH"],
            "TALLY": str(TALLY), "PACKAGING": str(REPOSITORY / "packaging"),
            "DUMP": str(dump),
        }
        self.process = launch([name, *SETUP[name]], cwd=folder, **options)
        self.terminal.launched()
        self.write(". ./setup; echo is-\"\"ready\n")
        self.wait_for(rb"is-ready\r\n")

    def write(self, text):
        os.write(self.terminal.main, text.encode())

    def wait_for(self, pattern):
        return eventually(lambda: re.search(pattern, self.terminal.read(0.01)), pattern)

    def arguments(self, typed):
        """The arguments after a command line with TABs in it has been entered. (What is typed
        ahead of a completion waits for it in the terminal.)"""
        self.terminal.text = b""
        self.write(typed + "\n")
        return self.wait_for(rb"arguments: \[(.*)\]\r?\n").group(1).decode().split("][")

    def offered(self, typed):
        """What is on the screen after TAB, as words. The line is given up."""
        self.terminal.text = b""
        self.write(typed + "\t")
        self.terminal.read(1.0)
        words = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b" ", self.terminal.text).decode().split()
        self.write("\x15\n")  # ^U
        self.terminal.read(0.2)
        return words

    def close(self):
        self.write("\x15\nexit\n")
        self.process.wait(SOON)
        self.terminal.close()


@pytest.fixture(scope="session")
def dump(tmp_path_factory):
    """What the first zsh has found out about all commands' completions, for the others: it takes 2 s."""
    return tmp_path_factory.mktemp("zsh") / "dump"


@pytest.fixture(params=SETUP)
def shell(request, tmp_path, dump):
    shell = Shell(request.param, tmp_path, dump)
    yield shell
    shell.close()


@pytest.mark.parametrize("typed, arguments", [
    ("tally runql\t", ["runqlat"]),
    ("tally cont\t --js\t", ["containers", "--json"]),
    ("tally help runql\t", ["help", "runqlat"]),
    ("tally runqlat --out\t-f\tout", ["runqlat", "--output-file", "out"]),
    ("tally runqlat --by p\to\t", ["runqlat", "--by", "pod"]),
    ("tally runqlat --by comm,co\t", ["runqlat", "--by", "comm,container"]),
    ("tally runqlat --by=un\t", ["runqlat", "--by=unit"]),
    ("tally runqlat -o js\t", ["runqlat", "-o", "json"]),
    ("tally runqlat --view ta\t 1", ["runqlat", "--view", "table", "1"]),
    ("tally runqlat --min-u\t 5", ["runqlat", "--min-us", "5"]),
    ("tally run too\t --min-u\t 5", ["run", "tool.bpf.o", "--min-us", "5"]),
    ("tally syslat -s getpp\t", ["syslat", "-s", "getppid"]),
    ("tally sigsnoop -s SIGSTO\t", ["sigsnoop", "-s", "SIGSTOP"]),
    ("tally runqlat -O some\t", ["runqlat", "-O", "some where.txt"]),
    ("tally runqlat --output-file=some\t", ["runqlat", "--output-file=some where.txt"]),
    ("tally runqlat -- touc\t some\t", ["runqlat", "--", "touch", "some where.txt"]),
    ("tally nonsense --m\t", ["nonsense", "--m"]),
])
def test_words(shell, tmp_path, typed, arguments):
    (tmp_path / "some where.txt").touch()
    shutil.copy(WORKLOADS.parent / "bpf" / "runqlat.bpf.o", tmp_path / "tool.bpf.o")
    assert shell.arguments(typed) == arguments


def test_what_is_offered(shell):
    offered = shell.offered("tally ")
    for line in run("list").out.decode().splitlines()[1:]:
        assert line.split()[0] in offered
    assert {"containers", "help", "list"} <= set(offered)
    for typed in ("tally runqlat --m", "tally runqlat --"):
        assert {"--min-count", "--max-keys", "--min-us"} <= set(shell.offered(typed))


# Other tests' containers may run beside: what is typed fits one of these only.
HOSTILE = {
    "zq": ["zq two words", "zq'it's", 'zq"hi"', "zq$(touch hacked)", "zq`touch hacked`",
           "zq;touch hacked", "zq&b", "zq\\slash", "zq:api", "zq=v", "zq!!", "zq{a,b}"],
    r"\~": ["~root"],
    r"\#": ["#no"],
    "-z": ["-zdash"],
    "zq:a": ["zq:api"],
    "zq\\ t": ["zq two words"],
}


@pytest.mark.parametrize("typed, name", [(typed, name) for typed in HOSTILE
                                         for name in HOSTILE[typed]])
def test_a_container_by_its_name_whatever_it_is(shell, start, tmp_path, typed, name):
    start(name, "chatter", 1, 1)
    assert shell.arguments(f"tally runqlat -c {typed}\t") == ["runqlat", "-c", name]
    assert not (tmp_path / "hacked").exists()


def test_a_name_that_is_a_pattern_means_itself(shell, start):
    start("zqa*", "chatter", 1, 1)
    start("b", "chatter", 1, 1)
    assert shell.arguments("tally runqlat -c zq\t") == ["runqlat", "-c", "zqa\\*"]
    assert run("runqlat", "-c", "zqa\\*", "-d", "0.1").status == 0


def test_between_quotes(shell, start):
    start("zqweb-1", "chatter", 1, 1)
    typed = shell.arguments("tally runqlat -c 'zq\t")
    assert typed == ["runqlat", "-c", "zqweb-1"]


def test_nothing_that_acts_on_the_terminal(shell, start):
    start("zq\x1b]0;ned\u202e", "chatter", 1, 1)
    start("zqwned", "chatter", 1, 1)
    assert shell.arguments("tally runqlat -c zq\t") == ["runqlat", "-c", "zqwned"]
