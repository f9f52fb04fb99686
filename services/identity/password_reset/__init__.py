"""A forgotten password: how both proofs lead to a new one."""
