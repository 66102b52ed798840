"""What is shipped to deploy with keeps what it promises: no root, no secrets, time to drain, and options that exist.

It needs no Docker, no cluster and no Helm; what the chart says is rendered by `charts`.
"""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from tests.deploy.charts import render, rendered, values

from solvent.app.config import read_config
from solvent.cli.serve import command as serve
from solvent.values.limits import CONNECTIONS_MAX, WORKER_STOP_S_MAX

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = DEPLOY.parent
EVERYTHING: dict[str, Any] = {
    "autoscaling": {"enabled": True}, "ingress": {"enabled": True, "className": "nginx"},
    "environmentSecret": "our-keys", "rateCards": {"ours.yaml": "card: x\ncurrency: USD\n"},
}  # fmt: skip
ONE_POD: dict[str, Any] = {"storage": {"enabled": True}, "databaseSecret": "", "replicas": 1}


def options_of(arguments: list[str]) -> dict[str, Any]:
    """What `solvent serve` reads in them. Raises what it says to options it does not know."""
    program, *rest = arguments
    assert program == "serve"
    return dict(serve.make_context("serve", list(rest)).params)


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_small_pinned_and_runs_as_nobody() -> None:
    steps = instructions()
    froms = [rest for word, rest in steps if word == "FROM"]
    assert len(froms) == 2
    for base in froms:
        assert re.match(r"python:\d+\.\d+\.\d+-slim-\w+( AS build)?$", base), f"{base} is not pinned to a version"
    last = steps[max(n for n, (word, _) in enumerate(steps) if word == "FROM") :]
    assert ("COPY", "--from=build /opt/solvent /opt/solvent") in last
    assert not [rest for word, rest in last if word == "COPY" and "--from" not in rest], "the last stage has sources"
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    assert {word for word, _ in last} >= {"HEALTHCHECK", "STOPSIGNAL", "VOLUME", "EXPOSE"}
    assert not {word for word, _ in steps} & {"ADD", "ARG"}
    assert not re.search(r"(?i)(secret|password|token|api_key)\s*=", (DEPLOY / "Dockerfile").read_text())


def test_the_image_is_built_of_what_is_there() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for word, rest in instructions():
        if word == "COPY" and "--from" not in rest:
            *sources, _ = rest.split()
            for source in sources:
                assert (ROOT / source).exists()
                assert f"!{source}" in ignored, f"{source} is kept from the build"


def test_the_image_serves_with_options_that_exist() -> None:
    steps = dict(instructions())
    assert json.loads(steps["ENTRYPOINT"]) == ["solvent"]
    options = options_of(json.loads(steps["CMD"]))
    assert (options["host"], options["port"], options["data"]) == ("0.0.0.0", 8000, Path("/data"))
    check = json.loads(steps["HEALTHCHECK"].partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    compile(check[2], "HEALTHCHECK", "exec")
    assert f":{options['port']}/readyz" in check[2]


@pytest.fixture(scope="module")
def unit() -> configparser.SectionProxy:
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(DEPLOY / "systemd" / "solvent.service")
    assert set(read) == {"DEFAULT", "Unit", "Service", "Install"}
    return read["Service"]


def test_the_unit_serves_and_reloads_and_has_time_to_drain(unit: configparser.SectionProxy) -> None:
    program, *arguments = shlex.split(unit["ExecStart"])
    assert program.endswith("/solvent")
    options = options_of(arguments)
    assert options["data"] == Path("/var/lib") / unit["StateDirectory"]
    assert unit["ExecReload"].endswith("-HUP $MAINPID")
    assert int(unit["TimeoutStopSec"]) > WORKER_STOP_S_MAX
    assert int(unit["LimitNOFILE"]) >= 2 * CONNECTIONS_MAX + 256
    assert unit["KillMode"] == "mixed", "only the parent is told: it tells its workers"


def test_the_unit_may_do_no_more_than_it_must(unit: configparser.SectionProxy) -> None:
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID", "LockPersonality", "DynamicUser"):
        assert unit[name] == "yes"
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"], unit["UMask"]) == ("strict", "", "0077")


def test_systemd_has_nothing_against_it(tmp_path: Path) -> None:
    """Where systemd is there to say so; the rest of its promises are looked at above in any case."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    there = tmp_path / "solvent.service"
    text = (DEPLOY / "systemd" / "solvent.service").read_text()
    there.write_text(text.replace("/opt/solvent/bin/solvent", "/bin/true"))
    told = subprocess.run([analyze, "verify", "--man=no", str(there)], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("changes", [{}, EVERYTHING, ONE_POD])
def test_the_chart_holds_together(changes: dict[str, Any]) -> None:
    objects = rendered(values(**changes))
    pod = objects["Deployment", "shop"]["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert objects[kind, "shop"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert objects["Service", "shop"]["spec"]["selector"].items() <= labels
    (container,) = pod["spec"]["containers"]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in objects
        if "persistentVolumeClaim" in volume:
            assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in objects
    (port,) = container["ports"]
    options = options_of(container["args"])
    assert (options["port"], options["workers"]) == (port["containerPort"], 2)
    assert {path["mountPath"] for path in container["volumeMounts"]} >= {
        str(options["data"]),
        str(options["config_file"]),
    }
    assert objects["Service", "shop"]["spec"]["ports"][0]["targetPort"] == port["name"]


def test_a_pod_is_asked_how_it_is_and_has_time_to_drain() -> None:
    spec = rendered(values())["Deployment", "shop"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["terminationGracePeriodSeconds"] > waits + WORKER_STOP_S_MAX
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]


def test_secrets_are_named_and_never_written() -> None:
    objects = rendered(values(**EVERYTHING))
    assert not [kind for kind, _ in objects if kind == "Secret"]
    (container,) = objects["Deployment", "shop"]["spec"]["template"]["spec"]["containers"]
    assert container["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "solvent-database"
    assert container["envFrom"] == [{"secretRef": {"name": "our-keys"}}]


def test_the_settings_of_the_chart_are_settings(tmp_path: Path) -> None:
    objects = rendered(values(**EVERYTHING))
    file = tmp_path / "solvent.toml"
    file.write_text(objects["ConfigMap", "shop-settings"]["data"]["solvent.toml"])
    assert read_config(file, {}).database == "env:DATABASE_URL"
    assert objects["ConfigMap", "shop-rate-cards"]["data"] == EVERYTHING["rateCards"]


def test_other_settings_replace_the_pods_and_scaling_says_how_many() -> None:
    def pods(**changes: Any) -> dict[str, Any]:
        return dict(rendered(values(**changes))["Deployment", "shop"]["spec"])

    plain = pods()
    assert plain["template"]["metadata"] != pods(settings="house_model = false\n")["template"]["metadata"]
    assert plain["replicas"] == 2
    assert "replicas" not in pods(autoscaling={"enabled": True}), "it would undo what the scaler does"
    assert pods(**ONE_POD)["strategy"] == {"type": "Recreate"}, "two pods cannot write to one volume"


def test_what_the_renderer_does_not_know_is_no_template() -> None:
    for template in ('{{ include "x" . }}', "{{ .Values.a | b64enc }}", "{{ if .Values.a }}"):
        with pytest.raises(AssertionError):
            render(template, {"Values": {"a": "x"}})
    with pytest.raises(KeyError):
        render("{{ .Values.b }}", {"Values": {}})
    with pytest.raises(click.exceptions.NoSuchOption):
        options_of(["serve", "--no-such-option"])
