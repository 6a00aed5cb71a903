"""Forms of the back office: what is typed, read into the facts that verbs take."""
