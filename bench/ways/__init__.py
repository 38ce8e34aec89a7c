"""What is measured, each in a fresh process: our own entry points, and what one would write instead of them."""
