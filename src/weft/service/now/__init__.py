"""What an operator asks first: what is wrong and by what, what runs, what comes next, and what needs a person."""
