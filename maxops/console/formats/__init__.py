"""Formats of dates and numbers, by locale; settings name this package in FORMAT_MODULE_PATH."""
