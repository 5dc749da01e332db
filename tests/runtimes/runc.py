# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""runc alone, with a bundle made by hand. The container's id is its name."""

import json
import shutil
import subprocess
from pathlib import Path

import image
from runtime import Container, Runtime, call

BUNDLES = Path("/run/bundles")


class Runc(Runtime):
    title = reported = "runc"
    programs = ("runc",)
    packages = ("runc",)

    def bundle(self, name, command):
        folder = BUNDLES / name
        folder.mkdir(parents=True)
        call("runc", "spec", cwd=folder)
        file = folder / "config.json"
        config = json.loads(file.read_text())
        config["root"] = {"path": str(image.root()), "readonly": True}
        config["process"]["terminal"] = False
        config["process"]["args"] = list(command)
        # Limits above our own need a capability that not every machine gives to root.
        config["process"].pop("rlimits", None)
        file.write_text(json.dumps(config))
        return folder

    def start(self, name, *command):
        folder = self.bundle(name, command)
        # The container has our standard output, so it must not be a pipe that is read to its end.
        subprocess.run(["runc", "run", "--detach", "--bundle", folder, "--pid-file",
                        folder / "pid", name], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        return Container(name, command, int((folder / "pid").read_text()), name)

    def remove(self, container):
        call("runc", "delete", "--force", container.name)
        shutil.rmtree(BUNDLES / container.name)

    def run(self, name, *command, **options):
        call("runc", "run", "--bundle", self.bundle(name, command), name, **options)
        shutil.rmtree(BUNDLES / name)
