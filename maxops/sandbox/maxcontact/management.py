"""The Management API of S001: collections, their own verbs, links, skills and global emergency."""

from maxops.sandbox.documents import MANAGEMENT
from maxops.sandbox.exchange import BrokenBodyError, Request, Response
from maxops.sandbox.maxcontact import wire
from maxops.sandbox.maxcontact.entities import (
    CODES,
    ERROR,
    INVALID,
    RefusalError,
    read_bool,
    read_code,
    read_int,
    read_record,
    show_record,
)
from maxops.sandbox.maxcontact.state import ENTITIES, State

PATHS = {declared["path"]: entity for entity, declared in ENTITIES.items()}
# These verbs answer the whole entity, all others the updated value.
ENTITY_ANSWERS = {("Campaign", "Active"), ("User", "Active")}
VERB_CODES = {"CampaignStatus": "Status", "CampaignType": "Type"}
LINK_TARGETS = {"ListId": "List", "TeamId": "Team", "UserId": "User"}
PROFICIENCIES = range(1, 11)


class UnroutedError(Exception):
    """404 without `allowed` methods, 405 with them."""

    def __init__(self, *allowed: str) -> None:
        super().__init__(*allowed)
        self.allowed = allowed


def respond(state: State, request: Request) -> Response:
    call = Call(state, request)
    try:
        with state.lock:
            return call.route([part.lower() for part in request.segments[3:]])
    except UnroutedError as unrouted:
        if unrouted.allowed:
            return Response(405, headers={"Allow": ", ".join(unrouted.allowed)})
        return Response(404)
    except RefusalError as refusal:
        return call.refuse(refusal.code, refusal.detail)


def refuse(state: State, request: Request, detail: str) -> Response:
    return Call(state, request).refuse(ERROR, detail)


