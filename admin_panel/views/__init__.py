"""One module a screen of the back office."""
