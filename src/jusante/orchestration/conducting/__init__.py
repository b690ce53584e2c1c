"""What is to be made now, and why: a pure decision of what is known and of the time.

`laws` say what the project wants, `traces` what the ledger remembers, `decide` what follows from both.
"""
