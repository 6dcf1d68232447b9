from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from sonichu_gui import __version__, cli
from sonichu_gui.commands import gui
from sonichu_gui.errors import FrameError


class FakeCommand:
    """A command whose work is the given function."""

    def __init__(self, work):
        self.work = work

    def add_parser(self, subparsers):
        raise NotImplementedError

    def run(self, args):
        return self.work(args)


def fail_with(error):
    def work(_args):
        raise error

    return FakeCommand(work)


def run_python(code, **kwargs):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **kwargs
    )


def test_done_gives_the_commands_own_code():
    assert cli._run(FakeCommand(lambda _args: 0), argparse.Namespace()) == 0


def test_failure_with_a_remedy_goes_to_stderr_with_its_hint(capsys):
    code = cli._run(fail_with(FrameError("a.png is cut off.", "Copy it again.")), None)
    out, err = capsys.readouterr()
    assert (code, out, err) == (1, "", "sonichu: a.png is cut off.\n  Copy it again.\n")


def test_file_that_cannot_be_written_is_named(capsys):
    code = cli._run(fail_with(PermissionError(13, "Permission denied", "out.csv")), None)
    assert code == 1
    assert "'out.csv'" in capsys.readouterr().err


def test_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        cli._run(fail_with(ZeroDivisionError()), None)


def test_ctrl_c_stops_cleanly(capsys):
    code = cli._run(fail_with(KeyboardInterrupt()), None)
    assert code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_reader_that_leaves_early_causes_no_complaint():
    code = (
        "import sys\nfrom sonichu_gui import cli\n"
        "class Command:\n"
        "    def run(args):\n"
        "        for _ in range(100_000): print('x' * 100)\n"
        "        return 0\n"
        "sys.exit(cli._run(Command, None))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), error) == (141, "")


def test_program_without_a_console_ends_well(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert cli._run(FakeCommand(lambda _args: 0), argparse.Namespace()) == 0


def test_name_that_is_no_text_can_be_printed():
    result = run_python(
        "from sonichu_gui import cli\n"
        "class Command:\n"
        "    def run(args):\n"
        "        print('a\\udcff.png')\n"
        "        return 0\n"
        "raise SystemExit(cli._run(Command, None))\n"
    )
    assert (result.returncode, result.stdout) == (0, "a\\udcff.png\n")


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(f"\n    {row.name} " in out for row in cli.COMMANDS)


@pytest.mark.parametrize("main", [cli.main, cli.gui_main])
def test_version_is_the_packages_own(main, capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.split()[-1] == __version__


@pytest.mark.parametrize("argv", [["dance"], ["--loud"], ["gui", "--tour", "x"]])
def test_wrong_arguments_end_with_two(argv):
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2


@pytest.mark.parametrize("name", [row.name for row in cli.COMMANDS])
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: sonichu {name}" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    result = run_python(
        "import sys\nfrom sonichu_gui import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'PySide6', 'pydicom', 'cv2', 'sqlalchemy', 'rich'}\n"
        "print(*sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    assert result.stderr == "\n"


def test_window_without_a_display_says_what_to_do(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert cli.main(["gui"]) == 1
    assert "--demo --tour" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "system", "platform"),
    [
        ({}, "linux", "offscreen"),
        ({"DISPLAY": ":0"}, "linux", None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", None),
        ({"QT_QPA_PLATFORM": "vnc"}, "linux", None),
        ({}, "darwin", None),
        ({}, "win32", None),
    ],
)
def test_tour_asks_for_offscreen_only_where_nothing_can_show_it(environment, system, platform):
    assert gui.qt_platform(environment, system=system, has_audience=False) == platform


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["models", "add", "x", "--image-size", "big"], "a whole number from 1 to 4096, not 'big'"),
        (["models", "add", "x", "--image-size", "0"], "a whole number from 1 to 4096, not '0'"),
        (["predict", "x", "--task", "HC", "--frame", "last"], "counted from 0 (all: every), not"),
        (["info", "x", "--frame", "last"], "frames are counted from 0, not 'last'"),
        (["bench", "--seconds", "long"], "between 1 and 60 seconds, not 'long'"),
    ],
)
def test_what_is_no_number_is_told_in_words(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
