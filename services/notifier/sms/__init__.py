"""SMS: handing short texts over to a gateway."""
