"""The admin as part of the product: one log-in page, registers in groups, every account with its permissions."""

from django.contrib.auth import get_user_model
from django.test import Client


def test_admin_uses_the_products_log_in_page(client, db):
    assert client.get("/admin/campaigns/campaign/").headers["Location"].startswith("/accounts/login/")
    response = client.get("/admin/login/?next=/admin/lists/leadlist/")
    assert response.headers["Location"] == "/accounts/login/?next=%2Fadmin%2Flists%2Fleadlist%2F"


def test_logging_in_leads_to_where_one_was_going(db):
    get_user_model().objects.create_superuser("j.smith", password="a-long-password")
    client = Client()
    form = {"username": "j.smith", "password": "a-long-password", "next": "/admin/"}
    assert client.post("/accounts/login/", form).headers["Location"] == "/admin/"
    assert client.get("/accounts/login/").headers["Location"] == "/"


def test_wrong_password_is_said_on_the_page_and_not_which_of_the_two(client, db):
    response = client.post("/accounts/login/", {"username": "j.smith", "password": "wrong"})
    page = response.content.decode()
    assert response.status_code == 200
    assert 'role="alert"' in page
    assert "wrong" not in page


def test_foreign_address_after_log_in_is_not_followed(db):
    get_user_model().objects.create_superuser("j.smith", password="a-long-password")
    form = {"username": "j.smith", "password": "a-long-password", "next": "https://elsewhere.example/"}
    assert Client().post("/accounts/login/", form).headers["Location"] == "/"


def test_registers_are_grouped_by_what_they_are_about(log_in):
    page = log_in("Supervisor").get("/admin/").content.decode()
    assert page.index("Dialler</h2><p") < page.index("Records</h2><p")
    assert "Access</h2><p" not in page


def test_account_without_rights_sees_an_empty_index_that_says_why(log_in):
    page = log_in().get("/admin/").content.decode()
    assert "Nothing here for your account" in page


def test_password_is_changed_on_the_products_page(db):
    account = get_user_model().objects.create_user("j.smith", password="a-long-password")
    client = Client()
    client.force_login(account)
    form = {"old_password": "a-long-password", "new_password1": "kettle-orbit-7", "new_password2": "kettle-orbit-7"}
    assert client.post("/accounts/password/", form).headers["Location"] == "/accounts/password/done/"
    account.refresh_from_db()
    assert account.check_password("kettle-orbit-7")
