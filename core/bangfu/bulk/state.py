"""Where an import is."""

from enum import Enum


class State(Enum):
    """Where a plan is."""

    PLANNING = "The file is being read: the numbers grow until it is planned."
    BROKEN_OFF = "Reading the file was broken off, as by a server that was stopped: plan it again."
    REFUSED = "The file cannot be read; what is wrong with it is told without a line."
    PLANNED = "It can be applied."
    APPLYING = "Rows are being written: `applied` of `creates` and `updates`."
    STOPPED = "Writing was broken off: apply it again, and it goes on."
    APPLIED = "All of it is in, but for what was refused."
