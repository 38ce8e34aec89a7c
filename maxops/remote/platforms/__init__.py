"""The register of lead platforms: slug -> class. A new platform is one module and one line here."""

from maxops.remote.platforms.interface import Platform
from maxops.remote.platforms.maxcontact import MaxContactBulk

PLATFORMS: dict[str, type[Platform]] = {"maxcontact": MaxContactBulk}
