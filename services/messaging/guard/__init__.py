"""Holds one text for many until a second person has seen it, and keeps why messages may be sent."""
