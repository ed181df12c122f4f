"""Plain HTTP: a server that takes signed calls only. SECRET is that of the provider, PORT the port (8080)."""

import base64
import hashlib
import hmac
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kyc import answer

SECRET = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))
MOST_BYTES = 1024 * 1024
TOLERANCE_SECONDS = 300


def is_signed(headers, body):
    """Whether a call is signed, by Standard Webhooks."""
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(int(moment) - time.time()) > TOLERANCE_SECONDS:
        return False
    signed = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    right = "v1," + base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), right.encode()) for one in given)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > MOST_BYTES:
            return self.end(413, "too long")
        body = self.rfile.read(length)
        if not is_signed(self.headers, body):
            return self.end(401, "not signed")
        return self.end(*answer(body.decode("utf-8")))

    def end(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8080))), Handler)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
