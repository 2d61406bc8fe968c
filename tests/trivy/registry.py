"""A registry of container images on this machine, for whoever pulls: one image, and every way to get none.

Usage: registry.py
Prints its port and the digest of its image, a line each. Ends when standard input does.

  shop/web:1.4   an Alpine, with the packages that database.py knows faults of and a secret in a file
  shop/web:...   404, MANIFEST_UNKNOWN; so is another digest
  private/...    a token is refused
  closed/...     401 in spite of a token
  forbidden/...  403, DENIED
  busy/...       429, TOOMANYREQUESTS
  broken/...     500
  silent/...     never answered
  any other      404, NAME_UNKNOWN

Owns: what a client that pulls sees of the distribution API; as with Docker Hub, a token comes first, and anybody
gets it. Refuses: pushes, and lists.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
BLOB = "application/octet-stream"
TOKEN = "anybody"
ASKED = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")

# What is answered to who has a token.
REFUSALS = {
    "closed": (401, "UNAUTHORIZED", "authentication required"),
    "forbidden": (403, "DENIED", "requested access to the resource is denied"),
    "busy": (429, "TOOMANYREQUESTS", "too many requests"),
    "broken": (500, "UNKNOWN", "unknown error"),
}

NAME, TAG = "shop/web", "1.4"
# Name, version, and the source that it is built from.
PACKAGES = (
    ("busybox", "1.36.1-r15", "busybox"),
    ("libcrypto3", "3.1.4-r5", "openssl"),
    ("musl", "1.2.4_git20230717-r4", "musl"),
    ("xz-libs", "5.4.5-r0", "xz"),
)
# In two parts, for whoever searches these sources for secrets: it is nobody's.
SECRET = "AKIA" + "Z7Q4M2X6T3B5R8WN"
FILES = {
    "etc/alpine-release": "3.19.1\n",
    "etc/os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n',
    "lib/apk/db/installed": "".join(
        f"P:{name}\nV:{version}\nA:x86_64\nL:MIT\no:{source}\n\n" for name, version, source in PACKAGES
    ),
    "srv/shop/settings": f"AWS_ACCESS_KEY_ID={SECRET}\n",
}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def archive() -> bytes:
    """The only layer."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return written.getvalue()


def image() -> tuple[bytes, dict[str, bytes]]:
    """The manifest, and the blobs that it names."""
    layer = archive()
    made = "2024-03-01T00:00:00Z"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": made,
        "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        "history": [{"created": made, "created_by": "COPY / /"}],
    }
    contents = {CONFIG: json.dumps(config).encode(), LAYER: gzip.compress(layer, mtime=0)}
    parts = [{"mediaType": kind, "size": len(blob), "digest": digest(blob)} for kind, blob in contents.items()]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
    return json.dumps(manifest).encode(), {digest(blob): blob for blob in contents.values()}


IMAGE, BLOBS = image()


class Registry(BaseHTTPRequestHandler):
    """One client's questions."""

    server: HTTPServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = ASKED.fullmatch(url.path)
        if url.path == "/token":
            self.grant(parse_qs(url.query).get("scope", [""])[0])
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.refuse(401, "UNAUTHORIZED", "authentication required")
        elif asked:
            self.serve(**asked.groupdict())
        else:
            self.answer(200, "application/json", b"{}")

    do_HEAD = do_GET

    def grant(self, scope: str) -> None:
        """A token for `repository:NAME:pull`."""
        if scope.startswith("repository:private/"):
            self.refuse(401, "UNAUTHORIZED", "incorrect username or password")
        else:
            self.answer(200, "application/json", json.dumps({"token": TOKEN}).encode())

    def serve(self, name: str, kind: str, reference: str) -> None:
        """A manifest or a blob."""
        owner = name.partition("/")[0]
        if owner == "silent":
            threading.Event().wait()
        elif owner in REFUSALS:
            self.refuse(*REFUSALS[owner])
        elif name != NAME:
            self.refuse(404, "NAME_UNKNOWN", "repository name not known to registry")
        elif kind == "manifests" and reference in (TAG, digest(IMAGE)):
            self.answer(200, MANIFEST, IMAGE)
        elif kind == "manifests":
            self.refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
        elif reference in BLOBS:
            self.answer(200, BLOB, BLOBS[reference])
        else:
            self.refuse(404, "BLOB_UNKNOWN", "blob unknown to registry")

    def refuse(self, status: int, code: str, message: str) -> None:
        self.answer(status, "application/json", json.dumps({"errors": [{"code": code, "message": message}]}).encode())

    def answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        if status == 401:
            token = f"http://127.0.0.1:{self.server.server_port}/token"
            self.send_header("WWW-Authenticate", f'Bearer realm="{token}",service="registry"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", digest(content))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing: clients try TLS first, and that is no fault."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, digest(IMAGE), sep="\n", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
