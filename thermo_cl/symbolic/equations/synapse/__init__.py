"""The sawtooth, the update, the speed-accuracy bound, area and offset."""
