"""Recognition: decisions, public notice, objections, approval by the centre."""
