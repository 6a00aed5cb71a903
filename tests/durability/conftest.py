"""The scene of all that is interrupted, and a door behind which the application is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.durability.actions import Scene
from tests.durability.processes import Door

SCENE = "nothing lost"


@pytest.fixture
def scene(app: Flask, cast: Cast, beginnings: Beginnings) -> Scene:
    if SCENE not in beginnings:
        beginnings.keep(SCENE, Scene.set_up(app, cast))
    facts: Scene = beginnings.bring_back(SCENE)
    return facts


@pytest.fixture
def door(app: Flask) -> Iterator[Door]:
    opened = Door(app)
    yield opened
    opened.close()
