"""Turns a selection into one SQL statement that returns the finished JSON; opens nothing."""
