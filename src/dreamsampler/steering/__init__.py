"""The loop's replaceable parts: guidance, solve, renoise, and what is built of them (inversion, strength)."""