class Call:
    """One request to the Management API and the way its answer is worded."""

    def __init__(self, state: State, request: Request) -> None:
        self.state = state
        self.request = request
        self.as_json = state.style.wants_json(request.wants_json)
        self.envelope = "ManagementActionResponse"

    def route(self, parts: list[str]) -> Response:
        match parts:
            case ["globalemergency", action] if action in MANAGEMENT["emergency"]:
                return self.switch_emergency(action)
            case ["users", "skills"]:
                return self.skills()
            case [path] if path in PATHS:
                return self.collection(PATHS[path])
            case [path, number] if path in PATHS:
                return self.member(PATHS[path], self.find(PATHS[path], number))
            case [path, number, verb] if path in PATHS:
                return self.member_verb(PATHS[path], number, verb)
        raise UnroutedError

    def only(self, *methods: str) -> None:
        if self.request.method not in methods:
            raise UnroutedError(*methods)

    def find(self, entity: str, number: str) -> dict:
        if not number.isdecimal():
            raise UnroutedError
        record = self.state.records[entity].get(int(number))
        if record is None:
            raise RefusalError(ERROR, f"{entity} {number} was not found")
        return record

    def body(self, *fields: str) -> dict:
        """A JSON object that has at least these fields."""
        if self.request.content_type != "application/json":
            raise RefusalError(INVALID, "the body must be sent with Content-Type application/json")
        try:
            body = self.request.json()
        except BrokenBodyError as error:
            raise RefusalError(INVALID, str(error)) from error
        if not isinstance(body, dict):
            raise RefusalError(INVALID, "the body must be a JSON object")
        for name in fields:
            if name not in body:
                raise RefusalError(INVALID, f"{name} is missing")
        return body

    # Collections and their members

    def collection(self, entity: str) -> Response:
        self.only("GET", "POST")
        if self.request.method == "POST":
            record, password = read_record(self.state, entity, self.body(), None)
            record["Id"] = 0
            record = self.state.insert(entity, record, active=record.get("Active", True))
            if password is not None:
                self.state.passwords[record["Id"]] = password
            return self.show(entity, record)
        self.state.settle()
        table = self.state.records[entity]
        rows = [show_record(entity, table[number], self.state.style, self.as_json) for number in sorted(table)]
        return self.succeed(rows, item=entity)

    def member(self, entity: str, record: dict) -> Response:
        self.only("GET", "PUT")
        if self.request.method == "PUT":
            new, password = read_record(self.state, entity, self.body(), record)
            record.clear()
            record.update(new)
            if entity == "Campaign":
                self.state.stopping.pop(record["Id"], None)
            if password is not None:
                self.state.passwords[record["Id"]] = password
        self.state.settle()
        return self.show(entity, record)

    def member_verb(self, entity: str, number: str, path: str) -> Response:
        for verb in ENTITIES[entity]["verbs"]:
            if verb["path"].lower() == path:
                self.only(verb["method"])
                return self.perform(entity, self.find(entity, number), verb)
        for link in ENTITIES[entity]["links"]:
            if link["path"] == path:
                self.only("PUT", "DELETE")
                return self.link(entity, self.find(entity, number), link)
        raise UnroutedError

    def perform(self, entity: str, record: dict, verb: dict) -> Response:
        name = verb["field"]
        value = self.body(name)[name]
        if name == "Active":
            active = read_bool(name, value)
            self.state.activity[entity][record["Id"]] = active
            if "Active" in record:
                record["Active"] = active
            return self.show(entity, record) if (entity, name) in ENTITY_ANSWERS else self.succeed(active)
        number = read_code(name, name, value)
        record[VERB_CODES[name]] = number
        if name == "CampaignStatus":
            self.state.stopping.pop(record["Id"], None)
        return self.show_verb(record, number, CODES[name][str(number)])

    def show_verb(self, record: dict, number: int, label: str) -> Response:
        if self.state.style.verb_answer == "entity":
            return self.show("Campaign", record)
        return self.succeed(number if self.state.style.verb_answer == "number" else label)

    # What belongs together

    def link(self, entity: str, record: dict, link: dict) -> Response:
        """Setting twice or taking away what is not there changes nothing and succeeds."""
        target = LINK_TARGETS[link["field"]]
        number = read_int(link["field"], self.body(link["field"])[link["field"]])
        other = self.state.records[target].get(number)
        if other is None:
            raise RefusalError(ERROR, f"{target} {number} was not found")
        linked = self.state.links.setdefault((ENTITIES[entity]["path"], link["path"]), {}).setdefault(
            record["Id"], set()
        )
        adding = self.request.method == "PUT"
        if adding:
            linked.add(number)
        else:
            linked.discard(number)
        if entity == "Team" and (adding or other["TeamId"] == record["Id"]):
            other["TeamId"] = record["Id"] if adding else 0
        return self.succeed(None)

    def skills(self) -> Response:
        """S001 names the answer SkillUserResult and says no more of its shape."""
        self.envelope = "SkillUserResult"
        self.only("PUT", "DELETE")
        adding = self.request.method == "PUT"
        declared = MANAGEMENT["skills"]["associate" if adding else "disassociate"]["fields"]
        body = self.body(*(name for name, _ in declared))
        skill = read_int("SkillId", body["SkillId"])
        users = body["UserIds"]
        if not isinstance(users, list) or not users:
            raise RefusalError(INVALID, "UserIds must be an array of int")
        users = [read_int("UserIds", number) for number in users]
        if missing := [str(number) for number in users if number not in self.state.records["User"]]:
            raise RefusalError(ERROR, f"User {', '.join(missing)} was not found")
        if adding and read_int("Proficiency", body["Proficiency"]) not in PROFICIENCIES:
            raise RefusalError(INVALID, "Proficiency ranges from one to ten")
        for number in users:
            if adding:
                self.state.skills[number, skill] = body["Proficiency"]
            else:
                self.state.skills.pop((number, skill), None)
        return self.succeed(None)

    def switch_emergency(self, action: str) -> Response:
        """`disable` promises no more than "back to normal": stopped campaigns stay stopped."""
        self.only(MANAGEMENT["emergency"][action]["method"])
        self.state.emergency = action == "enable"
        self.state.emergency_calls.append(action)
        if self.state.emergency:
            self.state.stop_campaigns()
        return self.succeed(None)

    # Answers

    def show(self, entity: str, record: dict) -> Response:
        return self.succeed(show_record(entity, record, self.state.style, self.as_json), item=entity)

    def succeed(self, value: object, item: str = "") -> Response:
        return self.answer(True, value, item, ("Success", ""))

    def refuse(self, code: str, detail: str) -> Response:
        status = self.state.style.not_found_status if detail.endswith("was not found") else 200
        return self.answer(False, None, "", (code, detail), status)

    def answer(self, success: bool, value: object, item: str, words: tuple[str, str], status: int = 200) -> Response:
        envelope = {"Success": success, "Data": value, "ResponseCode": words[0], "ResponseDetail": words[1]}
        body = wire.write_envelope(self.envelope, envelope, item, self.state.style, self.as_json)
        return wire.answer(body, self.state.style, self.as_json, status)
