"""The rules of the house, read off the source: who imports whom, sizes, docstrings, and that tests mirror the tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for path in (ROOT / "maxops").rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# Each package may import those before it, never those after it; the ones on one level do not know each other.
LEVELS = [
    {"remote"},
    {"mirror"},
    {"campaigns", "lists", "teams", "users"},
    {"imports", "leads", "emergency"},
    {"console"},
]
# Modules of the project package itself: the frame around the packages above.
FRAME = {"settings", "urls", "wsgi", "celery", "embedded_broker", "logs", "body_limits", "locks"}
ONLY_IN = {
    "requests": {"maxops/remote/http.py"},
    "lxml": {"maxops/remote/codec.py", "maxops/sandbox"},
}
LONGEST_FILE, LONGEST_TEST, LONGEST_FUNCTION = 300, 600, 40
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "data", "info"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import"
            # `from maxops import lists` names a package as much as `from maxops.lists import x` does
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "maxops" and len(parts) > 1 else None


def level_of(package: str) -> int | None:
    return next((number for number, names in enumerate(LEVELS) if package in names), None)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_only_from_the_left(path):
    own = path.relative_to(ROOT / "maxops").parts[0]
    for module in imports_of(path):
        package = package_of(module)
        if package is None or package == own or own in {f"{name}.py" for name in FRAME}:
            continue
        if own == "sandbox" or package == "sandbox":
            raise AssertionError(f"{name_of(path)} imports {module}: the stand-in and the product share nothing")
        if package in FRAME:
            assert own != "remote", f"{name_of(path)} imports {module}: remote/ is a plain library"
            continue
        assert level_of(package) < level_of(own), f"{name_of(path)} imports {module}: against the flow"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_outside_libraries_have_one_door(path):
    for module in imports_of(path):
        allowed = ONLY_IN.get(module.split(".")[0])
        if allowed:
            assert any(name_of(path).startswith(place) for place in allowed), f"{name_of(path)} imports {module}"


def test_remote_knows_no_django_settings():
    for path in SOURCES:
        if name_of(path).startswith("maxops/remote/") and path.name != "connect.py":
            django = {module for module in imports_of(path) if module.startswith("django")}
            allowed = {
                "django.db.models.IntegerChoices",
                "django.db.models",
                "django.core.exceptions.ImproperlyConfigured",
            }
            assert django <= allowed, f"{name_of(path)} imports {sorted(django - allowed)}"


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name_of)
def test_files_and_functions_stay_short(path):
    text = path.read_text("utf-8")
    is_test = path in TESTS
    lines = text.count("\n")
    assert lines <= (LONGEST_TEST if is_test else LONGEST_FILE), f"{name_of(path)} has {lines} lines"
    if is_test:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{name_of(path)}: {node.name} has {length} lines"


@pytest.mark.parametrize("path", [path for path in SOURCES + TESTS if path.stat().st_size], ids=name_of)
def test_modules_say_what_lives_in_them(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{name_of(path)} has no docstring"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_say_something(path):
    assert path.stem not in SAYS_NOTHING, f"{name_of(path)}: a name that says nothing"


def test_tests_mirror_the_tree():
    places = {path.relative_to(ROOT / "tests").parts[0] for path in TESTS if path.parent != ROOT / "tests"}
    packages = {path.name for path in (ROOT / "maxops").iterdir() if path.is_dir()}
    assert places - packages - {"browser"} == set(), "a folder of tests without a package it tests"


def test_environment_is_catalogued():
    """Every variable the settings read stands in .env.example with the same default, and no other does."""
    tree = ast.parse((ROOT / "maxops/settings.py").read_text("utf-8"))
    schema = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "env"
    )
    declared = {keyword.arg: ast.literal_eval(keyword.value.elts[1]) for keyword in schema.keywords}
    listed = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text("utf-8").splitlines()
        if line and line[0] != "#"
    )
    spoken = {
        name: "" if value == [] else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in declared.items()
    }
    assert listed == spoken
