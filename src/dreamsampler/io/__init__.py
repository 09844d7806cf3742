"""Files in and out: pictures and masks checked before belief, results written whole or not at all."""
