"""The candidate's road from the entrance to the receipt without ORM: many candidates in one transaction.

``docs/adr/0010-lean-entry.md`` says what is read when. What is out of the ordinary gets no answer here and is decided
by ``delivery.service``, in the same way for everybody.
"""
