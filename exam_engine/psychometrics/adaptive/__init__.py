"""Adaptive testing: selection, exposure, content, stopping; simulation of many candidates, steps of one."""
