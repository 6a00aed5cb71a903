"""The benchmark: data of any size, the limit, and measuring the one beside the other. See README.md here."""
