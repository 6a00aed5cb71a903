"""What a saved view can be of: a report or a list, with the filters that it knows, and those who may open it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from records.database import this_organization
from records.errors import ModuleOff, NotAllowed
from records.models import Actor


@dataclass(frozen=True, kw_only=True)
class Viewable:
    """`tracks`: it needs certification tracking; `takes`: it needs external certificates."""

    name: str
    tracks: bool = False
    takes: bool = False
    open_to: Callable[[Actor], bool] = field(default=lambda by: by.is_staff)

    @abstractmethod
    def kept(self, asked: Mapping[str, str]) -> dict[str, str]:
        """The fields of an address as far as it knows them; anything may stand in them."""

    def is_offered_to(self, by: Actor) -> bool:
        """Whether the asker's role opens it and the organization uses what it tells of."""
        return self.open_to(by) and not self._is_off()

    def require(self, by: Actor) -> None:
        """Raises NotAllowed, ModuleOff."""
        if not self.open_to(by):
            raise NotAllowed()
        if self._is_off():
            raise ModuleOff()

    def _is_off(self) -> bool:
        if not (self.tracks or self.takes):
            return False
        organization = this_organization()
        return (self.tracks and not organization.tracks_certifications) or (
            self.takes and not organization.takes_external_certificates
        )


@dataclass(frozen=True, kw_only=True)
class ListPage(Viewable):
    """A list of the back office; `asks` makes of an address what it asks."""

    asks: Callable[[Mapping[str, str]], dict[str, str]]

    def kept(self, asked: Mapping[str, str]) -> dict[str, str]:
        return self.asks(asked)
