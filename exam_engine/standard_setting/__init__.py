"""Standard-setting workshops: judges' ratings in rounds, and the cut score that follows from them."""
