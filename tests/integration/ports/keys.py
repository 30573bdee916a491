"""Secrets as the chart mounts them, and what may be known of them elsewhere."""

import subprocess
from pathlib import Path


def secret(folder: Path, name, **keys):
    """A Secret's folder: one file for each key, with dashes for underscores."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for key, value in keys.items():
        file = folder / name / key.replace("_", "-")
        file.write_text(value)
        file.chmod(0o400)
    return folder


def ssh_key(folder: Path, name="key"):
    """A new key: its private text and its public line."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True, timeout=30)
    return (folder / name).read_text(), (folder / f"{name}.pub").read_text().strip()


def spilled(word, *folders):
    """Files that hold the word although they are no Secret."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path for path in files if word.encode() in path.read_bytes()]
