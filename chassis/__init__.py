"""What the services share: wiring, bus, storage, keys and gRPC, without a word of the domain."""
