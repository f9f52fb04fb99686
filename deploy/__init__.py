"""How Praxispost is put on machines."""
