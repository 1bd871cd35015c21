"""The methods of values and the functions of namespaces that the language comes with."""
