"""Assets: what is known of their versions, partitions and checks, and what a person changes of them."""
