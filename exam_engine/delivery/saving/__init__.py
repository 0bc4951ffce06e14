"""The one road that bypasses ORM and expression language: answers of a batch, decided and written at once."""
