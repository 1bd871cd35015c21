"""`scripts/predict`: what the models say of texts, so that anybody can score them on their own data."""
