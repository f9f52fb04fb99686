"""Messages opened, listed and looked up, by those who may."""
