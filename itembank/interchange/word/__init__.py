"""Free-form Word review sheets: every question is imported, or listed with its place and the reason."""

from itembank.interchange.word.sheet import parse_word

__all__ = ["parse_word"]
