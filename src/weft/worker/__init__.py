"""The child side: take an assignment, bind its inputs, run the user's body, write its outputs aside, and report."""
