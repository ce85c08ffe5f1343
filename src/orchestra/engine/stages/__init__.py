"""How far cases have come, how long their stages take, and when their customers are to hear of them."""
