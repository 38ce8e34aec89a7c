"""`make bench`: maxops' promises of speed, measured beside what one would write instead (docs/benchmarks.md)."""
