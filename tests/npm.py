"""npm, as tests call it that need Node."""

import os
import shutil
import subprocess
from pathlib import Path


def run_npm(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What npm does in a folder, whose packages have to be installed first with `ci`."""
    npm = shutil.which("npm")
    assert npm, "These tests need npm, which comes with Node."
    return subprocess.run(
        [npm, *arguments], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
