"""What both faces list: statements that read, each with the scope of the one who asks."""
