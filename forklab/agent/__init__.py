"""The agent: runs inside the sandbox, starts the program, plays its clients, reads /proc.

Standard library only, no import from the rest of forklab: its source is sent to the sandbox
over the stream that it then speaks on. It observes and acts; it never judges.
"""
