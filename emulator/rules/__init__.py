"""The language of Firebase's security rules, version 2 (and 1): compiled, decided, explained, counted.

`compile_rules(source)` gives a `Ruleset`; `Ruleset.decide(request, documents)` gives a `Decision`. Nothing here knows
how documents or objects are kept: a service hands in a `Request` and a way to read `Documents`.

    ruleset = compile_rules(source)
    decision = ruleset.decide(request, documents)
    if not decision.allowed:
        print(decision.explanation.text())
"""
