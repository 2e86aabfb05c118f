"""Certificates for the servers that the tests start, made by openssl and valid for two days."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate that vouches for itself: whoever trusts `path` trusts the server."""

    path: Path
    key: Path


def make_certificate(directory: Path, name: str) -> Certificate:
    """A new certificate for 127.0.0.1, as `name`.pem and `name`.key in the directory."""
    made = Certificate(directory / f"{name}.pem", directory / f"{name}.key")
    extensions = ["subjectAltName=IP:127.0.0.1", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", f"/CN={name}", "-out", str(made.path), "-keyout", str(made.key)]
        + [part for extension in extensions for part in ("-addext", extension)],
        check=True,
        capture_output=True,
    )
    return made
