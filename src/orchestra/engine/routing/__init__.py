"""Who is offered which waiting interaction, and why."""
