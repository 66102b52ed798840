"""The gateways beside Solvent: how each is installed, under `.bench/`, and started in its lightest real setting.

One that cannot be had on this machine is missing from the table, with a line that says why.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.load import machine
from bench.load.reading import MODEL
from bench.load.servers import UPSTREAM_KEY, Server, answers

INSTALL_SECONDS_MAX = 600
PEER_KEY = "sk-bench-master-key"
PORTKEY = "node_modules/@portkey-ai/gateway"


class MissingPeer(Exception):
    """A peer that can't be installed or started on this machine."""


def install_package(name: str, package: str) -> str:
    """A Python package in a venv of its own, `.bench/NAME-venv`, unless it is there. Returns its version."""
    venv = machine.WORK / f"{name}-venv"
    if not (venv / "installed").exists():
        run(name, [sys.executable, "-m", "venv", "--clear", str(venv)])
        run(name, [str(venv / "bin" / "pip"), "install", "--quiet", package])
        (venv / "installed").touch()
    return machine.version_in(venv, package.partition("[")[0])


def run(name: str, step: Sequence[str]) -> None:
    """One step of an installation. Raises MissingPeer with its last words."""
    print(f"installing {name} into .bench ...", flush=True)
    try:
        done = subprocess.run(step, capture_output=True, timeout=INSTALL_SECONDS_MAX, check=False)
    except (subprocess.TimeoutExpired, OSError) as wrong:
        raise MissingPeer(f"{name} could not be installed: {wrong}") from wrong
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise MissingPeer(f"{name} could not be installed: {' '.join(last)}")


def install_litellm() -> str:
    return install_package("litellm", "litellm[proxy]")


def install_portkey() -> str:
    """Portkey's gateway from npm."""
    directory = machine.WORK / "portkey"
    about = directory / PORTKEY / "package.json"
    if not about.exists():
        directory.mkdir(parents=True, exist_ok=True)
        run("portkey", ["npm", "install", "--silent", "--prefix", str(directory), "@portkey-ai/gateway"])
    return str(json.loads(about.read_text())["version"])


def install_nginx() -> str:
    """The system's nginx; it is not installed from here."""
    program = nginx()
    if program is None:
        raise MissingPeer("nginx is missing: install it (Debian: apt-get install nginx-light)")
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.strip().rpartition("/")[2]


def nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def litellm_config(upstream_url: str) -> str:
    """LiteLLM's lightest real setting: one worker, a master key, no database, no retries, no logging."""
    return f"""\
model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/{MODEL}
      api_base: {upstream_url}
      api_key: {UPSTREAM_KEY}
general_settings:
  master_key: {PEER_KEY}
litellm_settings:
  num_retries: 0
  set_verbose: false
"""


class LiteLLM(Server):
    """LiteLLM's proxy, on the same core as Solvent."""

    def __init__(self, directory: Path, upstream_url: str) -> None:
        server_core, _ = machine.cores()
        port = machine.free_port()
        config = directory / "litellm.yaml"
        config.write_text(litellm_config(upstream_url))
        program = machine.WORK / "litellm-venv" / "bin" / "litellm"
        asked = ["env", "-u", "DATABASE_URL", str(program)]
        asked += ["--host", "127.0.0.1", "--port", str(port), "--config", str(config)]
        asked += ["--num_workers", "1", "--telemetry", "False"]
        env = {
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # the price list that it ships, instead of a download
        }
        super().__init__("litellm", asked, [server_core], directory / "litellm.log", env, port=port)
        self.key = PEER_KEY

    def is_ready(self, log: str) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/health/liveliness")


class Portkey(Server):
    """Portkey's gateway: no key of its own, no spend; each request says where it goes."""

    def __init__(self, directory: Path, upstream_url: str) -> None:
        server_core, _ = machine.cores()
        port = machine.free_port()
        program = machine.WORK / "portkey" / PORTKEY / "build" / "start-server.js"
        asked = ["node", str(program), f"--port={port}", "--headless"]
        env = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}
        super().__init__("portkey", asked, [server_core], directory / "portkey.log", env, port=port)
        self.key = UPSTREAM_KEY
        self.headers = f"x-portkey-provider: openai\r\nx-portkey-custom-host: {upstream_url}\r\n"

    def is_ready(self, log: str) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/")


class Nginx(Server):
    """nginx as a reverse proxy that keeps its connections: no gateway at all, but the floor under each."""

    def __init__(self, directory: Path, upstream_url: str) -> None:
        server_core, _ = machine.cores()
        port = machine.free_port()
        config = directory / "nginx.conf"
        config.write_text(nginx_config(port, upstream_url.removeprefix("http://").partition("/")[0]))
        asked = [str(nginx()), "-p", str(directory), "-c", str(config), "-e", str(directory / "nginx-error.log")]
        super().__init__("nginx", asked, [server_core], directory / "nginx.log", {}, port=port)

    def is_ready(self, log: str) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/settings?chunks=1", b"")


def nginx_config(port: int, upstream: str) -> str:
    """One worker, no log, nothing held back."""
    return f"""\
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid nginx.pid;
events {{ worker_connections 32768; }}
http {{
  access_log off;
  client_body_temp_path nginx-body;
  proxy_temp_path nginx-proxy;
  keepalive_requests 1000000000;
  upstream bench {{ server {upstream}; keepalive 1024; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


class Peer(NamedTuple):
    """How to install and start one other gateway, and what a reader knows it as. install: returns the version.

    streams: how many the search for the most paced ones begins with; unpaced_streams: how many are back to back.
    0 for one whose streams are not measured.
    """

    title: str
    install: Callable[[], str]
    server: Callable[[Path, str], Server]
    streams: int
    unpaced_streams: int


# Portkey 1.15 answers a stream with 500 on Node 20.20: it changes headers that may not be changed there any more.
PEERS = {
    "litellm": Peer("LiteLLM proxy", install_litellm, LiteLLM, 4, 8),
    "portkey": Peer("Portkey gateway", install_portkey, Portkey, 0, 0),
    "nginx": Peer("nginx, a plain proxy", install_nginx, Nginx, 400, 64),
}

EMBEDDED = "tensorzero_embedded"


def install_embedded() -> str:
    return install_package("tensorzero", "tensorzero")


def embedded_rate(directory: Path, upstream_url: str, connections: int, seconds: float) -> float:
    """Answers a second of TensorZero's gateway within one Python process, without HTTP, keys or records."""
    server_core, _ = machine.cores()
    config = directory / "tensorzero.toml"
    config.write_text(embedded_config(upstream_url))
    python = machine.WORK / "tensorzero-venv" / "bin" / "python"
    script = machine.SOURCES / "embedded.py"
    command = [str(python), str(script), str(config), str(connections), str(seconds)]
    done = subprocess.run(
        machine.pinned(["env", f"BENCH_UPSTREAM_KEY={UPSTREAM_KEY}", *command], [server_core]),
        capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise MissingPeer(f"{EMBEDDED} failed: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return float(done.stdout.strip().splitlines()[-1])


def embedded_config(upstream_url: str) -> str:
    """One model at one upstream, nothing recorded."""
    return f"""\
[gateway]
observability.enabled = false

[models.{MODEL}]
routing = ["bench"]

[models.{MODEL}.providers.bench]
type = "openai"
model_name = "{MODEL}"
api_base = "{upstream_url}/"
api_key_location = "env::BENCH_UPSTREAM_KEY"
"""
