"""Every Python that finds this folder on its path loads this: connections beyond this machine are refused and noted."""

import errno
import os
import sys

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def _refuse(event: str, arguments: tuple) -> None:
    """Audit hook: raise for a name to look up or an address to connect to that is not this machine's own."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host is None or host == "" or str(host).startswith(_LOOPBACK):
        return
    log = os.environ.get("NETWORK_ATTEMPTS")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")
    raise OSError(errno.ENETUNREACH, f"no network in this test: {event} {host}")


sys.addaudithook(_refuse)
