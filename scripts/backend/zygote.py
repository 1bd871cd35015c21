"""A process that has loaded the libraries all functions share, and forks one child for each function.

A function that starts from nothing spends most of its second on the same imports as all others. Here they are done
once; a child adds its own module, and shares the rest of its memory. Nothing of ours is imported before the fork, so a
child always runs the code as it is now. No gRPC channel exists before the fork either, which is what makes it safe.

Requests come over a Unix socket as JSON, each with two file descriptors: where the child's output goes, and a pipe on
which it says that it listens. Answers are JSON lines.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from typing import Any

_PR_SET_PDEATHSIG = 1
_LESS_URGENT = 10  # nice(2)
_SHARED = (
    "flask",
    "functions_framework",
    "pydantic",
    "structlog",
    "firebase_functions.https_fn",
    "firebase_functions.firestore_fn",
    "firebase_functions.pubsub_fn",
    "firebase_admin.auth",
    "google.cloud.firestore",
    "google.cloud.pubsub_v1",
    "jinja2",
    "numpy",
    "sendgrid",
    "werkzeug.serving",
)


def run(control: socket.socket) -> None:
    """Fork children until the other end of the socket is closed; then end them and oneself."""
    for name in _SHARED:
        __import__(name)
    gc.collect()
    gc.freeze()  # what is loaded stays out of the collector, so that its pages stay shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wakeup_read, wakeup_write = socket.socketpair()
    wakeup_read.setblocking(False)
    wakeup_write.setblocking(False)
    signal.set_wakeup_fd(wakeup_write.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    children: set[int] = set()
    _say(control, {"up": True})
    try:
        _loop(control, wakeup_read, children)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _loop(control: socket.socket, wakeup: socket.socket, children: set[int]) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(wakeup, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is wakeup:
                    wakeup.recv(4096)
                    _reap(control, children)
                elif not _serve(control, children):
                    return


def _serve(control: socket.socket, children: set[int]) -> bool:
    """Fork one child as asked; False when there is nobody left to ask."""
    try:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 2)
    except ConnectionResetError:
        return False
    if not message:
        return False
    request: dict[str, Any] = json.loads(message)
    output, ready = descriptors
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        control.close()
        _become(request, output, ready)
    children.add(pid)
    os.close(output)
    os.close(ready)
    _say(control, {"started": pid})
    return True


def _reap(control: socket.socket, children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        _say(control, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _become(request: dict[str, Any], output: int, ready: int) -> None:
    """Turn this fresh child into the function; never returns."""
    status = 0
    try:
        _die_with_parent()
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(request["env"])
        os.chdir(request["source"])
        sys.path.insert(0, request["source"])
        if request.get("call"):
            _call(request["call"])
        else:
            _serve_function(request, ready)
    except BaseException:  # noqa: BLE001  # the child's last words; there is nobody above to tell
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _call(path: str) -> None:
    module, _, name = path.partition(":")
    getattr(__import__(module, fromlist=[name]), name)()


def _serve_function(request: dict[str, Any], ready: int) -> None:
    import functions_framework
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """The functions log their requests themselves."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    source = os.path.join(request["source"], "main.py")  # noqa: PTH118  # before pathlib would be needed
    app = functions_framework.create_app(  # type: ignore[no-untyped-call]  # the library has no types
        request["function"], source, request["kind"]
    )
    if request["kind"] != "http":
        # Somebody waits for an answer over HTTP; nobody waits for an event. In the cloud they share no processor.
        os.nice(_LESS_URGENT)
    server = make_server(f"unix://{request['socket']}", 0, app, threaded=True, request_handler=Quiet)
    os.write(ready, b"1")
    os.close(ready)
    server.serve_forever()


if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])))
