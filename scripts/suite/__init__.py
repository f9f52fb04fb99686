"""Runs the checks that `make test` and its shorter relatives are made of, and counts what became of them."""
