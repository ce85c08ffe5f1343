"""How far the news of each account have been taken."""
