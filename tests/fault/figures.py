# SPDX-License-Identifier: Apache-2.0
"""The figures of a rig, for docs/reliability.md: a file of lines in the folder that LARDER_FIGURES names, if it does."""
import os
import time


class Figures:
    def __init__(self, rig, title):
        self.rig, self.title = rig, title
        self.rows = []
        self.since = time.monotonic()

    def row(self, what, value, goal=""):
        """goal: what value has to be, in words; empty where it is only measured."""
        self.rows.append((what, value, goal))

    def save(self):
        folder = os.environ.get("LARDER_FIGURES")
        if not folder:
            return
        self.row("time", f"{time.monotonic() - self.since:.0f} s")
        with open(os.path.join(folder, f"{self.rig}.tsv"), "w", encoding="utf-8") as file:
            file.write(f"# {self.title}\n")
            file.writelines("\t".join(map(str, row)) + "\n" for row in self.rows)
