"""The scene of all that is interrupted, and a door behind which the application is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from records.storage import storage
from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.durability.actions import Scene
from tests.durability.processes import Door


@pytest.fixture
def scene(app: Flask, cast: Cast, beginnings: Beginnings) -> Scene:
    name = scene_name()
    if name not in beginnings:
        beginnings.keep(name, Scene.set_up(app, cast))
    facts: Scene = beginnings.bring_back(name)
    return facts


def scene_name() -> str:
    """What the scene is kept under: its bytes lie in one storage only."""
    return f"nothing lost in a {type(storage()).__name__}"


@pytest.fixture
def door(app: Flask) -> Iterator[Door]:
    opened = Door(app)
    yield opened
    opened.close()
