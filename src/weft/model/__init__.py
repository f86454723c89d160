"""The frozen words: values that every layer shares and that import nothing of weft."""
