"""Teams: the suite of every mirrored kind, then what only a team has."""

from maxops.teams.models import Team
from tests.mirror.suite import Case, MirrorSuite, manager, mirrored, supervisor

__all__ = ["manager", "mirrored", "supervisor"]


class TestTeam(MirrorSuite):
    case = Case(Team, "Team", "name", "TeamName", unique="name", other_wire="ServiceTime", their_value=77)
