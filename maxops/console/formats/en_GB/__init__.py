"""The formats of the product's one language."""
