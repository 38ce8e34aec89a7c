"""What a refusal may repeat of what was sent."""

import pytest

from maxops.mirror.author import Author
from maxops.mirror.sending import Sending
from maxops.users.models import User


@pytest.mark.parametrize("echoed", ['Pa"ss&1', "Pa&quot;ss&amp;1", r"Pa\"ss&1", "Pa%22ss%261"])
def test_a_password_is_taken_out_of_a_refusal_however_it_is_escaped(echoed):
    sending = Sending(User, 7, "somebody", Author("tester", "admin"), secrets=('Pa"ss&1',))
    assert "ss" not in sending.without_secrets(f"{echoed} is too weak.").replace("(not shown)", "")
