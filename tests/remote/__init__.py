"""The program on a real libSQL server: requests, schemas, permissions, faults, secrets."""
