"""A slice of `make soak`: about a minute of workspace life with faults."""

from pathlib import Path

import pytest

from tests.soak.__main__ import soak


@pytest.mark.long
@pytest.mark.timeout(420)
async def test_a_minute_of_life_with_faults_loses_and_doubles_nothing(tmp_path: Path) -> None:
    soaked = await soak(1.0, tmp_path / "home", seed=7)
    assert soaked.troubles == ()
