"""What reaches a slot agent from outside: messages, the end of the controller, signals, the end of children."""

from __future__ import annotations

import math
import os
import select
import signal
import socket
from collections import deque
from types import FrameType

from boxwright.execute.messages import Cancel, Finished, Ready, Request, Start
from boxwright.execute.wire import Lines, encode_line

STOPPED_BY_PERSON = "stopped by a person"


class Inbox:
    """Waits for all of it at one place, without threads.

    Attributes:
        requests: What is to be carried out next.
        controller_is_gone: Whether the other end of the socket is closed.
        told_to_end: Whether SIGTERM came: stop the run and end.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.requests: deque[Request] = deque()
        self.controller_is_gone = False
        self.told_to_end = False
        self._cancelled: dict[int, str] = {}
        self._socket = connection
        self._lines = Lines(Start | Cancel)
        self._wake_fd, wake_write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write_fd, warn_on_full_buffer=False)
        # Handlers, and not SIG_IGN, because a run inherits what is ignored, and starts afresh from what is handled.
        signal.signal(signal.SIGCHLD, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        self._poll = select.poll()
        self._poll.register(self._wake_fd, select.POLLIN)
        self._poll.register(connection.fileno(), select.POLLIN)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until something comes, at most this long. A child that ends is something, too."""
        timeout_ms = None if timeout_s is None else max(0, math.ceil(timeout_s * 1000))
        for fd, _ in self._poll.poll(timeout_ms):
            if fd == self._wake_fd:
                os.read(self._wake_fd, 4096)
            else:
                self._receive()

    def next_request(self) -> Request | None:
        """Wait for the next request; None when the agent is to end."""
        self._cancelled.clear()
        while not (self.controller_is_gone or self.told_to_end):
            if self.requests:
                return self.requests.popleft()
            self.wait()
        return None

    def reason_to_stop(self, run: int) -> str | None:
        """Return why the run is to be stopped, None while it may go on."""
        if run in self._cancelled:
            return self._cancelled[run]
        return STOPPED_BY_PERSON if self.told_to_end else None

    def send(self, message: Ready | Finished) -> None:
        """Tell the controller, if it is still there."""
        try:
            self._socket.sendall(encode_line(message))
        except OSError:
            self._lose_controller()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(1 << 16, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose_controller()
        for message in self._lines.feed(data):
            if isinstance(message, Start):
                self.requests.append(message.request)
            elif isinstance(message, Cancel):
                self._cancelled[message.run] = message.reason

    def _lose_controller(self) -> None:
        if not self.controller_is_gone:
            self.controller_is_gone = True
            self._poll.unregister(self._socket.fileno())  # a closed socket is readable for ever

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            self.told_to_end = True
