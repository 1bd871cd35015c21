"""One module per trigger. Delivery is at least once and unordered: every handler can run twice, in any order."""
