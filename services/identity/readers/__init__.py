"""Readers: who reads the messages to a patient whose contact data another record of the practice has too."""
