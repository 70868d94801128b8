#!/usr/bin/env python3
"""Lints what Rollcall is deployed with, and shows of each linter that it refuses what is broken.

Runs with the Python of the environment that `requirements.txt` is installed in; systemd is the machine's.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
DEPLOY = TOP / "host-harness/deploy"
# systemd counts in tenths: 100 is a service that may do everything.
EXPOSURE = 15
# Sockets of callers, directories and the database; systemd's own limit is 1,024.
FILES_OPEN = 65536


def tool(*command: str | Path) -> list[str]:
    """What a tool complains of: nothing where it ends well. What systemd praises is left out."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    lines = [line for line in (ended.stdout + ended.stderr).splitlines() if not line.startswith("✓")]
    return [] if ended.returncode == 0 else [f"{Path(command[0]).name}: " + "\n".join(lines)]


def linter(name: str) -> Path:
    return Path(sys.executable).parent / name


def containerfile(path: Path) -> list[str]:
    text = path.read_text()
    wanted = tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    found = re.search(r"^FROM docker\.io/library/rust:([\d.]+)-", text, re.M)
    numbers = lambda version: [int(number) for number in version.split(".")]
    problems = tool(linter("hadolint"), "--no-color", path)
    if not found or numbers(found[1]) < numbers(wanted):
        problems.append(f"the image is not built with Rust {wanted} or newer")
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        problems += [f"there is no {name} to copy" for name in source.split() if not (TOP / name).exists()]
    return problems


def compose(path: Path) -> list[str]:
    problems = tool(linter("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path)
    lint = ("check", "--quiet", "--fail-on", "low", "--strict-config", "--no-env", "--no-merge-overrides")
    problems += tool(linter("compose-lint"), *lint, "--config", HERE / "compose-lint.yml", path)
    return problems or unknown_names(yaml.safe_load(path.read_text()))


def unknown_names(file: dict) -> list[str]:
    """What services name and nobody defines: the schema does not look, and it would be seen at the start only."""
    problems = []
    for name, service in file["services"].items():
        used = {kind: list(service.get(kind, [])) for kind in ("networks", "secrets")}
        used["volumes"] = [volume.split(":")[0] for volume in service.get("volumes", [])]
        used["services"] = list(service.get("depends_on", []))
        for kind, names in used.items():
            problems += [f"{name}: {kind} has no {one}" for one in names if one not in file.get(kind, {})]
        for place in re.findall(r"/run/secrets/([\w-]+)", str(service.get("environment", ""))):
            if place not in used["secrets"]:
                problems.append(f"{name}: the secret {place} is not given to it")
        version = tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["version"]
        if service["image"].startswith("rollcall:") and service["image"] != f"rollcall:{version}":
            problems.append(f"{name}: {service['image']} is not of version {version}")
    return problems


def unit(path: Path) -> list[str]:
    # The program is not installed where this is checked; another one stands for it.
    text = path.read_text().replace("/usr/local/bin/rollcall", "/bin/true")
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory, path.name)
        copy.write_text(text)
        verified = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
        # What it does not know, it mentions and passes over.
        problems = [f"verify: {line}" for line in (verified.stdout + verified.stderr).splitlines() if path.name in line]
        files = re.search(r"^LimitNOFILE=(\d+)$", text, re.M)
        if not files or int(files[1]) < FILES_OPEN:
            problems.append(f"a service of many connections may not open {FILES_OPEN} files")
        if verified.returncode != 0 and not problems:
            problems = [f"verify: ended with {verified.returncode}"]
        return problems + tool("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}", copy)


# What is linted, and changes that must each be refused.
FILES = {
    "Containerfile": (containerfile, [
        ("EXPOSE", "EXPSE"),
        ("debian:13.2-slim", "debian"),
        ("debian:13.2-slim", "debian:latest"),
        ("USER 10001:10001", "USER root"),
        ('CMD ["serve"', "CMD serve"),
        ("# hadolint ignore=DL3008\n", ""),
        ("rust:1.95.0", "rust:1.94.9"),
        ("COPY wit wit", "COPY wits wits"),
    ]),
    "compose.yaml": (compose, [
        ("read_only", "readonly"),
        ("read_only: true", "read_only: false"),
        ("cap_drop: [ALL]", "cap_drop: [KILL]"),
        ("no-new-privileges:true", "no-new-privileges:false"),
        ("127.0.0.1:8443", "8443"),
        ("postgres:17.7-trixie", "postgres"),
        ("service_healthy", "service_well"),
        ("  cpus: 2\n", ""),
        ("secrets: [pgpass]", "secrets: [pgpas]"),
        ("secrets: [pgpass, certificate, key]", "secrets: [certificate, key]"),
        ("networks: [database]", "networks: [inside]"),
        ("- data:/var", "- date:/var"),
        ("rollcall:0.1.0", "rollcall:0.0.9"),
    ]),
    "rollcall.service": (unit, [
        ("NoNewPrivileges", "NoNewPrivilege"),
        ("Restart=on-failure", "Restart=on-trouble"),
        ("[Service]", "[Servise]"),
        ("/usr/local/bin/rollcall", "rollcalls"),
        ("SystemCallFilter=@system-service\nSystemCallFilter=~", "SystemCallFilter=~"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@system-service @mount @debug"),
        ("CapabilityBoundingSet=\n", ""),
        ("DynamicUser=yes\n", ""),
        ("RestrictNamespaces=yes\n", ""),
        ("LimitNOFILE=65536\n", ""),
        ("LimitNOFILE=65536", "LimitNOFILE=1024"),
        ("LimitNOFILE=65536", "LimitNOFILE=many"),
    ]),
}


def main() -> int:
    wrong = []
    for name, (lint, breaks) in FILES.items():
        path = DEPLOY / name
        wrong += [f"{name}: {problem}" for problem in lint(path)]
        text = path.read_text()
        with tempfile.TemporaryDirectory() as directory:
            broken = Path(directory, name)
            for old, new in breaks:
                if old not in text:
                    wrong.append(f"{name}: there is no {old!r} to break")
                    continue
                broken.write_text(text.replace(old, new))
                problems = lint(broken)
                if not problems:
                    wrong.append(f"{name}: {new!r} instead of {old!r} is not refused")
                elif "--verbose" in sys.argv:
                    print(f"{name}: {old!r} -> {new!r}\n    " + "\n".join(problems).replace("\n", "\n    "))
    print("\n".join(wrong) or ", ".join(f"{name}: {len(b)} ways to break it refused" for name, (_, b) in FILES.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
