"""The demo city めぐる区: a fictional ward in the middle of its year, built through the services alone.

What it plans and reports is told in `project/data/demo-*.toml`; who is in it, in `city` and `people`.
"""
