"""Somebody who works on the plant's repository from a clone of their own."""

from pathlib import Path

from andon.lab.git import git


class Engineer:
    """Somebody with a clone."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        git(folder.parent, "clone", "--quiet", url, str(folder))
        git(folder, "config", "user.name", "Engineer")
        git(folder, "config", "user.email", "engineer@plant.example")

    def push(self, files: dict[str, str | bytes | None]) -> str:
        """Commit these files (None: removed) and push; the commit."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "Change the plant")
        git(self.folder, "push", "--quiet", "origin", "HEAD:main")
        return git(self.folder, "rev-parse", "HEAD").strip()
