"""Error pages: in the product's look, with what to do next, and without anything from inside."""

from django.template.loader import get_template
from django.test import Client, RequestFactory

from maxops.console.errors import server_error


def test_unknown_address_is_answered_in_the_products_look(log_in):
    response = log_in("Supervisor").get("/no/such/page/")
    page = response.content.decode()
    assert response.status_code == 404
    assert "There is no such page" in page
    assert 'id="side"' in page
    assert 'href="/"' in page


def test_unknown_address_needs_no_log_in(client, db):
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert 'id="side"' not in response.content.decode()


def test_refused_page_says_who_is_logged_in_and_with_what(log_in):
    page = log_in("Emergency").get("/imports/new/").content.decode()
    assert "Your account may not do this" in page
    assert "Emergency" in page


def test_server_error_page_needs_neither_database_nor_session(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_server_error_page_stands_alone():
    assert "{%" not in get_template("500.html").render()


def test_press_from_an_outdated_page_is_explained(db):
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"username": "a", "password": "b"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "Nothing was sent and nothing was changed" in page
    assert "<style" not in page
