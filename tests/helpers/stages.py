"""Stages in processes that have TensorFlow imported from their start, which saves four seconds a time.

A server imports TensorFlow once. A folder, first on PATH, has a `python` that asks the server for a process with the
caller's arguments, variables, folder and streams, and ends with the status of that process. It starts the real Python
for what needs no TensorFlow. PYTHONPATH and the death of the caller do not reach such a stage.
"""

import atexit
import functools
import gc
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.helpers.imports import ROOT

_PYTHON = f"""#!{sys.executable} -IS
import json, os, socket, sys

folder, script = os.path.split((sys.argv[1:] or [""])[0])
if os.path.basename(folder) != "stages" or script == "synth.py":
    os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect(os.path.join(os.path.dirname(__file__), "socket"))
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode())
    server.shutdown(socket.SHUT_WR)
    status = server.recv(16)
sys.exit(int(status or 1))
"""


@functools.cache
def started() -> Path:
    """Start the server, which ends with this process, and give the folder of its `python`."""
    folder = Path(tempfile.mkdtemp(prefix="stages-"))
    (folder / "python").write_text(_PYTHON)
    (folder / "python").chmod(0o755)
    variables = {"PYTHONHASHSEED": "0", "TF_ENABLE_ONEDNN_OPTS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    variables["PYTHONPATH"] = str(ROOT)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, __file__, folder / "socket"], env=os.environ | variables, stdout=log, stderr=log
        )
    atexit.register(_end, server, folder)
    while not (folder / "socket").exists():
        assert server.poll() is None, (folder / "log").read_text()
        time.sleep(0.01)
    return folder


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.kill()
    server.wait()
    shutil.rmtree(folder)


def _serve(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        _import_packages()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            client, _ = listener.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                break
            client.close()
    _handle(client)


def _import_packages() -> None:
    """Import what the stages import, but forget the project's modules: a stage imports those beside it."""
    import platefuse.evaluation.report
    import platefuse.fusion.trained
    import platefuse.networks.classification.training
    import platefuse.networks.detection.training  # noqa: F401

    for name in [name for name in sys.modules if name.split(".")[0] == "platefuse"]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()  # or the first collection in a stage's process would copy all memory


def _handle(client: socket.socket) -> None:
    """Fork the stage's process, wait for its end, and tell its status."""
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    arguments, environment, folder = json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        client.sendall(str(status if status >= 0 else 128 - status).encode())
        os._exit(0)
    client.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment, PYTHONHASHSEED="0", TF_ENABLE_ONEDNN_OPTS="1")
    os.chdir(folder)
    sys.argv[:] = arguments
    sys.path[0] = str(Path(arguments[0]).parent)
    status: object = 1
    try:
        runpy.run_path(arguments[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
    if not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # to free the memory of TensorFlow object by object takes a second


if __name__ == "__main__":
    _serve(sys.argv[1])
