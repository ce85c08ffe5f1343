"""The `orchestra` command: reading and driving a workspace from a terminal.

What belongs here: arguments, tables, progress, exit statuses. What does not: anything an application could not do
itself with the library.
"""
