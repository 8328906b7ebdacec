"""What a person or a program talks to: HTTP, the command line, the report and the demo."""
