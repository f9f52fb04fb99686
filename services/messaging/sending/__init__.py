"""Messages of practices and answers of patients: accepted, checked and stored once."""
