"""What a logged-in person changes of the own account: contact data, objections, its end."""
