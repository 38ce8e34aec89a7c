"""A demo's stand-in that is stopped and started again."""

from maxops.sandbox.keeping import keep, take_up
from maxops.sandbox.maxcontact.leads import Lead
from maxops.sandbox.server import Sandbox


def test_a_restart_finds_everything_as_it_was_left(tmp_path):
    with Sandbox() as before:
        before.state.records["Campaign"][1]["CampaignName"] = "Renamed in the demo"
        before.state.leads.add(Lead(list_id=1, phones=("01632960001",), reference="KEPT-1"))
        keep(before.state, tmp_path / "kept")
    with Sandbox() as after:
        take_up(after.state, tmp_path / "kept")
        assert after.state.records["Campaign"][1]["CampaignName"] == "Renamed in the demo"
        assert len(after.state.leads.with_reference("KEPT-1")) == 1


def test_a_broken_file_starts_as_seeded(tmp_path):
    (tmp_path / "kept").write_bytes(b"half a pick")
    with Sandbox() as sandbox:
        take_up(sandbox.state, tmp_path / "kept")
        assert len(sandbox.state.records["Campaign"]) == 12
