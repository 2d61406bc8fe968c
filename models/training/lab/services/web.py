"""The ingress, the static shop and the front of the API: nginx three times, and the application.

Owns: their configuration, and the format of the logs that `truth` reads: one line a request, at the pods with
the client and the port that the ingress opened the connection for. Refuses: to pass a client's own idea of who
it is on to a pod.
"""

from __future__ import annotations

from pathlib import Path

from netns import HERE
from services.base import PASSWORD, PYTHON, USER, Making, Service

SHOP, API = "shop.example", "api.shop.example"
APP_PORT, API_PORT = 9000, 8080

HTTP = """
daemon off; user root; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.error;
worker_shutdown_timeout 2s; events {{ worker_connections 4096; }}
http {{
  log_format truth '$msec $request_time $connection $remote_addr $remote_port $http_x_real_ip $http_x_real_port '
    '$server_port $status $bytes_sent $request_length "$request" "$http_user_agent"';
  access_log {folder}/{name}.log truth; default_type text/html; types {{ }}
  client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy;
  client_max_body_size 64m; keepalive_timeout {keepalive}s; {more}
  {servers}
}}
"""
INGRESS = """
  map $http_upgrade $to_pod {{ default upgrade; '' '{to_pod}'; }}
  upstream web {{ server {web}:80; {pool} }}
  upstream api {{ server {api}:8080; {pool} }}
  proxy_bind {node}; proxy_http_version 1.1; proxy_set_header Connection $to_pod;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Real-Port $remote_port;
  proxy_buffering off; proxy_read_timeout 900s; proxy_connect_timeout 4s;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{ listen {node}:80 backlog=1024; listen {node}:443 ssl http2 backlog=1024; server_name {shop};
    location /old-cart/ {{ proxy_pass http://{web}:81; }}
    location ~ ^/(login|search|item|account)$ {{ proxy_pass http://api; }}
    location / {{ proxy_pass http://web; }} }}
  server {{ listen {node}:80; listen {node}:443 ssl http2; server_name {api_name};
    location / {{ proxy_pass http://api; }} }}
"""
WEB = """
  server {{ listen 80 backlog=1024; root {folder}/www; location = /healthz {{ return 200 "ok\\n"; }}
    location /upload/ {{ alias {folder}/www/kept/; dav_methods PUT; }}
    location /private/ {{ deny all; }}
    location /admin/ {{ auth_basic "shop"; auth_basic_user_file {folder}/htpasswd; }} }}
"""
FRONT = """
  upstream app {{ server 127.0.0.1:{port}; keepalive 16; }}
  map $http_upgrade $to_app {{ default upgrade; '' ''; }}
  server {{ listen {listen} backlog=1024; location = /healthz {{ return 200 "ok\\n"; }}
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection $to_app;
      proxy_set_header Upgrade $http_upgrade; proxy_buffering off; proxy_read_timeout 900s; }} }}
"""
PATIENT = "client_header_timeout 120s; client_body_timeout 120s; send_timeout 120s;"


def services(making: Making) -> list[Service]:
    """All of it."""
    plan, folder = making.plan, making.folder
    ingress = INGRESS.format(
        folder=folder, node=plan.node, web=plan.pod("web"), api=plan.pod("api"), shop=SHOP, api_name=API,
        pool=f"keepalive {making.pool};" if making.pool else "", to_pod="" if making.pool else "close",
    )
    front = FRONT.format(port=APP_PORT, listen=API_PORT)
    keepalive = making.rng.choice((15, 65))
    app = (PYTHON, HERE / "app.py", str(APP_PORT), str(plan.seed), USER, PASSWORD)
    return [
        Service("node", nginx(folder, "ingress", ingress, keepalive, PATIENT if making.patient else ""),
                frozenset({80, 443})),
        Service("web", nginx(folder, "web", WEB.format(folder=folder)), frozenset({80})),
        Service("api", nginx(folder, "api", front), frozenset({API_PORT})),
        Service("api", app, frozenset({APP_PORT})),
    ]


def nginx(folder: Path, name: str, servers: str, keepalive: int = 75, more: str = "") -> tuple[str | Path, ...]:
    """Writes the configuration of an nginx and returns its command line."""
    path = folder / f"{name}.conf"
    path.write_text(HTTP.format(folder=folder, name=name, servers=servers, keepalive=keepalive, more=more))
    return ("nginx", "-p", folder, "-e", folder / f"{name}.error", "-c", path)
