"""The sample files: what the stand-in makes of each is what a demo promises."""

import json

import pytest

from maxops.sandbox import write_samples
from tests.sandbox.caller import listen


@pytest.fixture
def samples(tmp_path):
    return {path.name: path for path in write_samples(tmp_path / "samples")}


def report_of(caller, sandbox, content, mapname):
    sandbox.state.callback_delay = 0.0
    with listen() as heard:
        sandbox.state.mappings[mapname].response_url = heard.url
        sandbox.state.mappings[mapname].response_format = "json"
        assert caller.upload(content, mapname=mapname).json()["Success"] is True
        return json.loads(heard.wait())


def test_energy_leads_hold_one_fault_of_each_kind(caller, sandbox, samples):
    report = report_of(caller, sandbox, samples["energy-leads.csv"].read_bytes(), "Energy leads")
    assert report["LeadsImported"] == 55
    counters = {name: value for name, value in report.items() if name.startswith("Rejected")}
    assert len(counters) == 5
    assert set(counters.values()) == {1}


def test_renewals_need_their_semicolons_and_code_page_read(caller, sandbox, samples):
    raw = samples["renewals-cp1252-semicolons.csv"].read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    assert caller.upload(raw, mapname="Renewals CSV").json()["Errors"][0]["ErrorCode"] == "NoMapMatch"
    report = report_of(caller, sandbox, raw.decode("cp1252").replace(";", ",").encode(), "Renewals CSV")
    assert (report["LeadsImported"], report["RejectedDedupeFile"], report["RejectedValidation"]) == (28, 1, 1)


def test_lost_zeros_make_every_number_invalid(caller, sandbox, samples):
    report = report_of(caller, sandbox, samples["energy-leads-lost-zeros.csv"].read_bytes(), "Energy leads")
    assert (report["LeadsImported"], report["RejectedValidation"]) == (0, 25)
