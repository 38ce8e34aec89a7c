"""The client of MaxContact: Management API 1.3 and Lead Management API."""
