"""The practice's work: what needs somebody, who does it, and what is done."""
