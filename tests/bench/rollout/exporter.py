"""What a pod of Flagger's runs: one number at /metrics, the error of this version in the stable's. A program of its own."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Exporter(BaseHTTPRequestHandler):
    """Answers every path, so that it is its readiness probe too."""

    body = f"# TYPE bench_error_ratio gauge\nbench_error_ratio {os.environ.get('ERROR_RATIO', '1.0')}\n".encode()

    def do_GET(self) -> None:
        """The number, in Prometheus' text format."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: it is asked every second."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer((os.environ["POD_IP"], 8080), Exporter).serve_forever()
