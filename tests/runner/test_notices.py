"""Notices of TensorFlow and LiteRT while they load: dropped, and nothing else is."""

import os
import subprocess
import sys

import pytest

from platefuse.runner.notices import LEVEL, notices_dropped
from tests.helpers.imports import ROOT

NOTICES = b"""\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1796030984.801690   31378 cudart_stub.cc:31] Could not find cuda drivers on your machine.
E0000 00:00:1796030990.881665   31477 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)
2026-11-30 09:29:44.801690: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
"""
OTHERS = b"reading: 3 images\nINFO: a line of somebody else\nF0000 00:00:1796030984.1 1 cpu.cc:1] needs AVX\nno newline"


@pytest.fixture(autouse=True)
def level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEVEL, "3")


def test_notices_are_dropped_and_other_lines_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with notices_dropped(), notices_dropped():  # a model may be loaded while another one is
        os.write(2, NOTICES + OTHERS)
    os.write(2, b"\n" + NOTICES)
    assert capfd.readouterr().err.encode() == OTHERS + b"\n" + NOTICES


def test_every_line_is_printed_if_loading_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), notices_dropped():
        os.write(2, NOTICES + OTHERS)
        raise ImportError
    assert capfd.readouterr().err.encode() == NOTICES + OTHERS


def test_every_line_is_printed_at_the_level_that_the_user_sets(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(LEVEL, "0")
    with notices_dropped():
        os.write(2, NOTICES)
        assert capfd.readouterr().err.encode() == NOTICES


def _ended(block: str, shell: str = "true") -> subprocess.CompletedProcess[str]:
    code = f"import os\nfrom platefuse.runner.notices import notices_dropped\nwith notices_dropped():\n    {block}"
    command = ["sh", "-c", f'{shell}; exec "$@"', "sh", sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_crash_while_loading_is_told() -> None:
    ended = _ended("os.abort()")
    assert ended.returncode != 0 and "Fatal Python error: Aborted" in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_loading_needs_no_error_output() -> None:
    assert _ended("print('loaded')", shell="exec 2>&-").stdout == "loaded\n"


@pytest.mark.slow
def test_tensorflow_loads_without_a_word() -> None:
    code = "from platefuse.networks.common.keras2 import tf\nprint(tf.constant(1).numpy())"
    environment = {name: value for name, value in os.environ.items() if name != LEVEL} | {"TF_ENABLE_ONEDNN_OPTS": "1"}
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (loaded.stdout, loaded.stderr) == ("1\n", "")
