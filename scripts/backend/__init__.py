"""The whole backend on one machine: embedded services, every function in a process of its own, and the gateway."""
