"""The tests of maxops; the folders mirror maxops/ path by path."""
