"""The sections of the report, one module each. A section's `measure` gives its lines; TITLE says what it is about."""

from bench.sections import emergency, faults, lead_files, mirror_sync, pages, reports

SECTIONS = {1: lead_files, 2: reports, 3: mirror_sync, 4: emergency, 5: pages, 6: faults}
