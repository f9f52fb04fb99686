"""What changed in a practice: counted, listed without gaps, and hinted at while a stream is open."""
