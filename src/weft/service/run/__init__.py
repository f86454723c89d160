"""One run, whatever it is of: driven, ended, gone on with, made again, and looked at with its logs."""
