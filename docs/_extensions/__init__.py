"""What this documentation generates from the code when it is built: state diagrams and catalogues.

What belongs here: Sphinx directives and the plain Python behind them. What does not: text that a person wrote.
"""
