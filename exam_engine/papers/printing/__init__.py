"""Printed papers, answer sheets and keys in the layout of Chinese examinations, as PDF and Word."""
