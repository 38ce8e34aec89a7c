"""Every offer reaches the dialler by its own call, and what a person chooses is read before anything is sent."""

import json

import pytest

from maxops.mirror.author import Author
from maxops.mirror.models import mirrored_models
from maxops.mirror.offers import OFFERS, offer_of
from maxops.remote.errors import Refused
from maxops.users.models import User

AUTHOR = Author("m.naidu", "bulk")
PK = 5

# offer -> (chosen, method, end of the address, body)
CALLS = {
    ("campaigns", "start"): ({}, "PATCH", "/campaigns/5/status", {"CampaignStatus": "Running"}),
    ("campaigns", "pause"): ({}, "PATCH", "/campaigns/5/status", {"CampaignStatus": "Paused"}),
    ("campaigns", "stop"): ({}, "PATCH", "/campaigns/5/status", {"CampaignStatus": "Not Running"}),
    ("campaigns", "flush"): ({}, "PATCH", "/campaigns/5/status", {"CampaignStatus": "Flushed"}),
    ("campaigns", "activate"): ({}, "PATCH", "/campaigns/5/activityStatus", {"Active": True}),
    ("campaigns", "deactivate"): ({}, "PATCH", "/campaigns/5/activityStatus", {"Active": False}),
    ("campaigns", "set_type"): ({"type": "3"}, "PATCH", "/campaigns/5/type", {"CampaignType": "IVR"}),
    ("campaigns", "add_list"): ({"list": "2"}, "PUT", "/campaigns/5/lists", {"ListId": 2}),
    ("campaigns", "take_list"): ({"list": 2}, "DELETE", "/campaigns/5/lists", {"ListId": 2}),
    ("campaigns", "add_team"): ({"team": 2}, "PUT", "/campaigns/5/teams", {"TeamId": 2}),
    ("campaigns", "take_team"): ({"team": 2}, "DELETE", "/campaigns/5/teams", {"TeamId": 2}),
    ("lists", "activate"): ({}, "PUT", "/lists/5/activitystatus", {"Active": True}),
    ("lists", "deactivate"): ({}, "PUT", "/lists/5/activitystatus", {"Active": False}),
    ("lists", "add_to_campaign"): ({"campaign": 2}, "PUT", "/campaigns/2/lists", {"ListId": 5}),
    ("lists", "take_from_campaign"): ({"campaign": 2}, "DELETE", "/campaigns/2/lists", {"ListId": 5}),
    ("teams", "activate"): ({}, "PUT", "/teams/5/activitystatus", {"Active": True}),
    ("teams", "deactivate"): ({}, "PUT", "/teams/5/activitystatus", {"Active": False}),
    ("teams", "add_to_campaign"): ({"campaign": 2}, "PUT", "/campaigns/2/teams", {"TeamId": 5}),
    ("teams", "take_from_campaign"): ({"campaign": 2}, "DELETE", "/campaigns/2/teams", {"TeamId": 5}),
    ("users", "activate"): ({}, "PATCH", "/users/5/activitystatus", {"Active": True}),
    ("users", "deactivate"): ({}, "PATCH", "/users/5/activitystatus", {"Active": False}),
    ("users", "add_to_team"): ({"team": 2}, "PUT", "/teams/2/users", {"UserId": 5}),
    ("users", "take_from_team"): ({"team": 2}, "DELETE", "/teams/2/users", {"UserId": 5}),
    ("users", "give_skill"): (
        {"skill": 17, "proficiency": 8},
        "PUT",
        "/users/skills",
        {"SkillId": 17, "Proficiency": 8, "UserIds": [5]},
    ),
    ("users", "take_skill"): ({"skill": 17}, "DELETE", "/users/skills", {"SkillId": 17, "UserIds": [5]}),
}


def test_every_offer_is_tried_below():
    assert {(kind, offer.name) for kind, offers in OFFERS.items() for offer in offers} == set(CALLS)


@pytest.mark.parametrize(("kind", "name"), CALLS, ids="-".join)
def test_offer_is_one_call_and_stands_afterwards(kind, name, mirrored):
    given, method, end, body = CALLS[kind, name]
    offer = offer_of(kind, name)
    chosen = offer.read(given)
    row = mirrored_models()[kind].objects.get(pk=PK)
    assert offer.deed.send([row], chosen, AUTHOR) == {PK: ""}
    (sent,) = [entry for entry in mirrored.journal.find() if entry["method"] != "GET"]
    assert (sent["method"], json.loads(sent["body"])) == (method, body)
    assert sent["path"].endswith(end)
    assert offer.deed.stands(mirrored_models()[kind].objects.get(pk=PK), chosen)


def test_what_is_wide_or_takes_away_asks_first():
    asking = {(kind, offer.name) for kind, offers in OFFERS.items() for offer in offers if offer.question}
    wide = ("stop", "pause", "flush", "deactivate", "set_type")
    assert asking == {(kind, name) for kind, name in CALLS if name in wide or name.startswith("take_")}
    assert offer_of("lists", "take_from_campaign").asked("12 lists") == "Take 12 lists from a campaign"
    assert offer_of("users", "deactivate").asked("2 users") == "Set 2 users inactive"
    assert offer_of("campaigns", "take_team").asked("Spring") == "Take a team away from Spring"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"skill", "proficiency"}),
        ({"skill": "17", "proficiency": "0"}, {"proficiency"}),
        ({"skill": "17", "proficiency": "11"}, {"proficiency"}),
        ({"skill": "-3", "proficiency": "5"}, {"skill"}),
        ({"skill": "99999999999", "proficiency": "5"}, {"skill"}),
        ({"skill": "seventeen", "proficiency": ""}, {"skill", "proficiency"}),
    ],
)
def test_parameters_that_cannot_be_are_named(given, wrong):
    with pytest.raises(Refused) as refusal:
        offer_of("users", "give_skill").read(given)
    assert set(refusal.value.fields) == wrong


def test_type_the_document_does_not_list_is_refused():
    with pytest.raises(Refused, match="from 0 to 8"):
        offer_of("campaigns", "set_type").read({"type": "9"})


def test_offer_of_another_edition_is_no_offer():
    with pytest.raises(LookupError):
        offer_of("campaigns", "delete")


def test_what_stood_so_before_is_known_from_what_was_set_here(mirrored):
    offer = offer_of("users", "deactivate")
    user = User.objects.get(pk=PK)
    assert not offer.deed.stands(user, {})
    mirrored.faults.add("PATCH ", "drop_after", times=0)
    offer.deed.send([user], {}, AUTHOR)
    assert not offer.deed.stands(user, {})  # asked for, but nobody knows
    mirrored.faults.clear()
    offer.deed.send([user], {}, AUTHOR)
    assert offer.deed.stands(user, {})
