"""Makes a checkout ready to run: needs nothing but the standard library of Python 3.11."""
