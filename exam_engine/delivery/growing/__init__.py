"""Tests that grow while they are taken: what an adaptive or multistage test gives next, and what it measures. Pure.

Everything follows from the sealed collection, the settings of the sitting, the attempt's seed and its answers, so that
any process can work it out again at any time.
"""
