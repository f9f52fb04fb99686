"""What is known of a message's arrival: facts, and the tick that follows from them."""
