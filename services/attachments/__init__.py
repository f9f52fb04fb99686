"""Documents: streamed in, encrypted, kept in the object store, claimed by messages, given out by grant."""
