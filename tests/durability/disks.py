"""Small real disks, which fill up, can be made larger, and can turn read-only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class Disk:
    """A tmpfs of so many KiB, mounted at `path`."""

    def __init__(self, path: Path, *, size: int) -> None:
        self.path = path
        path.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={size}k,mode=0777", "tmpfs", str(path))

    def resize(self, size: int) -> None:
        self._mount("-o", f"remount,size={size}k", str(self.path))

    def turn(self, way: str) -> None:
        """Read-only (`ro`) or back (`rw`)."""
        self._mount("-o", f"remount,{way}", str(self.path))

    def take_away(self) -> None:
        subprocess.run([*_as_root(), "umount", "--lazy", str(self.path)], check=True)

    @staticmethod
    def _mount(*arguments: str) -> None:
        done = subprocess.run([*_as_root(), "mount", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"These tests fill real disks, and must be allowed to mount them (as root): {done.stderr}")


def _as_root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]
