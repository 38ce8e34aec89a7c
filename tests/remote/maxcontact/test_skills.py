"""What an answer of undocumented shape tells of each user."""

import pytest

from maxops.remote.codec import decode
from maxops.remote.maxcontact.skills import declined_in

DECLINED = "MaxContact declined it for this user"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"Success":true,"Data":null}', {}),
        ('{"Success":true,"Data":[5,7]}', {}),
        ('{"Success":true,"Data":{"Id":5,"FirstName":"Ann"}}', {}),
        (
            '{"Success":true,"Data":[{"UserId":5,"Success":true},{"UserId":7,"Success":false,"Message":"Left"}]}',
            {7: "Left"},
        ),
        ('{"Success":true,"Results":[{"Id":"7","Result":"Error: no such user"}]}', {7: "Error: no such user"}),
        ('{"Success":true,"Data":{"Users":[{"UserId":5,"Result":"Added"},{"UserId":7,"Success":false}]}}', {7: None}),
        ("<R><Success>true</Success><Data><U><UserId>7</UserId><Success>false</Success></U></Data></R>", {7: None}),
        ('{"Success":true,"Data":[{"UserId":"no number","Success":false}]}', {}),
    ],
)
def test_users_declined_one_by_one_are_found(body, told):
    expected = {
        pk: f"{DECLINED}: {words}" if words else f"{DECLINED} and gave no reason." for pk, words in told.items()
    }
    assert declined_in(decode(body.encode())) == expected
