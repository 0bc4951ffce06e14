"""The ground all features stand on: database, errors, ids, audit chain, encryption."""
