"""The readings that S000 and S001 leave open, as switches, changed by tests and by /_sandbox/state."""

from dataclasses import dataclass, fields

OPTIONS = {
    "enums": ("number", "name"),
    "error_key": ("ErrorCode", "ErrorId"),
    "error_values": ("name", "number"),
    "dates": ("iso", "ms"),
    "import_ids": ("filled", "nil", "nil_in_callback"),
    "line_base": ("record", "record0", "file"),
    "verb_answer": ("name", "number", "entity"),
    "not_auth": ("documented", "result", "401"),
    "login_refusal": ("401", "null"),
}


@dataclass
class Style:
    json_always: bool = False
    xml_always: bool = False
    namespaces: bool = True
    bom: bool = False
    enums: str = "number"
    error_key: str = "ErrorCode"
    error_values: str = "name"
    dates: str = "iso"
    import_ids: str = "filled"
    line_base: str = "record"
    verb_answer: str = "name"
    not_auth: str = "documented"
    login_refusal: str = "401"
    entity_wrapper: bool = False
    not_found_status: int = 200
    immediate_rejects: bool = False
    doc_sample_tags: bool = False

    def __setattr__(self, name: str, value: object) -> None:
        """A misspelt switch would silently test nothing."""
        known = {field.name: field.type for field in fields(self)}
        if name not in known:
            raise ValueError(f"no answer style {name!r}; there are {', '.join(known)}")
        if name in OPTIONS and value not in OPTIONS[name]:
            raise ValueError(f"{name} is one of {', '.join(OPTIONS[name])}, not {value!r}")
        if name not in OPTIONS and type(value) is not known[name]:
            raise ValueError(f"{name} is {known[name].__name__}, not {value!r}")
        object.__setattr__(self, name, value)

    def change(self, **switches: object) -> None:
        for name, value in switches.items():
            setattr(self, name, value)

    def wants_json(self, asked: bool) -> bool:
        return self.json_always or (asked and not self.xml_always)
