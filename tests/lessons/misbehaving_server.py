"""A server on this machine that misbehaves in every way known from real ones: each path is one way to answer."""

import contextlib
import hashlib
import http.server
import socket
import socketserver
import threading

CONTENT = b" = The king = \n" * 20_000  # 300 kB
SUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests += 1
        name = self.path.strip("/").split("/")[0]
        with contextlib.suppress(OSError):  # the other side may have had enough
            if name.isdigit():
                self.send_error(int(name))
            else:
                getattr(self, f"answer_{name}")()

    def reply(self, body, length=None, kind="text/plain"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def answer_good(self):
        self.reply(CONTENT, len(CONTENT))

    def answer_unannounced(self):
        self.reply(CONTENT)

    def answer_page(self):
        self.reply(b"<!DOCTYPE html><title>Log in to the school's network</title>", 60, "text/html")

    def answer_wrong(self):
        self.reply(CONTENT.replace(b"king", b"ring"), len(CONTENT))

    def answer_truncated(self):
        self.reply(CONTENT[:5000], len(CONTENT))

    def answer_short(self):
        self.reply(CONTENT[:5000])

    def answer_empty(self):
        self.reply(b"", 0)

    def answer_endless(self):
        self.reply(b"")
        while True:
            self.wfile.write(CONTENT)

    def answer_loop(self):
        self.redirect(self.path)

    def answer_moved(self):
        self.redirect("/good")

    def answer_file(self):
        self.redirect("file:///etc/hostname")

    def redirect(self, where):
        self.send_response(301)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_reset(self):
        self.reply(CONTENT[:100_000], len(CONTENT))
        self.wfile.flush()
        linger = b"\1\0\0\0\0\0\0\0"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def answer_silent(self):
        self.server.stop.wait(30)

    def answer_stalls(self):
        self.reply(CONTENT[:5000], len(CONTENT))
        self.server.stop.wait(30)

    def answer_drip(self):
        self.reply(b"", len(CONTENT))
        while not self.server.stop.wait(0.2):
            self.wfile.write(b"x")

    def answer_headerdrip(self):
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not self.server.stop.wait(0.2):
            self.wfile.write(b"x")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64
    requests = 0


@contextlib.contextmanager
def serving():
    """Run the server; `url` is its address and `requests` counts what it was asked."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.stop = threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()
