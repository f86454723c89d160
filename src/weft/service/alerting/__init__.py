"""What is wrong, told to people: signals of the log become incidents, and these become messages."""
