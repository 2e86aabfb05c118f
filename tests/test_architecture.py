"""The house rules that a program can check, and the names that are stored as data."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from viewflow.workflow import nodes
from viewflow.workflow.fields import get_flow_ref, get_task_ref

from departments.models.organisation import Permission
from project.celery import app
from project.serve.web import BODY_CAP
from workflows.flows import ReviewFlow, department_of

ROOT = Path(settings.BASE_DIR)
APPS = ("project", "departments", "workflows", "notifications")
SOURCES = sorted(
    path
    for folder in (*APPS, "tests", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.relative_to(ROOT).parts
)
APP_SOURCES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in APPS]
VIEWS = [path for path in APP_SOURCES if path.name in ("views.py", "task_views.py") or path.parent.name == "views"]

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_files_are_short() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{named(path)}:{function.name}": function.end_lineno - function.lineno + 1
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] != "tests"
        for function in functions_of(path)
    }
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION} == {}


def test_no_module_is_a_grab_bag() -> None:
    assert [named(path) for path in SOURCES if path.stem in ("utils", "helpers", "common", "misc")] == []


def test_views_get_objects_through_access_only() -> None:
    """A view that asks a manager for one object by its number forgets who is asking."""
    fetch = re.compile(r"get_(object|list)_or_404|objects\.(get|filter|all)\(|_default_manager")
    found = {named(path): fetch.findall(path.read_text(encoding="utf-8")) for path in VIEWS}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_no_signals_of_our_own() -> None:
    pattern = re.compile(r"import .*\breceiver\b|\bSignal\(|_save\.connect|_delete\.connect")
    assert [named(path) for path in APP_SOURCES if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_celery_is_never_asked_to_wait() -> None:
    """With Redis a task with an ETA longer than the visibility timeout runs again and again; due times are rows."""
    waiting = {"eta", "countdown", "autoretry_for", "retry_backoff", "default_retry_delay"}
    calls = [
        f"{named(path)}:{node.lineno}"
        for path in APP_SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and (waiting & {keyword.arg for keyword in node.keywords} or ast.unparse(node.func).endswith(".retry"))
    ]
    assert calls == []


def test_every_task_in_the_timetable_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


# ---- the flow: viewflow stores these names in every row


def test_names_of_the_flow_are_pinned() -> None:
    assert get_flow_ref(ReviewFlow) == "workflows/flows.ReviewFlow"
    assert {get_task_ref(node) for node in ReviewFlow.instance.nodes()} == {
        f"workflows/flows.ReviewFlow.{name}" for name in ("start", "prepare", "review", "approve", "end")
    }


def test_outcomes_lead_where_the_stored_tasks_say() -> None:
    human = [node for node in ReviewFlow.instance.nodes() if isinstance(node, nodes.View)]
    assert {node.name: {outcome: to.name for outcome, to in node.routes.items()} for node in human} == {
        "prepare": {"submit": "review", "resubmit": "approve"},
        "review": {"pass_on": "approve", "give_back": "prepare", "withdraw": "prepare"},
        "approve": {"approve": "end", "give_back": "prepare", "withdraw": "prepare"},
    }


def test_every_human_node_is_guarded_by_a_permission_on_the_department() -> None:
    human = [node for node in ReviewFlow.instance.nodes() if isinstance(node, nodes.View)]
    assert {node.name: (node._owner_permission, node._owner_permission_obj) for node in human} == {
        "prepare": (f"departments.{Permission.SUBMIT}", department_of),
        "review": (f"departments.{Permission.REVIEW}", department_of),
        "approve": (f"departments.{Permission.APPROVE}", department_of),
    }


def test_flow_classes_have_no_docstring() -> None:
    """viewflow shows a flow's docstring to people as its description, past translation."""
    assert ReviewFlow.__doc__ in (None, "")


# ---- what is installed and where it comes from


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_locks_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"https?:|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_locks_carry_hashes_for_every_package(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert [package.split("==")[0] for package in packages if "--hash=sha256:" not in package] == []


def test_compose_runs_the_site_a_worker_for_each_queue_and_one_beat() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker-mail", "worker-heavy", "beat"}
    commands = {name: " ".join(service.get("command", [])) for name, service in services.items()}
    assert "manage.py migrate" in commands["migrate"]
    assert "project.wsgi:application" in commands["web"]
    assert "celery -A project worker -Q mail" in commands["worker-mail"]
    assert "celery -A project worker -Q heavy" in commands["worker-heavy"]
    assert "celery -A project beat" in commands["beat"]
    volumes = [volume for service in services.values() for volume in service.get("volumes", [])]
    assert {volume.split(":")[0] for volume in volumes} == set(compose["volumes"])


@pytest.mark.parametrize("name", ["docker-compose.yml", "Dockerfile"])
def test_containers_take_as_large_a_request_as_serve_does(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"--max-request-body-size=(\d+)", text) == [str(BODY_CAP)]


def test_no_secret_is_kept_with_the_code() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    settings_of = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    assert {name: settings_of[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")} == {
        "SECRET_KEY": "",
        "POSTGRES_PASSWORD": "",
        "REDIS_PASSWORD": "",
    }
