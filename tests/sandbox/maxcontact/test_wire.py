"""The words of the answers: as the samples print them, and in each style the documents leave open."""

import re

import pytest
from lxml import etree

from maxops.sandbox.maxcontact.style import Style
from tests.sandbox.caller import JSON, SERVICES, XML, Caller

CAMPAIGN = f"{SERVICES}/management/campaigns/1"
# The refusal as S000 prints it, without its line ends.
NOT_AUTHORISED = (
    '<LeadAPIResult.ImportDataResult xmlns="http://schemas.datacontract.org/2004/07/Max.LeadManagement.LeadAPIPublic"'
    ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
    '<Errors xmlns:a="http://schemas.datacontract.org/2004/07/Max.LeadManagement.APIError">'
    "<a:APIError><a:ErrorCode>NotAuth</a:ErrorCode><a:ErrorSeverity>Severe</a:ErrorSeverity>"
    "<a:ErrorText>You are not authorised to use this service</a:ErrorText></a:APIError></Errors>"
    "<ImmediateRejectCount>0</ImmediateRejectCount>"
    '<ImportIDs i:nil="true" xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays"/>'
    "<Success>false</Success></LeadAPIResult.ImportDataResult>"
)


def canonical(text):
    return etree.tostring(etree.fromstring(text), method="c14n")


def test_refusal_is_the_sample_of_the_document(sandbox):
    answer = Caller(sandbox).send("POST", f"{SERVICES}/LeadManagement/AddLead", b"")
    assert canonical(answer.body) == canonical(NOT_AUTHORISED)


def test_xml_members_come_in_the_order_of_a_data_contract(caller):
    root = caller.send("GET", CAMPAIGN).xml()
    names = [etree.QName(child).localname for child in root]
    assert names == ["Data", "ResponseCode", "ResponseDetail", "Success"]
    fields = [etree.QName(child).localname for child in root[0]]
    assert fields == sorted(fields)


def test_collection_wraps_each_record(caller):
    root = caller.send("GET", f"{SERVICES}/management/teams").xml()
    assert [etree.QName(child).localname for child in root.find("{*}Data")] == ["Team"] * 8


def test_single_record_can_be_wrapped_too(caller, sandbox):
    sandbox.state.style.entity_wrapper = True
    data = caller.send("GET", CAMPAIGN).xml().find("{*}Data")
    assert [etree.QName(child).localname for child in data] == ["Campaign"]
    assert data.findtext("{*}Campaign/{*}CampaignName") == "Energy Switching"


@pytest.mark.parametrize("path", [CAMPAIGN, f"{SERVICES}/management/lists", f"{SERVICES}/management/campaigns/999"])
def test_namespaces_can_be_left_away(caller, sandbox, path):
    named = caller.send("GET", path).body
    sandbox.state.style.namespaces = False
    bare = caller.send("GET", path).body
    assert b"xmlns" not in bare
    texts = [(etree.QName(element).localname, element.text) for element in etree.fromstring(named).iter()]
    assert [(element.tag, element.text) for element in etree.fromstring(bare).iter()] == texts


def test_missing_values_are_nil_and_empty_ones_empty(caller):
    data = caller.send("GET", f"{SERVICES}/management/lists/1").xml().find("{*}Data")
    nil = "{http://www.w3.org/2001/XMLSchema-instance}nil"
    assert data.find("{*}MaxCallbackDate").get(nil) == "true"
    assert data.find("{*}Script").get(nil) is None


def test_byte_order_mark_can_lead(caller, sandbox):
    sandbox.state.style.bom = True
    for headers in (XML, JSON):
        assert caller.send("GET", CAMPAIGN, headers=headers).body.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("switch", "asked", "kind"), [("json_always", XML, "json"), ("xml_always", JSON, "xml")])
def test_accept_can_be_ignored(caller, sandbox, switch, asked, kind):
    setattr(sandbox.state.style, switch, True)
    assert caller.send("GET", CAMPAIGN, headers=asked).headers["Content-Type"].startswith(f"application/{kind}")


def test_content_type_asks_for_json_as_accept_does(caller):
    assert caller.send("GET", CAMPAIGN, headers={"Content-Type": "application/json"}).json()["Success"] is True


def test_dates_of_records_follow_the_style(caller, sandbox):
    assert caller.manage("GET", "lists/2")["Data"]["MaxCallbackDate"] == "2027-03-31T00:00:00"
    sandbox.state.style.dates = "ms"
    record = caller.manage("GET", "lists/2")["Data"]
    assert re.fullmatch(r"/Date\(\d+\+0000\)/", record["MaxCallbackDate"])
    assert caller.manage("PUT", "lists/2", record)["Success"] is True
    assert sandbox.state.records["List"][2]["MaxCallbackDate"] == "2027-03-31T00:00:00+00:00"


@pytest.mark.parametrize("switch", [{"enum": "name"}, {"enums": "words"}, {"bom": "yes"}, {"not_found_status": "404"}])
def test_unknown_styles_are_refused(switch):
    with pytest.raises(ValueError, match=r"no answer style| is "):
        Style().change(**switch)
