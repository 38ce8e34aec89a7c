"""The file of a plain form while it comes in: a disk that fills up meanwhile is a sentence on the page, not a crash."""

from contextlib import suppress

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

from maxops.imports.disk import is_full

DISK_FULL = "maxops.disk_full"  # key of request.META, set when this happened


class FullDiskUploadHandler(TemporaryFileUploadHandler):
    """Django's own, which would leave the failed write to the error page. The other fields of the form are kept."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            self.file.write(raw_data)
            self.file.flush()
        except OSError as error:
            if not is_full(error):
                raise
            with suppress(OSError):  # closing writes what could not be written once more; it is removed all the same
                self.file.close()
            self.request.META[DISK_FULL] = True
            raise SkipFile from error
