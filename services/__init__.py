"""The services of Praxispost; none imports another."""
