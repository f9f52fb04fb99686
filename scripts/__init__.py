"""What developers and continuous integration run on a checkout."""
