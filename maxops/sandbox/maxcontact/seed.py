"""What the stand-in holds when it starts: nothing, or a believable contact centre of the United Kingdom."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from maxops.sandbox.maxcontact.leads import DO_NOT_CALL, ELIGIBLE, FINAL, Lead
from maxops.sandbox.maxcontact.phones import DO_NOT_CALL as DNC_SUFFIXES
from maxops.sandbox.maxcontact.phones import SEEDED, drama_phone, drama_phones, show
from maxops.sandbox.maxcontact.seed_rows import (
    CAMPAIGNS,
    FIRST_NAMES,
    LAST_NAMES,
    LISTS,
    SUPPORT,
    TEAMS,
    TYPES,
)
from maxops.sandbox.maxcontact.state import Mapping, State

USERS = 60
RESULTS = ("No answer", "Answer machine", "Engaged", "Not interested", "Sale", "Callback")
ENERGY_LIST, BOILER_LIST = 1, 4
ENERGY = Mapping(
    "Energy leads",
    ["phone", "reference", "first_name", "last_name", "postcode", "product"],
    phone="phone",
    reference="reference",
    list_id=ENERGY_LIST,
)
RENEWALS = Mapping(
    "Renewals CSV",
    ["Mobile", "Customer ref", "Title", "Surname", "Renewal date"],
    phone="Mobile",
    reference="Customer ref",
    list_id=BOILER_LIST,
    response_format="json",
)


def seed_empty(state: State) -> None:
    """Only the log-in works."""


def seed_demo(state: State) -> None:
    """The same each time, but for the dates, which lie before today."""
    for row in TEAMS:
        state.insert("Team", build_team(*row))
    seed_users(state, random.Random(7))
    for row in LISTS:
        state.insert("List", build_list(*row[:4]), active=row[3] > 0)
    for row in CAMPAIGNS:
        campaign = build_campaign(row)
        state.insert("Campaign", campaign, active=campaign["Active"])
    seed_links(state)
    state.dnc.update(drama_phones(DNC_SUFFIXES))
    seed_leads(state)
    for mapping in (ENERGY, RENEWALS):
        state.mappings[mapping.name] = Mapping(**{**vars(mapping), "columns": list(mapping.columns)})


def build_team(name: str, callbacks: int, hours: float) -> dict:
    return {
        "TenantId": 1,
        "TeamName": name,
        "PrimarySupervisorId": 0,
        "MaxCallbacksPerDay": callbacks,
        "ServiceTime": 20,
        "HoursPerWorkingDay": hours,
        "WellBeingDeckId": 1,
    }


def seed_users(state: State, draw: random.Random) -> None:
    """The vendor's own account first; then seven or eight people a team, the first of each its supervisor."""
    state.insert("User", build_user(*SUPPORT, 0, role=7))
    for number in range(USERS - 1):
        team = number % len(TEAMS) + 1
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[(number * 7) % len(LAST_NAMES)]
        supervises = number < len(TEAMS)
        user = build_user(first, last, f"{first}.{last}".lower(), team, role=6 if supervises else 1)
        active = draw.random() > 0.08 or supervises
        user = state.insert("User", user, active=active)
        user["Extension"] = str(2000 + user["Id"])
        if supervises:
            state.records["Team"][team]["PrimarySupervisorId"] = user["Id"]
        state.links.setdefault(("teams", "users"), {}).setdefault(team, set()).add(user["Id"])


def build_user(first: str, last: str, login: str, team: int, role: int) -> dict:
    return {
        "FirstName": first,
        "LastName": last,
        "Login": login,
        "RolePlanId": role,
        "UseRTC": team in (3, 8),
        "Extension": "",
        "AutoLogon": 0,
        "TeamId": team,
        "AgentCapacityPlanId": 1,
        "SSOActive": role == 6,
    }


def build_list(name: str, description: str, kind: int, weight: int) -> dict:
    return {
        "ListName": name,
        "Description": description,
        "ListType": kind,
        "CallerIdEnabled": weight > 5,
        "CallerId": drama_phone(1, 900 + weight) if weight > 5 else "",
        "MaxCallbackDays": 14,
        "UseMaxCallbackDays": weight % 2 == 0,
        "MaxCallbackDate": None if weight % 2 == 0 else "2027-03-31T00:00:00",
        "FetchWeight": weight,
        "AlertsEnabled": weight == 10,
        "ScriptingEnabled": True,
        "ScriptProvider": 1,
        "ScriptId": 3,
        "Script": "",
        "RecallPlanId": 2,
        "CallingTimePlanId": 1,
        "ResultCodePlanId": 1,
        "IvrPlanId": 0,
        "AnswerMachinePlanId": 1,
        "DoNotCallPlanId": 1,
        "SchedulePlanId": 1,
    }


def build_campaign(row: tuple) -> dict:
    name, description, kind, status, lists, _ = row
    number = TYPES.index(kind)
    dials = kind in ("Predictive", "Progressive")
    return {
        "CampaignName": name,
        "Active": status != 3,
        "Description": description,
        "CallerId": show(drama_phone(1, len(name) + 900)),
        "Type": number,
        "MaxLines": 30 if kind in ("IVR", "Bridge") else 0,
        "DegradeToProgressive": kind == "Predictive",
        "ProgressiveThreshold": 5 if kind == "Predictive" else 0,
        "TargetDropPercent": 2.5 if kind == "Predictive" else 0,
        "IsBlended": kind == "Inbound" or name.startswith("Callback"),
        "AutoRecord": True,
        "DefaultListId": lists[0] if lists else 0,
        "HoursPerWorkingDay": 7.5,
        "DefaultPhoneType": 2 if number else 0,
        "TeleParamPlanId": 1,
        "SchedulePlanId": 1 if kind != "Inbound" else 2,
        "ZipTone": 0 if dials else 2,
        "ZipToneBeep": 2 if dials else 0,
        "ZipToneWav": "",
        "NotReadyWaitTime": 15 if dials else 0,
        "Status": status,
    }


def seed_links(state: State) -> None:
    for number, row in enumerate(CAMPAIGNS, start=1):
        state.links.setdefault(("campaigns", "lists"), {})[number] = set(row[4])
        state.links.setdefault(("campaigns", "teams"), {})[number] = set(row[5])


@cache
def lead_rows() -> tuple[tuple, ...]:
    """Drawn once: list, phone, name, days in the table, final code and the results of past calls."""
    draw, pool = random.Random(11), drama_phones(SEEDED)
    return tuple(
        (list_id, phone, *draw_lead(draw))
        for list_id, row in enumerate(LISTS, start=1)
        for phone in draw.sample(pool, row[4])
    )


def draw_lead(draw: random.Random) -> tuple:
    final = draw.choices((ELIGIBLE, FINAL, DO_NOT_CALL), (70, 26, 4))[0]
    history = [draw.choice(RESULTS) for _ in range(draw.randrange(1, 6) if final else draw.randrange(3))]
    return f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}", draw.randrange(1, 500), final, history


def seed_leads(state: State) -> None:
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    for list_id, phone, name, days, final, history in lead_rows():
        lead = Lead(
            list_id,
            (phone,),
            reference=f"L{list_id:02d}-{phone[-6:]}",
            name=name,
            created=today - timedelta(days=days),
            final_code=final,
            result_code=history[-1] if final else "",
            attempts=len(history),
            history=list(history),
        )
        state.leads.add(lead)


SEEDS: dict[str, Callable[[State], None]] = {"demo": seed_demo, "empty": seed_empty}
