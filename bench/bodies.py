"""Collections as MaxContact answers them, made from nothing: the same number of rows gives the same bytes anywhere.

A revision says how much was changed since the base: "base", "one" (one row in a hundred), "all". "shuffled" is the base
in another order: other bytes, the same records.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

COUNTS = {"campaigns": 2_000, "lists": 20_000, "teams": 500, "users": 100_000}
TAGS = {"campaigns": "Campaign", "lists": "List", "teams": "Team", "users": "User"}
REVISIONS = ("base", "shuffled", "one", "all")
FIRST = ("Aisha", "Ben", "Carys", "Dafydd", "Elin", "Farah", "Gareth", "Hannah", "Kwame", "Mohammed", "Siân", "Zoë")
LAST = ("Ahmed", "Bevan", "Clarke", "Davies", "Edwards", "García", "Hughes", "Khan", "Müller", "O'Brien", "Patel")
STREETS = ("Acre", "Beech", "Castle", "Dock", "Elm", "Forge", "Garden", "Hill", "Iron", "Mill", "North", "Park")
SCHEMAS = "http://schemas.datacontract.org/2004/07/Max.Management"
DEFAULT_SCRIPT = "Read the statement, then ask for consent & note the time."

Row = dict[str, Any]


def phone(number: int) -> str:
    """One of the numbers set aside for drama."""
    return f"020 7946 0{number % 1000:03}"


def user(number: int, dice: random.Random) -> Row:
    return {
        "Id": number,
        "FirstName": dice.choice(FIRST),
        "LastName": f"{dice.choice(LAST)}-{dice.choice(STREETS)}" if dice.random() < 0.8 else dice.choice(LAST),
        "Login": f"agent{number:06}",
        "RolePlanId": dice.randrange(1, 9),
        "UseRTC": dice.random() < 0.5,
        "Extension": str(1000 + number),
        "AutoLogon": dice.randrange(2),
        "TeamId": dice.randrange(1, 500),
        "AgentCapacityPlanId": dice.randrange(1, 5),
        "SSOActive": dice.random() < 0.3,
    }


def lead_list(number: int, dice: random.Random) -> Row:
    plans = {
        name: dice.randrange(9)
        for name in ("RecallPlanId", "CallingTimePlanId", "ResultCodePlanId", "IvrPlanId", "AnswerMachinePlanId")
    }
    return {
        "Id": number,
        "ListName": f"{dice.choice(STREETS)} {dice.choice(LAST)} {number:06}",
        "Description": f"File {number} of the week",
        "ListType": dice.randrange(3),
        "CallerIdEnabled": dice.random() < 0.5,
        "CallerId": phone(number),
        "MaxCallbackDays": dice.randrange(30),
        "UseMaxCallbackDays": dice.random() < 0.5,
        "MaxCallbackDate": f"2027-{dice.randrange(1, 13):02}-{dice.randrange(1, 28):02}T00:00:00",
        "FetchWeight": dice.randrange(11),
        "AlertsEnabled": dice.random() < 0.5,
        "ScriptingEnabled": dice.random() < 0.5,
        "ScriptProvider": dice.randrange(3),
        "ScriptId": dice.randrange(50),
        "Script": DEFAULT_SCRIPT if dice.random() < 0.2 else "",
        **plans,
        "DoNotCallPlanId": dice.randrange(9),
        "SchedulePlanId": dice.randrange(9),
    }


def team(number: int, dice: random.Random) -> Row:
    return {
        "Id": number,
        "TenantId": 1,
        "TeamName": f"{dice.choice(STREETS)} {number:06}",
        "PrimarySupervisorId": dice.randrange(1, 1000),
        "MaxCallbacksPerDay": dice.randrange(50),
        "ServiceTime": dice.randrange(300),
        "HoursPerWorkingDay": dice.choice([5.0, 7.5, 8.0]),
        "WellBeingDeckId": dice.randrange(4),
    }


def campaign(number: int, dice: random.Random) -> Row:
    return {
        "Id": number,
        "CampaignName": f"{dice.choice(LAST)} {dice.choice(STREETS)} {number:06}",
        "Active": dice.random() < 0.7,
        "Description": f"Campaign {number}, evenings",
        "CallerId": phone(number),
        "Type": dice.randrange(9),
        "MaxLines": dice.randrange(1, 200),
        "DegradeToProgressive": dice.random() < 0.5,
        "ProgressiveThreshold": dice.randrange(20),
        "TargetDropPercent": round(dice.random() * 3, 2),
        "IsBlended": dice.random() < 0.3,
        "AutoRecord": dice.random() < 0.8,
        "DefaultListId": dice.randrange(1, 20_000),
        "HoursPerWorkingDay": dice.choice([5.0, 7.5, 8.0]),
        "DefaultPhoneType": dice.randrange(3),
        "TeleParamPlanId": dice.randrange(9),
        "SchedulePlanId": dice.randrange(9),
        "ZipTone": dice.randrange(3),
        "ZipToneBeep": dice.randrange(11),
        "ZipToneWav": "",
        "NotReadyWaitTime": dice.randrange(60),
        "Status": dice.randrange(4),
    }


MAKERS: dict[str, Callable[[int, random.Random], Row]] = {
    "campaigns": campaign,
    "lists": lead_list,
    "teams": team,
    "users": user,
}
# What changes from one day to the next: one of these fields, in turn.
CHANGING = {
    "campaigns": ("Description", "MaxLines", "CallerId"),
    "lists": ("Description", "FetchWeight", "ListName"),
    "teams": ("TeamName", "ServiceTime"),
    "users": ("LastName", "TeamId", "Extension"),
}


def rows_of(kind: str, count: int, revision: str) -> list[Row]:
    dice = random.Random(f"{kind} {count}")
    rows = [MAKERS[kind](number, dice) for number in range(1, count + 1)]
    if revision == "shuffled":
        dice.shuffle(rows)
    step = {"one": 100, "all": 1}.get(revision)
    for place in range(0, count if step else 0, step or 1):
        change(rows[place], CHANGING[kind], place, revision)
    return rows


def change(row: Row, names: tuple[str, ...], place: int, revision: str) -> None:
    """Another value than in any other revision, so that going from one to the next changes what it says."""
    name = names[place % len(names)]
    value = row[name]
    row[name] = value + (1 if revision == "one" else 2) if isinstance(value, int) else f"{value} {revision}"


def as_json(rows: list[Row]) -> bytes:
    envelope = {"Success": True, "Data": rows, "ResponseCode": "Success", "ResponseDetail": ""}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def as_xml(rows: list[Row], tag: str) -> bytes:
    """As a DataContract serialiser writes it: members in alphabetical order, the entities under a prefix."""
    names = sorted(rows[0]) if rows else []
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<ManagementActionResponse xmlns="{SCHEMAS}.ManagementAPIPublic"',
        ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance">',
        f'<Data xmlns:a="{SCHEMAS}.Entities">',
    ]
    for row in rows:
        members = "".join(f"<a:{name}>{text_of(row[name])}</a:{name}>" for name in names)
        parts.append(f"<a:{tag}>{members}</a:{tag}>")
    parts.append("</Data><ResponseCode>Success</ResponseCode><ResponseDetail></ResponseDetail>")
    parts.append("<Success>true</Success></ManagementActionResponse>")
    return "".join(parts).encode()


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def write_all(folder: Path, share: float) -> None:
    """Every kind in every revision, as JSON and as XML: `folder`/users.all.xml and so on; `share` of the full sizes."""
    folder.mkdir()
    for kind, full in COUNTS.items():
        for revision in REVISIONS:
            rows = rows_of(kind, max(10, int(full * share)), revision)
            (folder / f"{kind}.{revision}.json").write_bytes(as_json(rows))
            (folder / f"{kind}.{revision}.xml").write_bytes(as_xml(rows, TAGS[kind]))


# What must change nothing here: an answer that is not whole, not the API's, or not a collection.
def write_spoilt(folder: Path, count: int) -> list[str]:
    """Broken answers to "teams", of which there are `count`; what is wrong with each."""
    rows = rows_of("teams", count, "base")
    whole, xml = as_json(rows), as_xml(rows, "Team")
    refused = {"Success": False, "Data": None, "ResponseCode": "Error", "ResponseDetail": "Object reference not set"}
    spoilt = {
        "truncated JSON": whole[: len(whole) * 2 // 3],
        "truncated XML": xml[: len(xml) * 2 // 3],
        "a web page": b"<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>",
        "Success: false": json.dumps(refused).encode(),
        "null Data": json.dumps({**refused, "Success": True}).encode(),
        "empty Data": as_json([]),
        "an Id twice": as_json([*rows, dict(rows[0])]),
        "an Id that is null": as_json([*rows, {**rows[0], "Id": None}]),
        "a third and one lost": as_json(rows[: count * 2 // 3 - 1]),
        "an empty body": b"",
    }
    for number, body in enumerate(spoilt.values()):
        (folder / f"spoilt.{number}").write_bytes(body)
    return list(spoilt)
