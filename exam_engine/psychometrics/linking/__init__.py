"""Linking and equating: abilities and scores of one form told on the scale of another.

Throughout, *new* is the form (or calibration) to be brought onto the scale of the *old* one.
"""
