"""Names for the ids MaxContact hands out but cannot list: skills, roles, plans."""

from django.core.validators import MinValueValidator
from django.db import models

from maxops.remote.maxcontact.entities import REGISTERS


class NamedId(models.Model):
    """One skill, role or plan as a person copied it from the Portal; MaxContact is never asked and never told."""

    register = models.CharField(max_length=40, choices=list(REGISTERS.items()))
    number = models.IntegerField("id", validators=[MinValueValidator(1)], help_text="The id as shown in the Portal.")
    name = models.CharField(max_length=200)
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["register", "name"]
        verbose_name = "named id"
        verbose_name_plural = "skills, roles and plans"
        constraints = [
            models.UniqueConstraint(
                fields=["register", "number"],
                name="mirror_named_id",
                violation_error_message="This id has a name already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @classmethod
    def names_of(cls, register: str) -> dict[int, str]:
        """Id -> name, in the order of the names."""
        return dict(cls.objects.filter(register=register).order_by("name").values_list("number", "name"))
