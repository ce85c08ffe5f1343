"""Telling customers how their cases go on: by notices that follow from stages, delays and silence."""
