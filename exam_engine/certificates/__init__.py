"""Certificates: numbers, issue, print, verify."""
