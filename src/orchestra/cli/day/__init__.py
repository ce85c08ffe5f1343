"""A made-up day of a small contact centre: people who write and ring, people who answer, and a provider that delivers.

All chance comes from one seed and all time from the engine's timers and the draws, so a seed gives one day.
"""
