"""Drives a running site over HTTP as its users would, from a process that imports nothing of the product.

`drive.py` starts the site (`scripts/headless_site.py`) as a process of its own, and moves its test clock through that
process's standard input; everything else goes through pages and the exam page's own calls.
"""
